// Against the shared broker: order, concurrency, commits, failures, filters, rebalances.

import { randomBytes } from "node:crypto";
import { afterEach, describe, expect, test } from "vitest";
import type { KafkaEvent } from "../../../lib/kafka/event.ts";
import { createTopics } from "../../../localstack/services/topics.ts";
import { freshTopic, kafkaClient, produce, readAll } from "../../support/kafka.ts";
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
  until,
} from "./running.ts";

afterEach(stopAll);

const provisioned = { ProvisionedPollerConfig: { MinimumPollers: 1 } };
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

describe("failures", () => {
  test("on demand a failing batch is sent again without end, its partition waits, the others go on", async () => {
    const topic = await freshTopic({ partitions: 3 });
    await produce(topic, numbered(0, 90));
    const poison = `${topic}-0`;
    const invoker = new RecordingInvoker((event) => ({ kind: poison in event.records ? "function-error" : "success" }));
    await run({ topic, invoker, settings: { BatchSize: 5, ...group(topic) } });
    await until(async () => (await committed(topic, topic)).slice(1).every((offset) => offset === 30));
    await until(() => invoker.events.filter((event) => poison in event.records).length > 5);
    expect((await committed(topic, topic))[0]).toBe(0);
    expect(new Set(invoker.sent()[poison])).toEqual(new Set([0, 1, 2, 3, 4]));
    expect(invoker.overlaps).toEqual([]);
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
  });

  test("nothing is committed before the function has answered", async () => {
    const topic = await freshTopic({ partitions: 1 });
    await produce(topic, [{ value: "0" }, { value: "1" }]);
    const answered = Promise.withResolvers<void>();
    const invoker = new RecordingInvoker(async () => {
      await answered.promise;
      return { kind: "success" };
    });
    await run({ topic, invoker, settings: group(topic) });
    await until(() => invoker.events.length === 1);
    for (let i = 0; i < 20; i++) expect(await committed(topic, topic)).toEqual([0]);
    answered.resolve();
    await until(async () => (await committed(topic, topic))[0] === 2);
  });

  test("throttles are no attempts", async () => {
    const topic = await freshTopic({ partitions: 1 });
    await produce(topic, [{ value: "0" }]);
    const invoker = new RecordingInvoker((_event, attempt) => ({ kind: attempt < 4 ? "not-delivered" : "success" }));
    const source = await run({
      topic,
      invoker,
      settings: { ...provisioned, MaximumRetryAttempts: 0, ...group(topic) },
    });
    await until(async () => (await committed(topic, topic))[0] === 1);
    expect(source.status().mappings[0]?.counters.droppedEventCount).toBe(0);
  });

  test("only the records that a partial response lists come again, and newer ones of the partition wait for them", async () => {
    const topic = await freshTopic({ partitions: 1 });
    await produce(
      topic,
      Array.from({ length: 8 }, (_, i) => ({ value: String(i) })),
    );
    const failing = (offset: number) => ({ itemIdentifier: { partition: `${topic}-0`, offset } });
    const invoker = new RecordingInvoker((_event, attempt) =>
      attempt < 3
        ? { kind: "success", response: { batchItemFailures: [failing(2), failing(3)] } }
        : { kind: "success", response: { batchItemFailures: [] } },
    );
    const settings = {
      ...provisioned,
      BatchSize: 4,
      FunctionResponseTypes: ["ReportBatchItemFailures"],
      ...group(topic),
    };
    await run({ topic, invoker, settings });
    await until(async () => (await committed(topic, topic))[0] === 8);
    const batches = invoker.events.map((event) => recordsOf(event).map(({ offset }) => offset));
    expect(batches).toEqual([
      [0, 1, 2, 3],
      [2, 3],
      [2, 3],
      [4, 5, 6, 7],
    ]);
  });

  test("bisect finds the poison record; with its attempts used up it goes to the topic, its neighbours succeed", async () => {
    const topic = await freshTopic({ partitions: 1 });
    const failed = await freshTopic({ partitions: 1 });
    await produce(
      topic,
      Array.from({ length: 16 }, (_, i) => ({ key: `k${i}`, value: String(i), timestamp: "1760000000000" })),
    );
    const succeeded: string[] = [];
    const invoker = new RecordingInvoker((event) => {
      const values = recordsOf(event).map(textOf);
      if (values.includes("11")) return { kind: "function-error" };
      succeeded.push(...values);
      return { kind: "success" };
    });
    const settings = {
      ...provisioned,
      BisectBatchOnFunctionError: true,
      MaximumRetryAttempts: 2,
      DestinationConfig: { OnFailure: { Destination: `kafka://${failed}` } },
      ...group(topic),
    };
    await run({ topic, invoker, settings });
    await until(async () => (await committed(topic, topic))[0] === 16);
    expect(succeeded).toEqual(Array.from({ length: 16 }, (_, i) => String(i)).filter((value) => value !== "11"));
    const [message, ...others] = await readAll(failed);
    expect(others).toEqual([]);
    expect(message?.key?.toString()).toBe("k11");
    const payload = invoker.events.find(
      (event) => recordsOf(event).length === 1 && textOf(recordsOf(event)[0]!) === "11",
    );
    const body = JSON.parse(message!.value!.toString());
    expect(body).toEqual({
      requestContext: {
        requestId: expect.stringMatching(/^[0-9a-f-]{36}$/),
        functionArn: "arn:aws:lambda:us-east-1:000000000000:function:fixture-dev-count:$LATEST",
        condition: "RetriesExhausted",
        approximateInvokeCount: expect.any(Number),
      },
      responseContext: { statusCode: 200, executedVersion: "$LATEST", functionError: "Unhandled" },
      version: "1.0",
      timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      KafkaBatchInfo: {
        batchSize: 1,
        bootstrapServers: payload!.bootstrapServers,
        payloadSize: JSON.stringify(payload).length,
        recordInfo: { offset: "11", timestamp: "2025-10-09T08:53:20.000Z" },
      },
      payload,
    });
  });

  test("retries run out: n retries are n + 1 invocations, then the partition goes on", async () => {
    const topic = await freshTopic({ partitions: 1 });
    const failed = await freshTopic({ partitions: 1 });
    await produce(topic, [{ value: "bad" }, { value: "bad" }, { value: "good" }]);
    const invoker = new RecordingInvoker((event) => ({
      kind: textOf(recordsOf(event)[0]!) === "bad" ? "function-error" : "success",
    }));
    const settings = {
      ...provisioned,
      BatchSize: 2,
      MaximumRetryAttempts: 3,
      DestinationConfig: { OnFailure: { Destination: `kafka://${failed}` } },
      ...group(topic),
    };
    const source = await run({ topic, invoker, settings });
    await until(async () => (await committed(topic, topic))[0] === 3);
    const bodies = (await readAll(failed)).map(({ value }) => JSON.parse(value!.toString()));
    expect(bodies.map((body) => body.requestContext.approximateInvokeCount)).toEqual([4, 4]);
    expect(source.status().mappings[0]?.counters.onFailureDestinationDeliveredEventCount).toBe(2);
    expect(invoker.events.length).toBe(5);
  });

  test("a record that is too old is discarded before its first invocation", async () => {
    const topic = await freshTopic({ partitions: 1 });
    const failed = await freshTopic({ partitions: 1 });
    await produce(topic, [{ value: "old", timestamp: String(Date.now() - 120_000) }, { value: "new" }]);
    const invoker = new RecordingInvoker();
    const settings = {
      ...provisioned,
      MaximumRecordAgeInSeconds: 60,
      DestinationConfig: { OnFailure: { Destination: `kafka://${failed}` } },
      ...group(topic),
    };
    await run({ topic, invoker, settings });
    await until(async () => (await committed(topic, topic))[0] === 2);
    expect(invoker.events.flatMap(recordsOf).map(textOf)).toEqual(["new"]);
    const [message] = await readAll(failed);
    const body = JSON.parse(message!.value!.toString());
    expect(body.requestContext).toMatchObject({ condition: "RecordAgeExceeded", approximateInvokeCount: 1 });
    expect(body).not.toHaveProperty("responseContext");
  });

  test("without a destination, or with one that takes nothing, records are dropped and counted", async () => {
    const topic = await freshTopic({ partitions: 1 });
    await produce(topic, [{ value: "bad" }]);
    const invoker = new RecordingInvoker(() => ({ kind: "function-error" }));
    const source = await run({
      topic,
      invoker,
      settings: { ...provisioned, MaximumRetryAttempts: 1, ...group(topic) },
    });
    await until(async () => (await committed(topic, topic))[0] === 1);
    expect(source.status().mappings[0]?.counters).toMatchObject({
      droppedEventCount: 1,
      invocations: 2,
      failedInvokeEventCount: 2,
    });
  });

  test("a record that no event can carry is discarded without an invocation", async () => {
    const topic = await freshTopic({ partitions: 1, maxMessageBytes: 8_000_000 });
    await produce(topic, [{ value: "before" }]);
    await produce(topic, [{ value: Buffer.alloc(4_800_000) }]);
    await produce(topic, [{ value: "after" }]);
    const invoker = new RecordingInvoker();
    const logged: unknown[] = [];
    const log = (message: string, facts: Readonly<Record<string, unknown>>) => logged.push({ message, ...facts });
    await run({ topic, invoker, settings: group(topic), log });
    await until(async () => (await committed(topic, topic))[0] === 3);
    expect(invoker.events.flatMap(recordsOf).map(textOf)).toEqual(["before", "after"]);
    expect(logged).toContainEqual(
      expect.objectContaining({ condition: "MaximumPayloadSizeExceeded", firstOffset: 1, records: 1 }),
    );
  });

  test("duplicates on purpose: a success is repeated before it is committed", async () => {
    const topic = await freshTopic({ partitions: 1 });
    await produce(topic, [{ value: "0" }]);
    const invoker = new RecordingInvoker();
    await run({ topic, invoker, duplicate: 1, settings: group(topic) });
    await until(async () => (await committed(topic, topic))[0] === 1);
    expect(invoker.sent()).toEqual({ [`${topic}-0`]: [0, 0] });
  });
});

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
      60_000,
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
    await until(() => invoker.events.flatMap(recordsOf).length === 31, "the new topic's record", 60_000);
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
