// The demo's trades: sent in Avro, one in a hundred bad and one in a hundred twice; read back from the table and laid beside what was sent.
import { setTimeout as wait } from "node:timers/promises";
import pg from "pg";
import { isValid, type Plan } from "../../events/generate/generator.ts";
import { send } from "../../events/generate/send.ts";
import { type TradeFacts, topic, trades } from "../../events/generate/trades.ts";
import { figure } from "../console/figures.ts";
import { printHeading, type Screen } from "../console/screen.ts";
import { table } from "../console/table.ts";
import { checkDeadLetters } from "./check-dead-letters.ts";
import { checkTrades, distinct, type TradeRow } from "./check-trades.ts";
import { cameFrom } from "./from-sent.ts";
import { type DemoPart, PATIENCE_MS, type PartOptions } from "./part.ts";
import { keepIn, place, type Sent } from "./records.ts";

export const tradesTopics = { dead: "trades_dlq", failed: "trades_failed" } as const;

const BAD_PERCENT = 1;
const LOOK_EVERY_MS = 250;

/** Starts sending. */
export function startTrades({ endpoints, reader, count, rate, seed }: PartOptions): DemoPart {
  const { kafkaBrokers, databaseUrl, schemaRegistryUrl } = endpoints;
  if (!databaseUrl || !schemaRegistryUrl) throw new Error("Trades need PostgreSQL and a schema registry in the stack");
  const now = Date.now();
  const plan: Plan = { seed, start: now, count, rate, latePercent: 0, badPercent: BAD_PERCENT };
  const sent: Sent<TradeFacts>[] = [];
  const deadLetters = () => reader.of(tradesTopics.dead).filter(cameFrom(topic, sent, "dead-letter"));
  let rows = 0;
  let found: readonly TradeRow[] = [];

  return {
    sending: send(trades, plan, {
      brokers: kafkaBrokers.split(","),
      schemaRegistryUrl,
      paceFrom: now,
      onSent: keepIn(sent),
    }),
    async drain(signal) {
      const bad = sent.filter((record) => !isValid(record)).length;
      const wanted = distinct(sent).size;
      let last = { seen: -1, at: Date.now() };
      while (Date.now() - last.at < PATIENCE_MS) {
        rows = await countRows(databaseUrl, sent);
        const seen = rows + deadLetters().length;
        if (seen !== last.seen) last = { seen, at: Date.now() };
        if (rows >= wanted && deadLetters().length >= bad) return;
        await wait(LOOK_EVERY_MS, undefined, { signal });
      }
    },
    row: () => ["trades", figure(sent.length), figure(count), figure(rows), "rows", figure(deadLetters().length), ""],
    async checks() {
      found = await readRows(databaseUrl, sent);
      const failed = reader.of(tradesTopics.failed);
      return [
        [
          "every trade one row in trades.binance, every digit kept, however often it was sent",
          checkTrades(sent, found),
        ],
        ["every bad trade once in trades_dlq, byte for byte", checkDeadLetters(topic, sent, deadLetters())],
        ["no trade was given up", failed.map((record) => `${place(record)} was given up by the event source`)],
      ];
    },
    print: (screen) => printTrades(screen, sent, found),
  };
}

function countRows(databaseUrl: string, sent: readonly Sent<TradeFacts>[]): Promise<number> {
  return onTrades<{ n: number }>(databaseUrl, sent, "count(*)::int AS n").then(([row]) => row?.n ?? 0);
}

function readRows(databaseUrl: string, sent: readonly Sent<TradeFacts>[]): Promise<readonly TradeRow[]> {
  const columns = `symbol, trade_id::float8, price::text, quantity::text, buyer_order_id::float8, seller_order_id::float8, buyer_is_maker,
    (extract(epoch FROM trade_time) * 1000)::float8 AS trade_time, (extract(epoch FROM event_time) * 1000)::float8 AS event_time`;
  return onTrades(databaseUrl, sent, columns);
}

/** Asks for this run's rows; none while the function has not made its database yet. */
async function onTrades<Row extends object>(
  databaseUrl: string,
  sent: readonly Sent<TradeFacts>[],
  columns: string,
): Promise<Row[]> {
  const url = new URL(databaseUrl);
  url.pathname = "/trades";
  const client = new pg.Client({ connectionString: url.href });
  const ids = sent.map(({ facts }) => facts.t);
  const bounds = [ids.reduce((a, b) => Math.min(a, b), Infinity), ids.reduce((a, b) => Math.max(a, b), -Infinity)];
  try {
    await client.connect();
    const text = `SELECT ${columns} FROM binance WHERE trade_id BETWEEN $1 AND $2`;
    return (await client.query<Row>(text, bounds)).rows;
  } catch (error) {
    if (error instanceof pg.DatabaseError && (error.code === "3D000" || error.code === "42P01")) return [];
    throw error;
  } finally {
    await client.end().catch(() => undefined);
  }
}

function printTrades(screen: Screen, sent: readonly Sent<TradeFacts>[], rows: readonly TradeRow[]): void {
  printHeading(screen, `Trades: ${figure(rows.length)} rows from ${figure(sent.length)} records`);
  const right = "right" as const;
  const expected = Map.groupBy(distinct(sent).values(), ({ facts }) => facts.s);
  const bySymbol = [...Map.groupBy(rows, ({ symbol }) => symbol)].sort(([one], [other]) => (one < other ? -1 : 1));
  const lines = bySymbol.map(([symbol, all]) => {
    const prices = all.map(({ price }) => Number(price)).sort((one, other) => one - other);
    const traded = all.reduce((sum, { price, quantity }) => sum + Number(price) * Number(quantity), 0);
    const isRight = all.length === expected.get(symbol)?.length;
    return [
      symbol,
      figure(all.length),
      String(prices[0]),
      String(prices.at(-1)),
      figure(Math.round(traded)),
      isRight ? screen.paint("green", "✔") : screen.paint("red", "✘"),
    ];
  });
  const columns = [
    { title: "symbol" },
    ...["rows", "lowest price", "highest", "traded, USDT"].map((title) => ({ title, align: right })),
    { title: "as sent" },
  ];
  screen.write(table(columns, lines, screen));
}
