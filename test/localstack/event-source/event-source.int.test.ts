// Against the shared broker: all of a topic reaches a function, once and in order; what AWS documents of it is in test/conformance.

import { randomBytes } from "node:crypto";
import { afterEach, describe, expect, test } from "vitest";
import { freshTopic, produce } from "../../support/kafka.ts";
import { until } from "../../support/until.ts";
import { committed, numbered, RecordingInvoker, recordsOf, run, stopAll, textOf } from "./running.ts";

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

  test.each(["gzip", "snappy", "lz4", "zstd"])("records that are compressed with %s", async (codec) => {
    const topic = await freshTopic({
      name: `compressed-${codec}`,
      partitions: 1,
      config: { "compression.type": codec },
    });
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
    await run({ topic, invoker, settings: group(topic) });
    await until(() => invoker.events.flatMap(recordsOf).length === 50);
    expect(invoker.events.flatMap(recordsOf).map(textOf)).toEqual(values);
  });

  test("a partition that is stuck with a full buffer does not hold up the others of its broker", async () => {
    const topic = await freshTopic({ partitions: 3 });
    const pad = "x".repeat(2000);
    for (let i = 0; i < 9; i++) {
      await produce(
        topic,
        numbered(i * 1000, 1000).map((record) => ({ ...record, value: `${record.value} ${pad}` })),
      );
    }
    const stuck = `${topic}-0`;
    const invoker = new RecordingInvoker((event) => ({ kind: stuck in event.records ? "function-error" : "success" }));
    const source = await run({ topic, invoker, settings: group(topic) });
    await until(async () => (await committed(topic, topic)).slice(1).every((offset) => offset === 3000));
    const [first] = source.status().mappings[0]!.partitions;
    expect(first?.doneTo).toBe(0);
    expect(first?.buffered).toBeLessThan(3000);

    // It isn't fetched while its buffer is full, and its lag grows all the same.
    await produce(topic, [{ partition: 0, value: "one more" }]);
    await until(() => source.status().mappings[0]!.partitions[0]!.lag === 3001, "the lag with what is not fetched");
  });
});

describe("where reading starts", () => {
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
