// One type's events into Postgres: table `processed_events`, one row an event however often it is delivered.

import { required, requiredOneOf } from "../../lib/config.ts";
import { consume } from "../../lib/kafka/consume.ts";
import { deadLetterTo, refusedTo } from "../../lib/kafka/dead-letter.ts";
import { environmentDatabase } from "../../lib/postgres/environment.ts";
import { sink } from "../../lib/postgres/sink.ts";
import { environmentRegistry } from "../../lib/registry/client.ts";
import { registryFormat } from "../../lib/registry/format.ts";
import { avroSchemas } from "./avro.ts";
import { columns, eventRow, identity, migrations, table } from "./row.ts";
import { type CommerceEvent, eventSchema, eventTypes } from "./schema.ts";

const type = requiredOneOf("EVENT_TYPE", eventTypes);
const deadLetters = required("DEAD_LETTER_TOPIC");
const registry = environmentRegistry();
const events = sink<CommerceEvent, typeof columns>({
  database: environmentDatabase({ migrations }),
  ...{ table, columns, identity, row: eventRow },
  refused: refusedTo(deadLetters),
});

export const handler = consume({
  input: eventSchema(type),
  format: registryFormat({ registry, schema: avroSchemas[type] }),
  poison: deadLetterTo(deadLetters),
  process: events.store,
});
