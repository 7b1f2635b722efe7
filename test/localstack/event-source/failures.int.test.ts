// Against the shared broker: what becomes of batches that fail, in both modes, and what is committed meanwhile.

import { afterEach, describe, expect, test } from "vitest";
import { NO_FAULTS } from "../../../localstack/event-source/faults.ts";
import { freshTopic, produce, readAll } from "../../support/kafka.ts";
import { committed, numbered, RecordingInvoker, recordsOf, run, stopAll, textOf, until } from "./running.ts";

afterEach(stopAll);

const provisioned = { ProvisionedPollerConfig: { MinimumPollers: 1 } };
const group = (id: string) => ({ SelfManagedKafkaEventSourceConfig: { ConsumerGroupId: id } });

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
    await run({ topic, invoker, faults: { ...NO_FAULTS, duplicate: 1 }, settings: group(topic) });
    await until(async () => (await committed(topic, topic))[0] === 1);
    expect(invoker.sent()).toEqual({ [`${topic}-0`]: [0, 0] });
  });
});
