// The function on a real broker, registry and database: every record that is sent ends as its trade's one row or among the dead letters,
// while deliveries are repeated, the schema evolves, the registry fails and the database goes down.
import { randomUUID } from "node:crypto";
import { createServer, type Server } from "node:http";
import { afterAll, beforeAll, expect, inject, test, vi } from "vitest";
import { type GeneratedRecord, isValid, type Plan } from "../../../events/generate/generator.ts";
import { send } from "../../../events/generate/send.ts";
import { type TradeFacts, trades } from "../../../events/generate/trades.ts";
import tradeAvro from "../../../functions/trades/trades.avsc.json" with { type: "json" };
import { environmentConnection } from "../../../lib/kafka/client.ts";
import type { Handler } from "../../../lib/kafka/consume.ts";
import type { WireRecord } from "../../../lib/kafka/event.ts";
import type { Database } from "../../../lib/postgres/database.ts";
import { schemaRegistry } from "../../../lib/registry/client.ts";
import { registryEncoder } from "../../../lib/registry/encoder.ts";
import { freshTopic, produce, readAll } from "../../support/kafka.ts";
import { kafkaEvent } from "../../support/kafka-event.ts";
import { schemaRegistryUrl } from "../../support/on-demand.ts";
import { ownPostgres } from "../../support/postgres.ts";
import { quiet } from "../../support/quiet.ts";
import { deliver, wireRecordsOf } from "../../support/topic-events.ts";
import { trade } from "./trade.ts";

const server = ownPostgres();
let registry: Gate;
let handler: Handler;
let deadLetters: string;

beforeAll(async () => {
  quiet();
  registry = await gateTo(await schemaRegistryUrl());
  deadLetters = await freshTopic({ name: "trades-dlq", maxMessageBytes: 1_114_112 });
  vi.stubEnv("KAFKA_BROKERS", inject("kafkaBrokers"));
  vi.stubEnv("AWS_LAMBDA_FUNCTION_NAME", `storeTrades-${randomUUID().slice(0, 8)}`);
  vi.stubEnv("DATABASE_URL", server.url);
  vi.stubEnv("SCHEMA_REGISTRY_URL", registry.url);
  vi.stubEnv("DEAD_LETTER_TOPIC", deadLetters);
  ({ handler } = await import("../../../functions/trades/handler.ts"));
});

afterAll(async () => {
  await environmentConnection().close();
  registry.close();
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

const plan: Plan = { seed: 3, start: Date.UTC(2026, 10, 21), count: 4_000, rate: 1_000, latePercent: 0, badPercent: 0 };

/** Sends a plan's trades to a topic of its own. */
async function sent(
  changes: Partial<Plan>,
): Promise<{ records: GeneratedRecord<TradeFacts>[]; events: WireRecord[][] }> {
  const topic = await freshTopic({ name: "trades" });
  const records: GeneratedRecord<TradeFacts>[] = [];
  await send(
    { ...trades, topic },
    { ...plan, ...changes },
    {
      brokers: inject("kafkaBrokers").split(","),
      schemaRegistryUrl: await schemaRegistryUrl(),
      onSent: (some) => records.push(...some),
    },
  );
  return { records, events: await eventsOf(topic) };
}

/** A topic's records in batches of at most 500 of one partition. */
async function eventsOf(topic: string): Promise<WireRecord[][]> {
  const batches: WireRecord[][] = [];
  for (const records of (await wireRecordsOf(topic)).values()) {
    for (let i = 0; i < records.length; i += 500) batches.push(records.slice(i, i + 500));
  }
  return batches;
}

/** The table as trades, by symbol and id. */
async function rows(): Promise<Map<string, Omit<TradeFacts, "e" | "M">>> {
  const database: Database = server.open({ database: "trades" });
  const found = await database.query<Omit<TradeFacts, "e" | "M">>(
    `SELECT symbol AS s, trade_id::float8 AS t, price::text AS p, quantity::text AS q, buyer_order_id::float8 AS b, seller_order_id::float8 AS a,
            buyer_is_maker AS m, extract(epoch FROM trade_time)::numeric * 1000 AS "T", extract(epoch FROM event_time)::numeric * 1000 AS "E" FROM binance`,
  );
  return new Map(found.rows.map(({ T, E, ...row }) => [`${row.s}/${row.t}`, { ...row, T: Number(T), E: Number(E) }]));
}

/** What the table should hold of these: of a trade that is there twice, the first. */
function expected(records: readonly GeneratedRecord<TradeFacts>[]) {
  const valid = records
    .filter(isValid)
    .map(({ facts: { e: _e, M: _M, ...fields } }) => [`${fields.s}/${fields.t}`, fields] as const);
  return new Map(valid.toReversed());
}

async function expectRows(records: readonly GeneratedRecord<TradeFacts>[]): Promise<void> {
  const stored = await rows();
  const wanted = expected(records);
  for (const [id, fields] of wanted) expect(stored.get(id)).toEqual(fields);
  const started = Math.min(...[...wanted.values()].map(({ t }) => t));
  const ended = Math.max(...[...wanted.values()].map(({ t }) => t));
  expect([...stored.values()].filter(({ t }) => t >= started && t <= ended)).toHaveLength(wanted.size);
}

test("every trade is one row with every digit, delivered twice, some of them sent twice", async () => {
  const { records, events } = await sent({});
  for (const event of events) await deliver(handler, kafkaEvent(event));
  for (const event of events) await deliver(handler, kafkaEvent(event));
  expect(expected(records).size).toBeLessThan(records.length);
  await expectRows(records);
  expect(await readAll(deadLetters)).toEqual([]);
});

test("of records that are bad in every way, each is among the dead letters once with its bytes; every other one is stored", async () => {
  const { records, events } = await sent({ seed: 4, start: plan.start + 86_400_000, count: 1_000, badPercent: 10 });
  for (const event of events) await deliver(handler, kafkaEvent(event));
  for (const event of events) await deliver(handler, kafkaEvent(event));
  await expectRows(records);
  const letters = await readAll(deadLetters);
  const bytes = (value: Buffer | string | null) => (value === null ? "null" : Buffer.from(value).toString("base64"));
  const bad = records.filter((record) => !isValid(record));
  expect(new Set(bad.map(({ kind }) => kind)).size).toBe(trades.badKinds.length);
  expect(letters.map(({ value }) => bytes(value)).sort()).toEqual(bad.map(({ value }) => bytes(value)).sort());
  const reasons = new Set(letters.map(({ headers }) => String(headers["dead-letter.reason"])));
  expect([...reasons].sort()).toEqual(["not-avro", "schema", "tombstone", "unknown-schema", "wire-format"]);
});

test("a schema with a new optional field arrives while running: its trades are stored beside those of the old one", async () => {
  const topic = await freshTopic({ name: "trades" });
  const atRegistry = schemaRegistry(await schemaRegistryUrl());
  const newer = {
    ...tradeAvro,
    fields: [{ name: "venue", type: ["null", "string"], default: null }, ...tradeAvro.fields],
  };
  // A subject of the test's own: the new version must not stay in the one that other suites use.
  const [before, after] = [tradeAvro, newer].map((schema) => registryEncoder({ registry: atRegistry, topic, schema }));
  const first = 700;
  const mixed = Array.from({ length: 60 }, (_, i) => ({
    ...trade,
    t: first + i,
    venue: i % 2 === 0 ? "lisbon" : null,
  }));
  const values = await Promise.all(
    mixed.map((one, i) => (i < 20 ? before! : i % 3 === 0 ? before! : after!).encode(one)),
  );
  await produce(
    topic,
    values.map((value) => ({ key: "BTCUSDT", value })),
  );
  const [records] = (await wireRecordsOf(topic)).values();
  for (let i = 0; i < 60; i += 10) await deliver(handler, kafkaEvent(records!.slice(i, i + 10)));
  const stored = [...(await rows()).values()].filter(({ t }) => t >= first && t < first + 60);
  expect(stored).toHaveLength(60);
});

test("while the registry fails nothing is lost: the batch comes again, and what is known already is stored", async () => {
  const topic = await freshTopic({ name: "trades" });
  const known = registryEncoder({
    registry: schemaRegistry(await schemaRegistryUrl()),
    topic: "trades",
    schema: tradeAvro,
  });
  const renamed = { ...tradeAvro, doc: `a version of its own: ${randomUUID()}` };
  const unknown = registryEncoder({ registry: schemaRegistry(await schemaRegistryUrl()), topic, schema: renamed });
  await produce(topic, [
    { partition: 0, value: await known.encode({ ...trade, t: 801 }) },
    { partition: 1, value: await unknown.encode({ ...trade, t: 802 }) },
  ]);
  const records = await wireRecordsOf(topic);
  registry.isDown = true;
  await deliver(handler, kafkaEvent(records.get(0)!));
  await expect(handler(kafkaEvent(records.get(1)!))).rejects.toThrow(/schema registry/);
  registry.isDown = false;
  await deliver(handler, kafkaEvent(records.get(1)!));
  expect([...(await rows()).keys()]).toEqual(expect.arrayContaining(["BTCUSDT/801", "BTCUSDT/802"]));
  expect((await readAll(deadLetters)).filter(({ headers }) => String(headers["dead-letter.topic"]) === topic)).toEqual(
    [],
  );
});

test("a record with a schema id that is registered only later is a dead letter, and one that comes after that is a trade", async () => {
  const topic = await freshTopic({ name: "trades" });
  const schema = { ...tradeAvro, doc: randomUUID() };
  const encoder = registryEncoder({ registry: schemaRegistry(await schemaRegistryUrl()), topic, schema });
  const values = await Promise.all([811, 812].map((t) => encoder.encode({ ...trade, t })));
  await produce(
    topic,
    values.map((value) => ({ partition: 0, value })),
  );
  const [early, later] = (await wireRecordsOf(topic)).get(0)!;
  registry.hiddenId = values[0]!.readUInt32BE(1);
  await deliver(handler, kafkaEvent([early!]));
  registry.hiddenId = undefined;
  await deliver(handler, kafkaEvent([later!]));
  const stored = await rows();
  expect([stored.has("BTCUSDT/811"), stored.has("BTCUSDT/812")]).toEqual([false, true]);
  const letters = (await readAll(deadLetters)).filter(({ headers }) => String(headers["dead-letter.topic"]) === topic);
  expect(letters.map(({ headers }) => String(headers["dead-letter.reason"]))).toEqual(["unknown-schema"]);
});

test("the database goes down and comes back in between: every trade is one row", async () => {
  const { records, events } = await sent({ seed: 5, start: plan.start + 2 * 86_400_000, badPercent: 2 });
  const middle = Math.floor(events.length / 2);
  for (const event of events.slice(0, middle)) await deliver(handler, kafkaEvent(event));
  await server.kill();
  await expect(handler(kafkaEvent(events[middle]!))).rejects.toThrow();
  const back = server.restart();
  for (const event of events.slice(middle)) await deliver(handler, kafkaEvent(event), 1_000);
  await back;
  await expectRows(records);
});

interface Gate {
  readonly url: string;
  isDown: boolean;
  /** An id that it has not given out yet. */
  hiddenId: number | undefined;
  close(): void;
}

/** A way to a registry, which can be shut. */
async function gateTo(target: string): Promise<Gate> {
  const gate: { -readonly [Name in keyof Gate]: Gate[Name] } = {
    url: "",
    isDown: false,
    hiddenId: undefined,
    close: () => {},
  };
  const listener: Server = createServer(async (request, response) => {
    if (gate.isDown) return void response.writeHead(503).end("<html>busy</html>");
    if (request.url === `/schemas/ids/${gate.hiddenId}`) {
      return void response.writeHead(404).end(JSON.stringify({ error_code: 40_403, message: "Schema not found" }));
    }
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const { method = "GET" } = request;
    const answer = await fetch(target + request.url, {
      method,
      ...(chunks.length === 0 ? {} : { body: Buffer.concat(chunks) }),
    });
    response.writeHead(answer.status).end(await answer.text());
  });
  await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve));
  const address = listener.address();
  gate.url = `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}`;
  gate.close = () => listener.close();
  return gate;
}
