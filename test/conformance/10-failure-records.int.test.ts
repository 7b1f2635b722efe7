// Group 10: what a destination receives, one message a record on Kafka, one a discarded batch elsewhere.
import { expect } from "vitest";
import { switchesOf } from "../../localstack/event-source/switches.ts";
import { type Answering, brokers } from "../localstack/event-source/running.ts";
import { freshBucket, freshQueue, freshSnsTopic } from "../support/aws-resources.ts";
import { ministackUrl } from "../support/on-demand.ts";
import { behaves } from "./behaviour.ts";
import { mappingWith } from "./mapping-with.ts";
import { AT_ONCE, count, failuresTo, failureTopic, MSK, MSK_ARN, PROVISIONED, type Scene, scene } from "./scene.ts";

const never: Answering = () => ({ kind: "function-error" });
const GIVEN_UP = { ...PROVISIONED, ...AT_ONCE, MaximumRetryAttempts: 0 };
const FUNCTION = "arn:aws:lambda:us-east-1:000000000000:function:fixture-dev-count";
const A_TIME = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
const AN_ID = expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);

behaves(
  {
    behaviour: "kafka://: one message a record, with the record's own key; a record without a key keeps none",
    source: "kafka-on-failure-destination",
    grade: "D",
  },
  async () => {
    const failures = await failureTopic();
    const { untilCommitted } = await scene({
      records: [{ key: "k1", value: "a" }, { value: "b" }],
      settings: { ...GIVEN_UP, ...failures.settings },
      answer: never,
    });
    await untilCommitted(2);
    expect((await failures.messages()).map(({ key }) => key?.toString())).toEqual(["k1", undefined]);
  },
);

behaves(
  {
    behaviour:
      "kafka://: the published sample is what its record becomes: the event as an object under payload, recordInfo in the singular, the offset as text",
    source: "kafka-on-failure-destination",
    grade: "D",
  },
  async () => {
    const failures = await failureTopic();
    const { topic, untilCommitted } = await scene({
      records: [
        ...count(100).map((record) => ({ ...record, timestamp: "1749116692329" })),
        { key: "test-key", value: "test-value", timestamp: "1749116692330" },
      ],
      settings: { ...MSK, ...GIVEN_UP, BatchSize: 100, ...failures.settings },
      answer: (_event, attempt) => ({ kind: attempt === 1 ? "success" : "function-error" }),
    });
    await untilCommitted(101);
    const record = {
      headers: [],
      key: "dGVzdC1rZXk=",
      offset: 100,
      partition: 0,
      timestamp: 1749116692330,
      timestampType: "CREATE_TIME",
      topic,
      value: "dGVzdC12YWx1ZQ==",
    };
    const cluster = { eventSourceArn: MSK_ARN, bootstrapServers: brokers().join(",") };
    const payload = { eventSource: "aws:kafka", ...cluster, records: { [`${topic}-0`]: [record] } };
    expect(await failures.bodies()).toEqual([
      {
        requestContext: {
          requestId: AN_ID,
          functionArn: `${FUNCTION}:$LATEST`,
          condition: "RetriesExhausted",
          approximateInvokeCount: 1,
        },
        responseContext: { statusCode: 200, executedVersion: "$LATEST", functionError: "Unhandled" },
        version: "1.0",
        timestamp: A_TIME,
        KafkaBatchInfo: {
          batchSize: 1,
          ...cluster,
          payloadSize: JSON.stringify(payload).length,
          recordInfo: { offset: "100", timestamp: "2025-06-05T09:44:52.330Z" },
        },
        payload,
      },
    ]);
  },
);

behaves(
  {
    behaviour: "kafka://: the end of the retries is RetriesExhausted, or RetryAttemptsExhausted",
    source: ["kafka-on-failure-destination", "kafka-on-failure"],
    grade: "ND",
    emulated: { by: "exhausted-condition" },
  },
  async () => {
    for (const condition of ["RetriesExhausted", "RetryAttemptsExhausted"]) {
      const failures = await failureTopic();
      const { untilCommitted } = await scene({
        switches: switchesOf([`exhausted-condition=${condition}`]),
        records: count(1),
        settings: { ...GIVEN_UP, ...failures.settings },
        answer: never,
      });
      await untilCommitted(1);
      expect((await failures.bodies())[0].requestContext.condition).toBe(condition);
    }
  },
);

behaves(
  {
    behaviour: "a self-managed cluster's failure record has no eventSourceArn",
    source: "kafka-on-failure-destination",
    grade: "ND",
  },
  async () => {
    const failures = await failureTopic();
    const settings = { ...GIVEN_UP, ...failures.settings };
    const { untilCommitted } = await scene({ records: count(1), settings, answer: never });
    await untilCommitted(1);
    const [body] = await failures.bodies();
    expect(Object.keys(body.KafkaBatchInfo)).toEqual(["batchSize", "bootstrapServers", "payloadSize", "recordInfo"]);
    expect(Object.keys(body.payload)).toEqual(["eventSource", "bootstrapServers", "records"]);
  },
);

behaves(
  {
    behaviour:
      "SQS: the published sample is what a batch becomes: its size, the first and last record of each partition, offsets as text, no payload",
    source: "kafka-on-failure",
    grade: "D",
  },
  async () => {
    const queue = await freshQueue(await ministackUrl());
    const first = Date.parse("2019-11-14T00:38:04.835Z");
    const last = Date.parse("2019-11-14T00:38:05.580Z");
    const records = count(500).map((record, i) => ({ ...record, timestamp: String(i < 499 ? first : last) }));
    const settings = { ...MSK, ...PROVISIONED, MaximumRetryAttempts: 0, BatchSize: 500, ...failuresTo(queue.arn) };
    const { topic, invoker, untilCommitted } = await onAws({ records, settings });
    await untilCommitted(500);
    expect((await queue.take()).map((body) => JSON.parse(body))).toEqual([
      {
        requestContext: {
          requestId: AN_ID,
          functionArn: FUNCTION,
          condition: "RetryAttemptsExhausted",
          approximateInvokeCount: 1,
        },
        responseContext: { statusCode: 200, executedVersion: "$LATEST", functionError: "Unhandled" },
        version: "1.0",
        timestamp: A_TIME,
        KafkaBatchInfo: {
          batchSize: 500,
          eventSourceArn: MSK_ARN,
          bootstrapServers: brokers().join(","),
          payloadSize: JSON.stringify(invoker.events[0]).length,
          recordsInfo: {
            [`${topic}-0`]: {
              firstRecordOffset: "0",
              lastRecordOffset: "499",
              firstRecordTimestamp: "2019-11-14T00:38:04.835Z",
              lastRecordTimestamp: "2019-11-14T00:38:05.580Z",
            },
          },
        },
      },
    ]);
  },
);

behaves({ behaviour: "SNS: the same message as SQS takes", source: "kafka-on-failure", grade: "D" }, async () => {
  const sns = await freshSnsTopic(await ministackUrl());
  const { topic, untilCommitted } = await onAws({ settings: { ...GIVEN_UP, ...failuresTo(sns.arn) } });
  await untilCommitted(2);
  const [body] = (await sns.take()).map((message) => JSON.parse(message));
  expect(Object.keys(body)).toEqual(OUTER_FIELDS);
  expect(body.KafkaBatchInfo.recordsInfo[`${topic}-0`]).toMatchObject({
    firstRecordOffset: "0",
    lastRecordOffset: "1",
  });
});

behaves(
  {
    behaviour: "S3: the same message and, under payload, the whole event as text",
    source: "kafka-on-failure",
    grade: "D",
  },
  async () => {
    const bucket = await freshBucket(await ministackUrl());
    const { invoker, untilCommitted } = await onAws({ settings: { ...GIVEN_UP, ...failuresTo(bucket.arn) } });
    await untilCommitted(2);
    const [object] = await bucket.take();
    const body = JSON.parse(object!.text);
    expect(Object.keys(body)).toEqual([...OUTER_FIELDS, "payload"]);
    expect(body.payload).toBe(JSON.stringify(invoker.events[0]));
  },
);

behaves(
  {
    behaviour: "S3: the object's key is aws/lambda/<mapping>/<topic-partition>/YYYY/MM/DD/YYYY-MM-DDTHH.MM.SS-<UUID>",
    source: "localstack/localstack:test_lambda_integration_kinesis",
    grade: "ND",
  },
  async () => {
    const bucket = await freshBucket(await ministackUrl());
    const { topic, untilCommitted } = await onAws({ settings: { ...GIVEN_UP, ...failuresTo(bucket.arn) } });
    await untilCommitted(2);
    const [object] = await bucket.take();
    const uuid = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}";
    const time = String.raw`\d{4}/\d\d/\d\d/\d{4}-\d\d-\d\dT\d\d\.\d\d\.\d\d`;
    expect(object!.key).toMatch(new RegExp(`^aws/lambda/${uuid}/${topic}-0/${time}-${uuid}$`));
  },
);

behaves(
  {
    behaviour: "on demand a destination on SQS, SNS or S3 is allowed, and ends the retries after 10",
    source: ["kafka-on-failure", "kafka-retry-configurations"],
    grade: "D/I",
  },
  async () => {
    const queue = await freshQueue(await ministackUrl());
    const { invoker, untilCommitted } = await onAws({ settings: { ...AT_ONCE, ...failuresTo(queue.arn) } });
    await untilCommitted(2);
    expect(invoker.events.length).toBe(11);
    expect(JSON.parse((await queue.take())[0]!).requestContext.approximateInvokeCount).toBe(11);
  },
);

behaves({ behaviour: 'a destination "" is none', source: "kafka-on-failure", grade: "D" }, () => {
  const { destination, policy } = mappingWith({ ...PROVISIONED, ...failuresTo("") });
  expect([destination, policy.maxRetries]).toEqual([undefined, Number.POSITIVE_INFINITY]);
});

behaves({ behaviour: "a FIFO queue or topic is no destination", source: "kafka-on-failure", grade: "D" }, () => {
  for (const service of ["sqs", "sns"]) {
    const settings = { ...PROVISIONED, ...failuresTo(`arn:aws:${service}:us-east-1:123456789012:failed.fifo`) };
    expect(() => mappingWith(settings)).toThrow("are not supported as failure destinations");
  }
});

const OUTER_FIELDS = ["requestContext", "responseContext", "version", "timestamp", "KafkaBatchInfo"];

/** Two records that always fail, with MiniStack for AWS. */
async function onAws(options: Parameters<typeof scene>[0]): Promise<Scene> {
  const awsEndpoint = await ministackUrl();
  return scene({ records: count(2), answer: never, awsEndpoint, environment: {}, backOffMs: 1, ...options });
}
