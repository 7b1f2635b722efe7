// Against the shared broker and MiniStack: what arrives in SQS, SNS and S3 when a batch is given up, field by field.
// https://docs.aws.amazon.com/lambda/latest/dg/kafka-on-failure.html
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import type { KafkaEvent } from "../../../../lib/kafka/event.ts";
import { systemClock } from "../../../../localstack/event-source/clock.ts";
import { freshBucket, freshName, freshQueue, freshSnsTopic, queueArn } from "../../../support/aws-resources.ts";
import { freshTopic, produce } from "../../../support/kafka.ts";
import { ministackUrl } from "../../../support/on-demand.ts";
import { until } from "../../../support/until.ts";
import { brokers, committed, RecordingInvoker, recordsOf, run, stopAll, textOf } from "../running.ts";

let aws: string;
beforeAll(async () => {
  aws = await ministackUrl();
});
afterEach(stopAll);

const provisioned = { ProvisionedPollerConfig: { MinimumPollers: 1 } };
const FUNCTION_ARN = "arn:aws:lambda:us-east-1:000000000000:function:fixture-dev-count";
const CLUSTER_ARN = "arn:aws:kafka:us-east-1:123456789012:cluster/demo/751d2973-a626-431c-9d4e-d7975eb44dd7-2";
const SENT_AT = 1_760_000_000_000;
const A_TIME = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
const AN_ID = expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);

/** A mapping of the topic whose failures go to this ARN, in a group of the topic's name. */
function failingTo(arn: string, topic: string, settings: Readonly<Record<string, unknown>> = {}) {
  return {
    DestinationConfig: { OnFailure: { Destination: arn } },
    SelfManagedKafkaEventSourceConfig: { ConsumerGroupId: topic },
    ...settings,
  };
}

const start = (topic: string, invoker: RecordingInvoker, settings: Readonly<Record<string, unknown>>) =>
  run({ topic, invoker, settings, awsEndpoint: aws, environment: {}, backOffMs: 1 });

const failing = () => new RecordingInvoker(() => ({ kind: "function-error" }));
const sizeOf = (event: KafkaEvent) => JSON.stringify(event).length;

describe("SQS", () => {
  test("a batch that fails for good is one message, with the range of each partition and no payload", async () => {
    const topic = await freshTopic({ partitions: 2 });
    const queue = await freshQueue(aws);
    await produce(topic, [
      ...[0, 1, 2].map((i) => ({ partition: 0, value: `a${i}`, timestamp: String(SENT_AT + i) })),
      ...[0, 1].map((i) => ({ partition: 1, value: `b${i}`, timestamp: String(SENT_AT + 1000 * i) })),
    ]);
    const invoker = failing();
    const settings = {
      ...provisioned,
      MaximumRetryAttempts: 1,
      BatchSize: 5,
      MaximumBatchingWindowInSeconds: 300, // closed by its size
    };
    const source = await start(topic, invoker, failingTo(queue.arn, topic, settings));
    await until(async () => (await committed(topic, topic)).join() === "3,2");
    const bodies = (await queue.take()).map((body) => JSON.parse(body));
    expect(invoker.events.length).toBe(2);
    expect(bodies).toEqual([
      {
        requestContext: {
          requestId: AN_ID,
          functionArn: FUNCTION_ARN,
          condition: "RetryAttemptsExhausted",
          approximateInvokeCount: 2,
        },
        responseContext: { statusCode: 200, executedVersion: "$LATEST", functionError: "Unhandled" },
        version: "1.0",
        timestamp: A_TIME,
        KafkaBatchInfo: {
          batchSize: 5,
          bootstrapServers: brokers().join(","),
          payloadSize: sizeOf(invoker.events[0]!),
          recordsInfo: {
            [`${topic}-0`]: {
              firstRecordOffset: "0",
              lastRecordOffset: "2",
              firstRecordTimestamp: "2025-10-09T08:53:20.000Z",
              lastRecordTimestamp: "2025-10-09T08:53:20.002Z",
            },
            [`${topic}-1`]: {
              firstRecordOffset: "0",
              lastRecordOffset: "1",
              firstRecordTimestamp: "2025-10-09T08:53:20.000Z",
              lastRecordTimestamp: "2025-10-09T08:53:21.000Z",
            },
          },
        },
      },
    ]);
    expect(source.status().mappings[0]?.counters).toMatchObject({
      onFailureDestinationDeliveredEventCount: 5,
      onFailureDestinationDeliveryErrorCount: 0,
      droppedEventCount: 0,
    });
  });

  test("of MSK it carries the cluster's ARN", async () => {
    const topic = await freshTopic({ partitions: 1 });
    const queue = await freshQueue(aws);
    await produce(topic, [{ value: "0" }]);
    const settings = {
      ...provisioned,
      MaximumRetryAttempts: 0,
      SelfManagedEventSource: undefined,
      SelfManagedKafkaEventSourceConfig: undefined,
      SourceAccessConfigurations: undefined,
      EventSourceArn: CLUSTER_ARN,
      AmazonManagedKafkaEventSourceConfig: { ConsumerGroupId: topic },
    };
    const invoker = failing();
    await start(topic, invoker, failingTo(queue.arn, topic, settings));
    await until(async () => (await committed(topic, topic)).join() === "1");
    const [body] = await queue.take();
    expect(JSON.parse(body!).KafkaBatchInfo).toEqual({
      batchSize: 1,
      eventSourceArn: CLUSTER_ARN,
      bootstrapServers: brokers().join(","),
      payloadSize: sizeOf(invoker.events[0]!),
      recordsInfo: { [`${topic}-0`]: expect.anything() },
    });
  });

  test("records that are too old: the function never answered, so there is no response context", async () => {
    const topic = await freshTopic({ partitions: 1 });
    const queue = await freshQueue(aws);
    const old = { timestamp: String(Date.now() - 7_200_000) };
    await produce(topic, [{ value: "old", ...old }, { value: "older", ...old }, { value: "new" }]);
    const invoker = new RecordingInvoker();
    await start(topic, invoker, failingTo(queue.arn, topic, { ...provisioned, MaximumRecordAgeInSeconds: 3600 }));
    await until(async () => (await committed(topic, topic)).join() === "3");
    expect(invoker.events.flatMap(recordsOf).map(textOf)).toEqual(["new"]);
    const body = JSON.parse((await queue.take())[0]!);
    expect(body.requestContext).toMatchObject({ condition: "RecordAgeExceeded", approximateInvokeCount: 1 });
    expect(Object.keys(body)).toEqual(["requestContext", "version", "timestamp", "KafkaBatchInfo"]);
    expect(body.KafkaBatchInfo).toMatchObject({
      batchSize: 2,
      recordsInfo: { [`${topic}-0`]: { firstRecordOffset: "0", lastRecordOffset: "1" } },
    });
  });

  test("after a partial response only the records that it lists are given up, without a function error", async () => {
    const topic = await freshTopic({ partitions: 1 });
    const queue = await freshQueue(aws);
    await produce(
      topic,
      [0, 1, 2, 3].map((i) => ({ value: String(i) })),
    );
    const failed = [1, 2].map((offset) => ({ itemIdentifier: { partition: `${topic}-0`, offset } }));
    const invoker = new RecordingInvoker(() => ({ kind: "success", response: { batchItemFailures: failed } }));
    const settings = { ...provisioned, FunctionResponseTypes: ["ReportBatchItemFailures"], MaximumRetryAttempts: 2 };
    await start(topic, invoker, failingTo(queue.arn, topic, settings));
    await until(async () => (await committed(topic, topic)).join() === "4");
    const body = JSON.parse((await queue.take())[0]!);
    expect(body.responseContext).toEqual({ statusCode: 200, executedVersion: "$LATEST", functionError: null });
    expect(body.requestContext.approximateInvokeCount).toBe(3);
    expect(body.KafkaBatchInfo).toMatchObject({
      batchSize: 2,
      payloadSize: sizeOf(invoker.events[1]!),
      recordsInfo: { [`${topic}-0`]: { firstRecordOffset: "1", lastRecordOffset: "2" } },
    });
  });

  test("on demand a destination ends the retries too, after 10", async () => {
    const topic = await freshTopic({ partitions: 1 });
    const queue = await freshQueue(aws);
    await produce(topic, [{ value: "bad" }]);
    const invoker = failing();
    await start(topic, invoker, failingTo(queue.arn, topic));
    await until(async () => (await committed(topic, topic)).join() === "1");
    expect(invoker.events.length).toBe(11);
    expect(JSON.parse((await queue.take())[0]!).requestContext).toMatchObject({
      condition: "RetryAttemptsExhausted",
      approximateInvokeCount: 11,
    });
  });
});

describe("SNS", () => {
  test("publishes the same message as SQS takes", async () => {
    const topic = await freshTopic({ partitions: 1 });
    const sns = await freshSnsTopic(aws);
    await produce(topic, [{ value: "0" }, { value: "1" }]);
    const invoker = failing();
    await start(topic, invoker, failingTo(sns.arn, topic, { ...provisioned, MaximumRetryAttempts: 0 }));
    await until(async () => (await committed(topic, topic)).join() === "2");
    const messages = (await sns.take()).map((message) => JSON.parse(message));
    expect(messages).toMatchObject([
      {
        requestContext: { functionArn: FUNCTION_ARN, condition: "RetryAttemptsExhausted", approximateInvokeCount: 1 },
        responseContext: { functionError: "Unhandled" },
        KafkaBatchInfo: { batchSize: 2, payloadSize: sizeOf(invoker.events[0]!) },
      },
    ]);
    expect(messages[0]).not.toHaveProperty("payload");
  });
});

describe("S3", () => {
  test("an object is the same message and the whole event as a string, under the mapping and the partition", async () => {
    const topic = await freshTopic({ partitions: 2 });
    const bucket = await freshBucket(aws);
    await produce(topic, [
      { partition: 1, key: "k", value: 'a "quoted" é', headers: { h: "ë" } },
      { partition: 1, value: null },
    ]);
    const invoker = failing();
    // Whatever looks at the clock twice sees two seconds.
    let looks = 0;
    const clock = { ...systemClock, now: () => systemClock.now() + 1000 * looks++ };
    const atOnce = { ...provisioned, MaximumRetryAttempts: 0, MaximumBatchingWindowInSeconds: 0 };
    const settings = failingTo(bucket.arn, topic, atOnce);
    const source = await run({ topic, invoker, settings, clock, awsEndpoint: aws, environment: {} });
    await until(async () => (await committed(topic, topic))[1] === 2);
    const [object, ...others] = await bucket.take();
    expect(others).toEqual([]);
    const { payload, ...message } = JSON.parse(object!.text);
    expect(payload).toBe(JSON.stringify(invoker.events[0]));
    expect(message.KafkaBatchInfo).toMatchObject({ batchSize: 2, payloadSize: payload.length });
    expect(Object.keys(message)).toEqual([
      "requestContext",
      "responseContext",
      "version",
      "timestamp",
      "KafkaBatchInfo",
    ]);
    const [date, time] = message.timestamp.slice(0, 19).split("T");
    expect(object!.key).toMatch(
      new RegExp(
        `^aws/lambda/[0-9a-f-]{36}/${topic}-1/${date.replaceAll("-", "/")}/${date}T${time.replaceAll(":", ".")}-[0-9a-f-]{36}$`,
      ),
    );
    expect(source.status().mappings[0]?.counters.onFailureDestinationDeliveredEventCount).toBe(2);
  });

  test("an event that no invocation can carry is there whole, and its response context is null", async () => {
    const topic = await freshTopic({ partitions: 1, maxMessageBytes: 8_000_000 });
    const bucket = await freshBucket(aws);
    const value = Buffer.alloc(4_800_000, 7);
    await produce(topic, [{ value }]);
    const invoker = new RecordingInvoker();
    await start(topic, invoker, failingTo(bucket.arn, topic));
    await until(async () => (await committed(topic, topic)).join() === "1");
    expect(invoker.events).toEqual([]);
    const body = JSON.parse((await bucket.take())[0]!.text);
    expect(body.requestContext.condition).toBe("MaximumPayloadSizeExceeded");
    expect(body.responseContext).toBeNull();
    const [record] = recordsOf(JSON.parse(body.payload));
    expect(Buffer.from(record?.value ?? "", "base64").equals(value)).toBe(true);
    expect(body.KafkaBatchInfo.payloadSize).toBe(body.payload.length);
  });
});

describe("a destination that is not there", () => {
  test.each<[string, string]>([
    ["queue", queueArn("nobody-made-this")],
    ["topic", "arn:aws:sns:us-east-1:000000000000:nobody-made-this"],
    ["bucket", "arn:aws:s3:::nobody-made-this"],
  ])("is said at start: the %s", async (noun, arn) => {
    const topic = await freshTopic({ partitions: 1 });
    const said: unknown[] = [];
    const log = (message: string, facts: Readonly<Record<string, unknown>>) => said.push({ message, ...facts });
    await run({ topic, invoker: failing(), settings: failingTo(arn, topic), awsEndpoint: aws, environment: {}, log });
    expect(said).toContainEqual({
      message: `the failure destination's ${noun} does not exist: while that is so, failed records are dropped`,
      mapping: "M",
      topic,
      destination: arn,
    });
  });

  test("drops what is given up, until it is made", async () => {
    const topic = await freshTopic({ partitions: 1 });
    const name = freshName("queue");
    await produce(topic, [{ value: "lost" }]);
    const settings = failingTo(queueArn(name), topic, { ...provisioned, MaximumRetryAttempts: 0 });
    const source = await start(topic, failing(), settings);
    await until(async () => (await committed(topic, topic)).join() === "1");
    const queue = await freshQueue(aws, name);
    await produce(topic, [{ value: "kept" }]);
    await until(async () => (await committed(topic, topic)).join() === "2");
    expect((await queue.take()).map((body) => JSON.parse(body).KafkaBatchInfo.recordsInfo)).toEqual([
      { [`${topic}-0`]: expect.objectContaining({ firstRecordOffset: "1", lastRecordOffset: "1" }) },
    ]);
    expect(source.status().mappings[0]?.counters).toMatchObject({
      droppedEventCount: 1,
      onFailureDestinationDeliveryErrorCount: 1,
      onFailureDestinationDeliveredEventCount: 1,
    });
  });
});
