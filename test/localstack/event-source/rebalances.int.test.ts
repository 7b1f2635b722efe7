// Against the shared broker: transaction markers, groups whose members come and go, and topics made anew.

import { afterEach, describe, expect, test } from "vitest";
import type { KafkaEvent } from "../../../lib/kafka/event.ts";
import { createTopics } from "../../../localstack/services/topics.ts";
import { freshTopic, kafkaClient, produce } from "../../support/kafka.ts";
import { until } from "../../support/until.ts";
import {
  type Answer,
  brokers,
  committed,
  numbered,
  RecordingInvoker,
  recordsOf,
  run,
  stopAll,
  textOf,
} from "./running.ts";

afterEach(stopAll);

const provisioned = { ProvisionedPollerConfig: { MinimumPollers: 1 } };
const group = (id: string) => ({ SelfManagedKafkaEventSourceConfig: { ConsumerGroupId: id } });

describe("markers and rebalances", () => {
  test("a topic that ends in transaction markers is committed to its very end", async () => {
    const topic = await freshTopic({ partitions: 1 });
    const producer = kafkaClient().producer({
      transactionalId: `tx-${topic}`,
      idempotent: true,
      maxInFlightRequests: 1,
    });
    await producer.connect();
    for (const end of ["commit", "abort", "commit"] as const) {
      const transaction = await producer.transaction();
      await transaction.send({ topic, messages: [{ value: end }] });
      await transaction[end]();
    }
    await producer.disconnect();
    const seen: Record<string, string[]> = {};
    for (const isolation of ["read_committed", "read_uncommitted"] as const) {
      const invoker = new RecordingInvoker();
      const id = `${topic}-${isolation}`;
      const source = await run({ topic, invoker, isolation, settings: group(id) });
      await until(
        async () => (await committed(id, topic))[0] === 6,
        `the commit of the last marker under ${isolation}`,
      );
      expect(source.status().mappings[0]?.lag).toBe(0);
      seen[isolation] = invoker.events.flatMap(recordsOf).map(textOf);
    }
    expect(seen).toEqual({ read_committed: ["commit", "commit"], read_uncommitted: ["commit", "abort", "commit"] });
  });

  test("two event sources in one group: each partition has one owner, and nothing is lost as one comes and goes", async () => {
    const topic = await freshTopic({ partitions: 3 });
    const slowly = async (): Promise<Answer> => {
      await new Promise((resolve) => setTimeout(resolve, 40));
      return { kind: "success" };
    };
    const invokers = [new RecordingInvoker(slowly), new RecordingInvoker(slowly)] as const;
    // Small batches of a slow function: there is always one in flight when partitions move.
    const settings = { BatchSize: 5, MaximumBatchingWindowInSeconds: 0, ...group(topic) };
    await run({ topic, invoker: invokers[0], settings });
    let produced = 0;
    const send = async () => {
      for (let i = 0; i < 10; i++, produced += 60) await produce(topic, numbered(produced, 60));
    };
    await send();
    const [second] = await Promise.all([run({ topic, invoker: invokers[1], settings }), send()]);
    await send();
    await until(() => invokers[1].events.length > 0, "work for the second");
    await Promise.all([second.stop(), send()]);
    await send();
    await until(
      async () => (await committed(topic, topic)).reduce((a, b) => a + b, 0) === produced,
      "the commit of everything",
    );
    const values = invokers.flatMap(({ events }) => events.flatMap(recordsOf)).map(textOf);
    expect(new Set(values).size).toBe(produced);
    // In-flight batches were let finish and committed before partitions moved.
    expect(values.length).toBe(produced);
    expect(invokers.flatMap(({ overlaps }) => overlaps)).toEqual([]);
  });

  test("members that come and go while the function fails: nothing is lost, and each partition's records come in order", async () => {
    const topic = await freshTopic({ partitions: 3 });
    const succeeded: Record<string, number[]> = {};
    const answer = (event: KafkaEvent): Answer => {
      const keys = Object.keys(event.records);
      const toss = Math.random();
      if (toss < 0.1) return { kind: "function-error" };
      if (toss < 0.2) return { kind: "not-delivered" };
      // A partial response fails a suffix of one partition.
      const failing = toss < 0.4 ? keys[0]! : undefined;
      for (const key of keys) {
        const done = key === failing ? event.records[key]!.slice(0, -1) : event.records[key]!;
        succeeded[key] = [...(succeeded[key] ?? []), ...done.map(({ offset }) => offset)];
      }
      const last = failing === undefined ? undefined : event.records[failing]?.at(-1)?.offset;
      const failures = failing === undefined ? [] : [{ itemIdentifier: { partition: failing, offset: last } }];
      return { kind: "success", response: { batchItemFailures: failures } };
    };
    const settings = {
      ...provisioned,
      BatchSize: 7,
      BisectBatchOnFunctionError: true,
      FunctionResponseTypes: ["ReportBatchItemFailures"],
      MaximumBatchingWindowInSeconds: 0,
      ...group(topic),
    };
    const invokers: RecordingInvoker[] = [];
    const join = () => {
      const invoker = new RecordingInvoker(async (event) => {
        await new Promise((resolve) => setTimeout(resolve, Math.random() * 20));
        return answer(event);
      });
      invokers.push(invoker);
      return run({ topic, invoker, settings, backOffMs: 5 });
    };
    let produced = 0;
    const send = async () => {
      for (let i = 0; i < 5; i++, produced += 60) await produce(topic, numbered(produced, 60));
    };
    await join();
    for (let i = 0; i < 3; i++) {
      const [other] = await Promise.all([join(), send()]);
      await Promise.all([other.stop(), send()]);
    }
    await until(
      async () => (await committed(topic, topic)).reduce((a, b) => a + b, 0) === produced,
      "the commit of everything",
    );
    for (const offsets of Object.values(succeeded)) {
      expect(new Set(offsets).size).toBe(produced / 3);
      const firstTimes = offsets.filter((offset, i) => offsets.indexOf(offset) === i);
      expect(firstTimes).toEqual([...firstTimes].sort((a, b) => a - b));
    }
    expect(invokers.flatMap(({ overlaps }) => overlaps)).toEqual([]);
  });

  test("a topic that is deleted and made anew is read from its start, and that is said", async () => {
    const topic = await freshTopic({ partitions: 1 });
    await produce(
      topic,
      numbered(0, 30).map((record) => ({ ...record, partition: 0 })),
    );
    const invoker = new RecordingInvoker();
    const logged: string[] = [];
    await run({ topic, invoker, settings: group(topic), log: (message) => logged.push(message) });
    await until(async () => (await committed(topic, topic))[0] === 30);
    const admin = kafkaClient().admin();
    await admin.connect();
    await admin.deleteTopics({ topics: [topic] });
    await until(async () => !(await admin.listTopics()).includes(topic));
    await createTopics(brokers().join(","), { [topic]: { partitions: 1 } });
    await admin.disconnect();
    await produce(topic, [{ value: "new" }]);
    await until(() => invoker.events.flatMap(recordsOf).length === 31, "the new topic's record");
    expect(invoker.events.flatMap(recordsOf).map(textOf).at(-1)).toBe("new");
    expect(logged).toContain("offsets start again: the topic was made anew");
    await until(async () => (await committed(topic, topic))[0] === 1);
  });

  test("provisioned pollers share the partitions", async () => {
    const topic = await freshTopic({ partitions: 3 });
    await produce(topic, numbered(0, 300));
    const invoker = new RecordingInvoker();
    await run({
      topic,
      invoker,
      settings: { ProvisionedPollerConfig: { MinimumPollers: 5, MaximumPollers: 5 }, ...group(topic) },
    });
    await until(async () => (await committed(topic, topic)).every((offset) => offset === 100));
    expect(new Set(invoker.events.flatMap(recordsOf).map(textOf)).size).toBe(300);
    expect(invoker.overlaps).toEqual([]);
  });
});
