// A replay against the shared broker: the records of its span, all of them, once, and the live group stays where it is.
import { Kafka, logLevel } from "kafkajs";
import { afterEach, describe, expect, test } from "vitest";
import { endOffsets } from "../../support/end-offsets.ts";
import { freshTopic, produce } from "../../support/kafka.ts";
import { until } from "../../support/until.ts";
import { brokers, committed, RecordingInvoker, recordsOf, run, stopAll, textOf } from "./running.ts";

afterEach(stopAll);

const T = Date.parse("2026-11-20T10:00Z");
const minute = (n: number) => String(T + n * 60_000);
const group = (id: string) => ({ SelfManagedKafkaEventSourceConfig: { ConsumerGroupId: id } });
const span = { fromMs: T, toMs: T + 30 * 60_000 };
const texts = ({ events }: RecordingInvoker) => events.flatMap(recordsOf).map(textOf).sort();

async function groups(): Promise<string[]> {
  const admin = new Kafka({ brokers: brokers(), logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  try {
    return (await admin.listGroups()).groups.map(({ groupId }) => groupId);
  } finally {
    await admin.disconnect();
  }
}

describe("a replay", () => {
  test("brings the span's records also where times go back and forth, none of the others, and ends", async () => {
    const topic = await freshTopic({ partitions: 2 });
    await produce(topic, [
      { partition: 0, value: "before", timestamp: minute(-1) },
      { partition: 0, value: "first", timestamp: minute(0) },
      { partition: 0, value: "after", timestamp: minute(30) },
      { partition: 0, value: "early among the late", timestamp: minute(29) },
      { partition: 0, value: "late again", timestamp: minute(45) },
      { partition: 1, value: "before", timestamp: minute(-5) },
    ]);
    const invoker = new RecordingInvoker();
    const source = await run({ topic, invoker, replay: { span, name: "replay-1" }, settings: group(topic) });
    await source.over;
    await produce(topic, [{ partition: 1, value: "newer than the replay", timestamp: minute(5) }]);
    await stopAll();
    expect(texts(invoker)).toEqual(["early among the late", "first"]);
  });

  test("leaves the live group's offsets as they are, and its own group behind it", async () => {
    const topic = await freshTopic({ partitions: 1 });
    await produce(topic, [{ value: "a", timestamp: minute(1) }]);
    const live = new RecordingInvoker();
    await run({ topic, invoker: live, settings: group(topic) });
    await until(async () => (await committed(topic, topic))[0] === 1);
    const invoker = new RecordingInvoker();
    const source = await run({ topic, invoker, replay: { span, name: "replay-2" }, settings: group(topic) });
    await source.over;
    expect(await groups()).toContain(`${topic}-replay-2`);
    await stopAll();
    expect(texts(invoker)).toEqual(["a"]);
    expect(await groups()).not.toContain(`${topic}-replay-2`);
    expect(await committed(topic, topic)).toEqual([1]);
    expect(live.events.length).toBe(1);
  });

  test("is over only when failed records have been tried again and are done", async () => {
    const topic = await freshTopic({ partitions: 1 });
    await produce(topic, [{ value: "a", timestamp: minute(1) }]);
    const invoker = new RecordingInvoker((_event, attempt) => ({ kind: attempt < 3 ? "function-error" : "success" }));
    const source = await run({ topic, invoker, replay: { span, name: "replay-3" }, settings: group(topic) });
    await source.over;
    expect(invoker.events.length).toBe(3);
  });

  test("with nothing in the span, or behind the records of a transaction, it is over at once", async () => {
    const empty = await freshTopic({ partitions: 3 });
    const topic = await freshTopic({ partitions: 1 });
    const kafka = new Kafka({ brokers: brokers(), logLevel: logLevel.NOTHING });
    const producer = kafka.producer({ transactionalId: topic, idempotent: true, maxInFlightRequests: 1 });
    await producer.connect();
    const transaction = await producer.transaction();
    await transaction.send({ topic, messages: [{ value: "in a transaction", timestamp: minute(2) }] });
    await transaction.commit();
    await producer.disconnect();
    // The marker reaches the partition a moment after the commit was answered.
    await until(async () => (await endOffsets(brokers()[0]!, topic, 1))[0] === 2);
    const invoker = new RecordingInvoker();
    const replay = { span, name: "replay-4" };
    const sources = [
      await run({ topic: empty, invoker, replay, settings: group(empty) }),
      await run({ topic, invoker, replay, settings: group(topic), isolation: "read_committed" }),
    ];
    await Promise.all(sources.map(({ over }) => over));
    expect(texts(invoker)).toEqual(["in a transaction"]);
  });

  test("a mapping that is disabled is replayed as well, with the filters that it has", async () => {
    const topic = await freshTopic({ partitions: 1 });
    await produce(topic, [
      { value: '{"n":1}', timestamp: minute(1) },
      { value: '{"n":2}', timestamp: minute(2) },
    ]);
    const invoker = new RecordingInvoker();
    const settings = {
      ...group(topic),
      Enabled: false,
      FilterCriteria: { Filters: [{ Pattern: '{"value":{"n":[2]}}' }] },
    };
    const source = await run({ topic, invoker, replay: { span, name: "replay-5" }, settings });
    await source.over;
    expect(texts(invoker)).toEqual(['{"n":2}']);
  });
});
