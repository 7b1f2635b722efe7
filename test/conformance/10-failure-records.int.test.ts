// Group 10: what a destination receives.
import { expect } from "vitest";
import { type Answering, brokers } from "../localstack/event-source/running.ts";
import { behaves } from "./behaviour.ts";
import { count, failureTopic, MSK, MSK_ARN, PROVISIONED, scene } from "./scene.ts";

const never: Answering = () => ({ kind: "function-error" });
const GIVEN_UP = { ...PROVISIONED, MaximumBatchingWindowInSeconds: 0, MaximumRetryAttempts: 0 };
const FUNCTION = "arn:aws:lambda:us-east-1:000000000000:function:fixture-dev-count";
const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

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
      "kafka://: the published sample is what such a record becomes: its event as an object under payload, recordInfo in the singular, the offset as text",
    source: "kafka-on-failure-destination",
    grade: "D",
  },
  async () => {
    const failures = await failureTopic();
    const { topic, invoker, untilCommitted } = await scene({
      records: [
        ...count(100).map((record) => ({ ...record, timestamp: "1749116692329" })),
        { key: "test-key", value: "test-value", timestamp: "1749116692330" },
      ],
      settings: { ...MSK, ...GIVEN_UP, BatchSize: 100, ...failures.settings },
      answer: (_event, attempt) => ({ kind: attempt === 1 ? "success" : "function-error" }),
    });
    await untilCommitted(101);
    const [body] = await failures.bodies();
    const payload = {
      bootstrapServers: brokers().join(","),
      eventSource: "aws:kafka",
      eventSourceArn: MSK_ARN,
      records: {
        [`${topic}-0`]: [
          {
            headers: [],
            key: "dGVzdC1rZXk=",
            offset: 100,
            partition: 0,
            timestamp: 1749116692330,
            timestampType: "CREATE_TIME",
            topic,
            value: "dGVzdC12YWx1ZQ==",
          },
        ],
      },
    };
    expect(body).toEqual({
      requestContext: {
        requestId: expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/),
        functionArn: `${FUNCTION}:$LATEST`,
        condition: expect.stringMatching(/^(RetriesExhausted|RetryAttemptsExhausted)$/),
        approximateInvokeCount: 1,
      },
      responseContext: { statusCode: 200, executedVersion: "$LATEST", functionError: "Unhandled" },
      version: "1.0",
      timestamp: expect.stringMatching(ISO),
      KafkaBatchInfo: {
        batchSize: 1,
        eventSourceArn: MSK_ARN,
        bootstrapServers: brokers().join(","),
        payloadSize: JSON.stringify(payload).length,
        recordInfo: { offset: "100", timestamp: "2025-06-05T09:44:52.330Z" },
      },
      payload,
    });
    expect(invoker.events.at(-1)).toEqual(payload);
  },
);

behaves(
  {
    behaviour: "kafka://: a self-managed cluster's record has no eventSourceArn",
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
