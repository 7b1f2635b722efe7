// What suites rely on when they count records: all of them are read, whatever transactions left in the topic.
import { randomUUID } from "node:crypto";
import { expect, test } from "vitest";
import { freshTopic, kafkaClient, produce, type ReadRecord, readAll } from "./kafka.ts";

const texts = (records: readonly ReadRecord[]) => records.map(({ value }) => value?.toString());

async function transactionalProducer() {
  const settings = { transactionalId: randomUUID(), transactionTimeout: 600_000 };
  const producer = kafkaClient().producer({ ...settings, idempotent: true, maxInFlightRequests: 1 });
  await producer.connect();
  return producer;
}

test("a topic that holds nothing reads as nothing", async () => {
  expect(await readAll(await freshTopic())).toEqual([]);
});

test("records come back whole, by partition and offset", async () => {
  const topic = await freshTopic({ partitions: 2 });
  await produce(topic, [
    { partition: 1, key: "k", value: "b", headers: { h: "x" }, timestamp: "1000" },
    { partition: 0, key: null, value: "a" },
    { partition: 1, key: "k", value: null },
  ]);
  const records = await readAll(topic);
  expect(records.map(({ partition, offset }) => [partition, offset])).toEqual([
    [0, 0],
    [1, 0],
    [1, 1],
  ]);
  expect(records[1]).toEqual({
    topic,
    partition: 1,
    offset: 0,
    timestamp: 1000,
    key: Buffer.from("k"),
    value: Buffer.from("b"),
    headers: { h: Buffer.from("x") },
  });
  expect(records[2]?.value).toBeNull();
});

test("more records than one fetch holds are all read", async () => {
  const topic = await freshTopic({ partitions: 1 });
  const value = "x".repeat(1_000);
  for (let sent = 0; sent < 5_000; sent += 500)
    await produce(
      topic,
      Array.from({ length: 500 }, () => ({ value })),
    );
  expect(await readAll(topic)).toHaveLength(5_000);
});

test("markers at the end, aborted records and an open transaction are passed over by a committed read only", async () => {
  const topic = await freshTopic({ partitions: 1 });
  const [first, second] = [await transactionalProducer(), await transactionalProducer()];
  const committed = await first.transaction();
  await committed.send({ topic, messages: [{ value: "committed" }] });
  await committed.commit();
  expect(texts(await readAll(topic))).toEqual(["committed"]);

  const aborted = await first.transaction();
  await aborted.send({ topic, messages: [{ value: "aborted" }] });
  await aborted.abort();
  expect(texts(await readAll(topic))).toEqual(["committed"]);

  const open = await second.transaction();
  await open.send({ topic, messages: [{ value: "open" }] });
  expect(texts(await readAll(topic, { patienceMs: 2_000 }))).toEqual(["committed"]);
  expect(texts(await readAll(topic, { isolation: "read_uncommitted" }))).toEqual(["committed", "aborted", "open"]);
  await open.commit();
  expect(texts(await readAll(topic))).toEqual(["committed", "open"]);
  await Promise.all([first.disconnect(), second.disconnect()]);
});
