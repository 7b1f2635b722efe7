// Against a MiniStack that is taken away: what is given up meanwhile is lost and said, and nothing else stops.
import { createServer, type Server } from "node:net";
import { afterEach, describe, expect, onTestFinished, test } from "vitest";
import { awsDestination } from "../../../../localstack/event-source/destinations/aws.ts";
import { sqsTarget } from "../../../../localstack/event-source/destinations/sqs.ts";
import type { EventSource } from "../../../../localstack/event-source/event-source.ts";
import { freshName, freshQueue, queueArn } from "../../../support/aws-resources.ts";
import { freshTopic, produce } from "../../../support/kafka.ts";
import { ownMinistack } from "../../../support/own-ministack.ts";
import { until } from "../../../support/until.ts";
import { committed, RecordingInvoker, recordsOf, run, stopAll, textOf } from "../running.ts";

const aws = ownMinistack();
afterEach(stopAll);

/** Fails every batch with a record that says so. */
const failingBad = () =>
  new RecordingInvoker((event) => ({
    kind: recordsOf(event).some((record) => textOf(record) === "bad") ? "function-error" : "success",
  }));

function start(topic: string, arn: string, log?: (message: string, facts: object) => void): Promise<EventSource> {
  const settings = {
    ProvisionedPollerConfig: { MinimumPollers: 1 },
    MaximumRetryAttempts: 0,
    BatchSize: 1,
    MaximumBatchingWindowInSeconds: 0,
    DestinationConfig: { OnFailure: { Destination: arn } },
    SelfManagedKafkaEventSourceConfig: { ConsumerGroupId: topic },
  };
  const options = { awsEndpoint: aws.url, environment: {}, ...(log === undefined ? {} : { log }) };
  return run({ topic, invoker: failingBad(), settings, ...options });
}

const countersOf = (source: EventSource) => source.status().mappings[0]!.counters;

describe("a destination that goes away", () => {
  test("loses what is given up meanwhile, counted and said; when it is back it takes the next", async () => {
    const name = freshName("queue");
    await freshQueue(aws.url, name);
    const topic = await freshTopic({ partitions: 1 });
    const said: object[] = [];
    const source = await start(topic, queueArn(name), (message, facts) => said.push({ message, ...facts }));
    await aws.kill();
    await produce(topic, [{ value: "bad" }, { value: "good" }]);
    await until(async () => (await committed(topic, topic)).join() === "2");
    expect(countersOf(source)).toMatchObject({ droppedEventCount: 1, onFailureDestinationDeliveryErrorCount: 1 });
    expect(said).toContainEqual(
      expect.objectContaining({
        message: "records dropped: the failure destination did not take them",
        partition: `${topic}-0`,
        firstOffset: 0,
        lastOffset: 0,
        error: expect.stringContaining("ECONNREFUSED"),
      }),
    );

    await aws.restart();
    const queue = await freshQueue(aws.url, name);
    await produce(topic, [{ value: "bad" }]);
    await until(async () => (await committed(topic, topic)).join() === "3");
    expect((await queue.take()).length).toBe(1);
    expect(countersOf(source)).toMatchObject({ onFailureDestinationDeliveredEventCount: 1, droppedEventCount: 1 });
  });

  test("that doesn't answer holds up its own batch's partitions alone; when it answers, nothing is lost", async () => {
    const queue = await freshQueue(aws.url);
    const topic = await freshTopic({ partitions: 2 });
    const source = await start(topic, queue.arn);
    await aws.pause();
    onTestFinished(() => aws.resume());
    await produce(topic, [{ partition: 0, value: "bad" }]);
    await until(() => source.status().mappings[0]!.partitions[0]?.end === 1);
    await produce(
      topic,
      Array.from({ length: 50 }, () => ({ partition: 1, value: "good" })),
    );
    await until(async () => (await committed(topic, topic))[1] === 50);
    expect(countersOf(source)).toMatchObject({ droppedEventCount: 0, onFailureDestinationDeliveredEventCount: 0 });
    await aws.resume();
    await until(async () => (await committed(topic, topic))[0] === 1);
    expect((await queue.take()).length).toBe(1);
  });

  test("and comes back while the event source stops gets what was on its way, which is committed", async () => {
    const queue = await freshQueue(aws.url);
    const topic = await freshTopic({ partitions: 1 });
    const source = await start(topic, queue.arn);
    await aws.pause();
    onTestFinished(() => aws.resume());
    await produce(topic, [{ value: "bad" }]);
    await until(() => countersOf(source).failedInvokeEventCount === 1);
    const stopped = source.stop(120_000);
    await aws.resume();
    await stopped;
    expect((await queue.take()).length).toBe(1);
    expect(await committed(topic, topic)).toEqual([1]);
  });
});

test("a write to what takes connections and never answers ends within its limit", async () => {
  const silent = await listen();
  const context = { functionArn: "arn", source: { kind: "kafka", bootstrapServers: "b:9092" }, now: () => 0 } as const;
  const target = sqsTarget(queueArn("failed"), { kind: "endpoint", url: silent }, context);
  const destination = awsDestination(target, context, { foundWithinMs: 50, deliveredWithinMs: 50 });
  const discard = { portions: [], condition: "RetryAttemptsExhausted", invokes: 1, requestId: "id" } as const;
  await expect(destination.deliver(discard, () => expect.fail("no records"))).rejects.toThrow(/abort/i);
  expect(await destination.whyNot()).toContain("the failure destination's queue can't be reached");
  await destination.stop();
});

/** A server that says nothing, ended with the test; answers its URL. */
async function listen(): Promise<string> {
  const server: Server = createServer((socket) => socket.on("error", () => {}));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  const address = server.address();
  if (typeof address !== "object" || address === null) throw new Error("The silent server has no port");
  return `http://127.0.0.1:${address.port}`;
}
