// Side outputs on a real broker: the original bytes, once, with their origin.
import { randomUUID } from "node:crypto";
import { afterEach, beforeEach, expect, inject, test, vi } from "vitest";
import { z } from "zod";
import { type KafkaConnection, openConnection } from "../../../lib/kafka/client.ts";
import { consume } from "../../../lib/kafka/consume.ts";
import { deadLetterTo, lateTo } from "../../../lib/kafka/dead-letter.ts";
import { freshTopic, produce, readAll } from "../../support/kafka.ts";
import { kafkaEvent, wireRecord } from "../../support/kafka-event.ts";
import { quiet } from "../../support/quiet.ts";
import { wireRecordsOf } from "../../support/topic-events.ts";

let connection: KafkaConnection;

beforeEach(() => {
  quiet();
  const brokers = inject("kafkaBrokers").split(",");
  connection = openConnection({ brokers, owner: `poison-${randomUUID().slice(0, 8)}` });
});

afterEach(async () => {
  vi.restoreAllMocks();
  await connection.close();
});

/** A function that takes nothing. */
function poisonOnly(deadLetters: string) {
  return consume({
    input: z.never(),
    poison: deadLetterTo(deadLetters, connection),
    process: async () => undefined,
  });
}

async function topics() {
  const [source, deadLetters] = await Promise.all([freshTopic(), freshTopic({ name: "dlq" })]);
  return { source, deadLetters };
}

test("a dead letter has the original's bytes and its origin, once, however often it is delivered", async () => {
  const { source, deadLetters } = await topics();
  const bytes = Buffer.from([0, 255, 128, 34, 10, 195, 40]);
  await produce(source, [
    { partition: 1, key: "ké", value: bytes, headers: { trace: ["a", "b"], other: "ë", empty: "" } },
    { partition: 1, value: "no key" },
    { partition: 1, key: "gone", value: null },
    { partition: 1, key: "", value: "" },
  ]);
  const records = (await wireRecordsOf(source)).get(1)!;

  await poisonOnly(deadLetters)(kafkaEvent(records.slice(0, 3)));
  await poisonOnly(deadLetters)(kafkaEvent(records));
  await poisonOnly(deadLetters)(kafkaEvent(records));

  const found = (await readAll(deadLetters)).sort((a, b) => offsetOf(a.headers) - offsetOf(b.headers));
  expect(found.map(({ key, value }) => ({ key, value }))).toEqual([
    { key: Buffer.from("ké"), value: bytes },
    { key: null, value: Buffer.from("no key") },
    { key: Buffer.from("gone"), value: null },
    { key: Buffer.alloc(0), value: Buffer.alloc(0) },
  ]);
  expect(textOf(found[0]!.headers)).toEqual({
    trace: ["a", "b"],
    other: "ë",
    empty: "",
    "dead-letter.topic": source,
    "dead-letter.partition": "1",
    "dead-letter.offset": "0",
    "dead-letter.timestamp": String(records[0]!.timestamp),
    "dead-letter.reason": "not-json",
    "dead-letter.message": "the value is not UTF-8",
    "dead-letter.attempt": "1",
    "dead-letter.time": expect.any(String),
    origin: `${source}/1/0`,
  });
  expect(textOf(found[2]!.headers)).toMatchObject({ "dead-letter.reason": "tombstone", "dead-letter.offset": "2" });
});

test("a dead letter that comes back as poison keeps its first origin, with the second after it", async () => {
  const { source, deadLetters } = await topics();
  const at = { topic: source, partition: 1 };
  const again = wireRecord(at, { offset: 0, value: "x", headers: [["dead-letter.topic", "first"]] });
  await poisonOnly(deadLetters)(kafkaEvent([again]));
  const [found] = await readAll(deadLetters);
  expect(textOf(found!.headers)["dead-letter.topic"]).toEqual(["first", source]);
});

test("a null header value, which the client can't write, becomes an empty one and is named", async () => {
  const { source, deadLetters } = await topics();
  const at = { topic: source, partition: 1 };
  await poisonOnly(deadLetters)(kafkaEvent([wireRecord(at, { offset: 0, value: "x", headers: [["none", null]] })]));
  const [found] = await readAll(deadLetters);
  expect(textOf(found!.headers)).toMatchObject({ none: "", "original.null-headers": "none" });
});

test("two side outputs of one function don't mix up their places", async () => {
  const [{ source, deadLetters }, late] = await Promise.all([topics(), freshTopic({ name: "late" })]);
  const at = { topic: source, partition: 1 };
  const item = (offset: number) => ({ record: wireRecord(at, { offset, value: `v${offset}` }), headers: {} });
  await deadLetterTo(deadLetters, connection).publish(at, [item(5)]);
  await lateTo(late, connection).publish(at, [item(2), item(5)]);
  expect((await readAll(deadLetters)).map(({ value }) => String(value))).toEqual(["v5"]);
  expect((await readAll(late)).map(({ value }) => String(value))).toEqual(["v2", "v5"]);
});

type Headers = Awaited<ReturnType<typeof readAll>>[number]["headers"];

function textOf(headers: Headers): Record<string, string | string[]> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value.map(String) : String(value)]),
  );
}

function offsetOf(headers: Headers): number {
  return Number(String(headers["dead-letter.offset"]));
}
