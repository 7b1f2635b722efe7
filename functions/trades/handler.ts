// Trades into Postgres: database `trades`, table `binance`, one row a symbol and trade id.

import { required } from "../../lib/config.ts";
import { consume } from "../../lib/kafka/consume.ts";
import { deadLetterTo, refusedTo } from "../../lib/kafka/dead-letter.ts";
import { environmentDatabase } from "../../lib/postgres/environment.ts";
import { sink } from "../../lib/postgres/sink.ts";
import { environmentRegistry } from "../../lib/registry/client.ts";
import { registryFormat } from "../../lib/registry/format.ts";
import { columns, database, identity, migrations, table, tradeRow } from "./row.ts";
import { Trade } from "./schema.ts";
import tradeAvro from "./trades.avsc.json" with { type: "json" };

const deadLetters = required("DEAD_LETTER_TOPIC");
const trades = sink<Trade, typeof columns>({
  database: environmentDatabase({ database, migrations }),
  ...{ table, columns, identity },
  row: ({ value }) => tradeRow(value),
  refused: refusedTo(deadLetters),
});

export const handler = consume({
  input: Trade,
  format: registryFormat({ registry: environmentRegistry(), schema: tradeAvro }),
  poison: deadLetterTo(deadLetters),
  process: trades.store,
});
