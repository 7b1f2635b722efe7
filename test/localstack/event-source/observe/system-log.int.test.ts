// Against the shared broker: a mapping's system log, level by level, on a clock that the test moves.

import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, describe, expect, test } from "vitest";
import { freshTopic, produce } from "../../../support/kafka.ts";
import { until } from "../../../support/until.ts";
import { ManualClock } from "../manual-clock.ts";
import { brokers, RecordingInvoker, run, stopAll } from "../running.ts";

const root = mkdtempSync(join(tmpdir(), "system-log-"));

afterEach(stopAll);
afterAll(() => rmSync(root, { recursive: true }));

const START = 1_760_000_000_000;

/** A mapping with this level, its function failing as often as told; what stands in its log. */
async function logged(level: string | undefined, failures = 0) {
  const topic = await freshTopic({ partitions: 2 });
  const logsFolder = mkdtempSync(join(root, "logs-"));
  const clock = new ManualClock(START);
  const invoker = new RecordingInvoker((_event, attempt) => ({
    kind: attempt <= failures ? "function-error" : "success",
  }));
  const settings = {
    ProvisionedPollerConfig: { MinimumPollers: 1 },
    MaximumBatchingWindowInSeconds: 0,
    SelfManagedKafkaEventSourceConfig: { ConsumerGroupId: topic },
    ...(level === undefined ? {} : { LoggingConfig: { SystemLogLevel: level } }),
  };
  const source = await run({ topic, invoker, clock, logsFolder, settings });
  await produce(topic, [{ value: "0", partition: 0 }]);
  await until(async () => {
    await clock.advance(20);
    return source.status().mappings[0]?.partitions[0]?.committed === 1;
  }, "the commit");
  const file = join(logsFolder, "fixture-dev-count.esm.log");
  const entries = () =>
    existsSync(file)
      ? readFileSync(file, "utf8")
          .trim()
          .split("\n")
          .map((line) => JSON.parse(line))
      : [];
  return { topic, clock, entries };
}

describe("the system log", () => {
  test("at DEBUG has every partition's offsets each minute, and what the levels below have", async () => {
    const { topic, clock, entries } = await logged("DEBUG", 1);
    const before = entries().length;
    await clock.advance(60_000);
    const statuses = entries().slice(before);
    expect(statuses.map(({ kafkaPartitionOffsets }) => kafkaPartitionOffsets)).toEqual([
      { partition: `${topic}-0`, endOffset: 1, consumedOffset: 0, processedOffset: 0, committedOffset: 1 },
      { partition: `${topic}-1`, endOffset: 0, consumedOffset: -1, processedOffset: -1, committedOffset: 0 },
    ]);
    expect(statuses.map(({ eventType, logLevel }) => [eventType, logLevel])).toEqual([
      ["KAFKA_STATUS_EVENT", "DEBUG"],
      ["KAFKA_STATUS_EVENT", "DEBUG"],
    ]);
    expect(new Set(entries().map(({ logLevel }) => logLevel))).toEqual(new Set(["DEBUG", "INFO", "WARN"]));
  });

  test("at INFO says which partitions a poller was given, with AWS's fields", async () => {
    const { topic, clock, entries } = await logged("INFO");
    await clock.advance(60_000);
    const [entry, ...others] = entries();
    const id = entry.resourceArn.split(":").at(-1);
    expect(others).toEqual([]);
    expect(entry).toEqual({
      eventType: "POLLER_STATUS_EVENT",
      timestamp: START,
      resourceArn: `arn:aws:lambda:us-east-1:000000000000:event-source-mapping:${id}`,
      eventProcessorId: `${id}/0`,
      logLevel: "INFO",
      kafkaEventSourceConnection: {
        brokerEndpoints: brokers(),
        consumerId: `${id}-0`,
        topics: [topic],
        consumerGroupId: topic,
        securityProtocol: "PLAINTEXT",
        saslMechanism: null,
        totalPartitionCount: 2,
        assignedPartitionCount: 2,
        partitionsAssignmentGeneration: 1,
        assignedPartitions: [`${topic}-0`, `${topic}-1`],
        networkConfig: { subnets: ["subnet-1"], securityGroups: ["sg-1"] },
      },
    });
  });

  test("at WARN has only what went wrong", async () => {
    const { entries } = await logged("WARN", 2);
    expect(entries().map(({ eventType, logLevel, error }) => [eventType, logLevel, error])).toEqual(
      new Array(2).fill(["ESM_PROCESSING_EVENT", "WARN", { errorMessage: "told to fail", errorCode: "Error" }]),
    );
  });

  test("is not written unless it is asked for", async () => {
    const { clock, entries } = await logged(undefined, 1);
    await clock.advance(60_000);
    expect(entries()).toEqual([]);
  });
});
