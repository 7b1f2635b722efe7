// Against the shared broker: what reaches a function, in which order, and where reading starts.

import { randomBytes } from "node:crypto";
import { afterEach, describe, expect, test } from "vitest";
import { freshTopic, kafkaClient, produce } from "../../support/kafka.ts";
import { committed, numbered, RecordingInvoker, recordsOf, run, stopAll, textOf, until } from "./running.ts";

afterEach(stopAll);

const group = (id: string) => ({ SelfManagedKafkaEventSourceConfig: { ConsumerGroupId: id } });

describe("what reaches a function", () => {
  test("every record once, in order within its partition, a partition never twice at once", async () => {
    const topic = await freshTopic({ partitions: 3 });
    await produce(topic, numbered(0, 3000));
    const invoker = new RecordingInvoker(async () => {
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 5));
      return { kind: "success" };
    });
    await run({ topic, invoker, settings: { BatchSize: 50, ...group(topic) } });
    await until(() => invoker.events.flatMap(recordsOf).length >= 3000);
    const thousand = Array.from({ length: 1000 }, (_, i) => i);
    expect(invoker.sent()).toEqual({ [`${topic}-0`]: thousand, [`${topic}-1`]: thousand, [`${topic}-2`]: thousand });
    expect(invoker.overlaps).toEqual([]);
    expect(invoker.mostAtOnce).toBeGreaterThan(1);
    expect(Math.max(...invoker.events.map((event) => recordsOf(event).length))).toBe(50);
    await until(
      async () => (await committed(topic, topic)).every((offset) => offset === 1000),
      "the commit of everything",
    );
  });

  test("at low traffic one event carries several partitions, when the window ends", async () => {
    const topic = await freshTopic({ partitions: 3 });
    const invoker = new RecordingInvoker();
    await run({ topic, invoker, settings: { MaximumBatchingWindowInSeconds: 2 } });
    await produce(topic, numbered(0, 6));
    await until(() => invoker.events.length > 0);
    expect(Object.keys(invoker.events[0]!.records).length).toBeGreaterThan(1);
  });

  test("the event is a self-managed cluster's, with the brokers in force", async () => {
    const topic = await freshTopic({ partitions: 1 });
    const invoker = new RecordingInvoker();
    const source = await run({ topic, invoker });
    await produce(topic, [
      { key: "k", value: "é", headers: { name: Buffer.from("ë") }, timestamp: "1760000000000" },
      { key: null, value: null, timestamp: "1760000000001" },
    ]);
    await until(() => invoker.events.flatMap(recordsOf).length === 2);
    expect(source.status().mappings[0]?.counters.polledEventCount).toBe(2);
    const [first, second] = invoker.events.flatMap(recordsOf);
    expect(first).toEqual({
      topic,
      partition: 0,
      offset: 0,
      timestamp: 1760000000000,
      timestampType: "CREATE_TIME",
      key: "aw==",
      value: "w6k=",
      headers: [{ name: [-61, -85] }],
    });
    expect(second).toEqual({
      topic,
      partition: 0,
      offset: 1,
      timestamp: 1760000000001,
      timestampType: "CREATE_TIME",
      headers: [],
    });
    expect(invoker.events[0]).toMatchObject({ eventSource: "SelfManagedKafka" });
  });

  test("a batch closes at 6 MB", async () => {
    const topic = await freshTopic({ partitions: 1 });
    for (let i = 0; i < 10; i++) await produce(topic, [{ value: Buffer.alloc(900_000) }]);
    const invoker = new RecordingInvoker();
    await run({ topic, invoker, settings: { BatchSize: 10_000, MaximumBatchingWindowInSeconds: 4 } });
    await until(() => invoker.events.flatMap(recordsOf).length === 10);
    const sizes = invoker.events.map((event) => JSON.stringify(event).length);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(6_291_456);
    expect(recordsOf(invoker.events[0]!).length).toBe(5);
  });

  test.each(["gzip", "snappy", "lz4", "zstd"])("records that are compressed with %s", async (codec) => {
    const topic = `compressed-${codec}-${Date.now()}`;
    const admin = kafkaClient().admin();
    await admin.connect();
    const configEntries = [{ name: "compression.type", value: codec }];
    await admin.createTopics({ topics: [{ topic, numPartitions: 1, configEntries }] });
    await admin.disconnect();
    const noise = randomBytes(70_000).toString("base64");
    const values = Array.from(
      { length: 50 },
      (_, i) => `${i} ${"abc".repeat(i * 40)} ${noise.slice(i * 900, i * 1000)}`,
    );
    await produce(
      topic,
      values.map((value) => ({ value, headers: { n: "1" } })),
    );
    const invoker = new RecordingInvoker();
    await run({ topic, invoker });
    await until(() => invoker.events.flatMap(recordsOf).length === 50);
    expect(invoker.events.flatMap(recordsOf).map(textOf)).toEqual(values);
  });

  test("filtered records reach nobody and are committed", async () => {
    const topic = await freshTopic({ partitions: 1 });
    const values = ["a", "b", "a", "b", "b"].map((kind) => ({ value: JSON.stringify({ kind }) }));
    await produce(topic, values);
    const invoker = new RecordingInvoker();
    const filters = { FilterCriteria: { Filters: [{ Pattern: '{"value":{"kind":["a"]}}' }] } };
    const source = await run({ topic, invoker, settings: { ...filters, ...group(topic) } });
    await until(async () => (await committed(topic, topic))[0] === 5);
    expect(invoker.sent()).toEqual({ [`${topic}-0`]: [0, 2] });
    expect(source.status().mappings[0]?.counters).toMatchObject({
      polledEventCount: 5,
      filteredOutEventCount: 3,
      invokedEventCount: 2,
    });
    await produce(topic, [{ value: '{"kind":"b"}' }]);
    await until(
      async () => (await committed(topic, topic))[0] === 6,
      "the commit of a batch that is filtered out whole",
    );
    expect(invoker.events.flatMap(recordsOf).length).toBe(2);
  });
});

describe("where reading starts", () => {
  test.each([
    ["TRIM_HORIZON", {}, ["0", "1", "2"]],
    ["LATEST", { StartingPosition: "LATEST" }, ["2"]],
    ["AT_TIMESTAMP", { StartingPosition: "AT_TIMESTAMP", StartingPositionTimestamp: 1_760_000_001 }, ["1", "2"]],
  ])("%s", async (_name, settings, wanted) => {
    const topic = await freshTopic({ partitions: 1 });
    await produce(topic, [
      { value: "0", timestamp: "1760000000000" },
      { value: "1", timestamp: "1760000001000" },
    ]);
    const invoker = new RecordingInvoker();
    await run({ topic, invoker, settings });
    await produce(topic, [{ value: "2", timestamp: "1760000002000" }]);
    await until(() => invoker.events.flatMap(recordsOf).some((record) => textOf(record) === "2"));
    expect(invoker.events.flatMap(recordsOf).map(textOf)).toEqual(wanted);
  });

  test("a group that has offsets goes on there, whatever StartingPosition says", async () => {
    const topic = await freshTopic({ partitions: 1 });
    await produce(topic, [{ value: "0" }]);
    const first = new RecordingInvoker();
    await run({ topic, invoker: first, settings: group(topic) });
    await until(() => first.events.length === 1);
    await stopAll();
    await produce(topic, [{ value: "1" }]);
    const second = new RecordingInvoker();
    await run({ topic, invoker: second, settings: { ...group(topic), StartingPosition: "LATEST" } });
    await until(() => second.events.length === 1);
    expect(second.events.flatMap(recordsOf).map(textOf)).toEqual(["1"]);
  });

  test("LATEST holds for a partition before its first record: nothing is missed over a restart", async () => {
    const topic = await freshTopic({ partitions: 1 });
    await produce(topic, [{ value: "old" }]);
    const settings = { ...group(topic), StartingPosition: "LATEST" };
    await run({ topic, invoker: new RecordingInvoker(), settings });
    await stopAll();
    await produce(topic, [{ value: "while away" }]);
    const invoker = new RecordingInvoker();
    await run({ topic, invoker, settings });
    await until(() => invoker.events.length === 1);
    expect(invoker.events.flatMap(recordsOf).map(textOf)).toEqual(["while away"]);
  });
});
