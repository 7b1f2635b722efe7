// Live trades from a server that speaks as Binance's does, through a network that breaks, into a real topic.
import { afterEach, beforeEach, expect, inject, test } from "vitest";
import {
  type LiveNote,
  type LiveOptions,
  type LiveSummary,
  sendLive,
} from "../../../../events/generate/live/send-live.ts";
import { Trade } from "../../../../functions/trades/schema.ts";
import tradeAvro from "../../../../functions/trades/trades.avsc.json" with { type: "json" };
import { decoder } from "../../../../lib/kafka/decode.ts";
import { schemaRegistry } from "../../../../lib/registry/client.ts";
import { registryFormat } from "../../../../lib/registry/format.ts";
import { freshTopic } from "../../../support/kafka.ts";
import { schemaRegistryUrl } from "../../../support/on-demand.ts";
import { wireRecordsOf } from "../../../support/topic-events.ts";
import { type Act, type BinanceServer, binanceServer, tradeMessage } from "./binance-server.ts";

const soon = { firstRetryMs: 10, longestRetryMs: 100, silenceMs: 600_000 };
const btc = (...ids: readonly number[]) => ids.map((id) => tradeMessage("BTCUSDT", id));
const eth = (...ids: readonly number[]) => ids.map((id) => tradeMessage("ETHUSDT", id));

let server: BinanceServer;
let ending: AbortController;

beforeEach(() => {
  ending = new AbortController();
});

afterEach(async () => {
  ending.abort();
  await server.close();
});

interface Run {
  readonly topic: string;
  readonly notes: LiveNote[];
  readonly summary: LiveSummary;
}

async function run(script: readonly (readonly Act[])[], options: Partial<LiveOptions>): Promise<Run> {
  server = await binanceServer(script);
  const topic = await freshTopic({ name: "trades" });
  const notes: LiveNote[] = [];
  const summary = await sendLive({
    brokers: inject("kafkaBrokers").split(","),
    schemaRegistryUrl: await schemaRegistryUrl(),
    topic,
    url: server.url,
    symbols: ["btcusdt", "ETHUSDT"],
    waits: soon,
    signal: ending.signal,
    onNote: (note) => notes.push(note),
    ...options,
  });
  return { topic, notes, summary };
}

/** What is in the topic, as the function reads it, by symbol in the order of its partition. */
async function idsIn(topic: string): Promise<Readonly<Record<string, number[]>>> {
  const format = registryFormat({ registry: schemaRegistry(await schemaRegistryUrl()), schema: tradeAvro });
  const decode = decoder(Trade, format);
  const ids: Record<string, number[]> = {};
  for (const records of (await wireRecordsOf(topic)).values()) {
    await format.prepare?.(records);
    for (const record of records) {
      const { s, t } = Trade.parse(decode(record));
      ids[s] = [...(ids[s] ?? []), t];
    }
  }
  return ids;
}

test("trades go to the topic in Avro, each symbol's in order", async () => {
  const { topic, summary } = await run([[{ send: [...btc(1, 2), ...eth(70), ...btc(3), ...eth(71)] }, "stay"]], {
    count: 5,
  });
  expect(await idsIn(topic)).toEqual({ BTCUSDT: [1, 2, 3], ETHUSDT: [70, 71] });
  expect(summary).toEqual({ sent: { BTCUSDT: 3, ETHUSDT: 2 }, missed: {}, repeated: 0, unreadable: 0, reconnects: 0 });
  expect(server.paths).toEqual(["/stream?streams=btcusdt@trade/ethusdt@trade"]);
});

test("dropped connections are opened again; what was missed meanwhile is told, what comes again is sent again", async () => {
  const script: Act[][] = [
    [{ send: [...btc(1, 2), ...eth(50)] }, "break"],
    [{ send: [...btc(2, 3)] }, { close: 1001, reason: "maintenance" }],
    ["break"],
    [{ send: [...btc(7, 8), ...eth(51)] }, "stay"],
  ];
  const { topic, notes, summary } = await run(script, { count: 8 });
  expect(await idsIn(topic)).toEqual({ BTCUSDT: [1, 2, 2, 3, 7, 8], ETHUSDT: [50, 51] });
  expect(summary).toEqual({
    sent: { BTCUSDT: 6, ETHUSDT: 2 },
    missed: { BTCUSDT: 3 },
    repeated: 1,
    unreadable: 0,
    reconnects: 3,
  });
  expect(notes).toContainEqual({ kind: "gap", symbol: "BTCUSDT", from: 4, to: 6 });
  expect(notes).toContainEqual(
    expect.objectContaining({ kind: "disconnected", reason: "closed with 1001: maintenance" }),
  );
});

test("a connection that falls silent is opened anew", async () => {
  const script: Act[][] = [
    [{ send: btc(1) }, "stay"],
    [{ send: btc(2) }, "stay"],
  ];
  const { notes, summary } = await run(script, { count: 2, waits: { ...soon, silenceMs: 500 } });
  expect(notes).toContainEqual(expect.objectContaining({ kind: "disconnected", reason: "silent for 500 ms" }));
  expect(summary.missed).toEqual({});
});

test("waits between attempts grow to their limit, and start again after trades came", async () => {
  const script: Act[][] = [
    ...Array.from({ length: 6 }, (): Act[] => ["break"]),
    [{ send: btc(1) }, "break"],
    [{ send: btc(2) }, "stay"],
  ];
  const { notes } = await run(script, { count: 2 });
  const waits = notes.flatMap((note) => (note.kind === "disconnected" ? [note.retryInMs] : []));
  const nominal = [10, 20, 40, 80, 100, 100, 10];
  expect(waits).toHaveLength(nominal.length);
  waits.forEach((wait, i) => {
    expect(wait).toBeLessThanOrEqual(nominal[i]!);
    expect(wait).toBeGreaterThanOrEqual(Math.floor(nominal[i]! * 0.75));
  });
});

test("messages that are no trades are left out, and counted where they can't be read", async () => {
  const odd = ["{", "null", { result: null, id: 1 }, { stream: "x", data: { ...btc(9)[0]!.data, t: "nine" } }];
  const { topic, summary } = await run([[{ send: [...btc(1), ...odd, ...btc(2)] }, "stay"]], { count: 2 });
  expect(await idsIn(topic)).toEqual({ BTCUSDT: [1, 2] });
  expect(summary.unreadable).toBe(3);
});

test("a server that can't be reached is tried again until told to stop", async () => {
  const notes: LiveNote[] = [];
  const onNote = (note: LiveNote) => {
    notes.push(note);
    if (notes.length === 3) ending.abort();
  };
  const { summary } = await run([["stay"]], { url: "ws://127.0.0.1:1", onNote });
  expect(notes.map((note) => note.kind === "disconnected" && note.reason)).toEqual(
    Array(3).fill("connect ECONNREFUSED 127.0.0.1:1"),
  );
  expect(summary.sent).toEqual({});
});

test("told to stop, it ends at once, and what had come is in the topic", async () => {
  const { topic, summary } = await run([[{ send: btc(1, 2, 3) }, "stay"]], {
    onSent: () => ending.abort(),
  });
  expect((await idsIn(topic)).BTCUSDT).toHaveLength(summary.sent.BTCUSDT ?? 0);
});

test("a broker that refuses the trades ends it with a sentence", async () => {
  const refused = run([[{ send: btc(1) }, "stay"]], { topic: "no topic's name" });
  await expect(refused).rejects.toThrow(
    new RegExp(`^Kafka at ${inject("kafkaBrokers")} doesn't take the records: .*topic`),
  );
});
