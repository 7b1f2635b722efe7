// Against the shared broker: CloudWatch's metrics, minute by minute on a clock that the test moves, and as Prometheus reads them.

import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, describe, expect, test } from "vitest";
import type { EventSource } from "../../../../localstack/event-source/event-source.ts";
import { parseFaults } from "../../../../localstack/event-source/faults.ts";
import { freshTopic, produce } from "../../../support/kafka.ts";
import { pythonEnvironment } from "../../../support/python-tool.ts";
import { until } from "../../../support/until.ts";
import { ManualClock } from "../manual-clock.ts";
import { RecordingInvoker, recordsOf, run, stopAll, textOf } from "../running.ts";

const folder = mkdtempSync(join(tmpdir(), "metrics-"));
let files = 0;
const newFile = () => join(folder, `${files++}.jsonl`);

afterEach(stopAll);
afterAll(() => rmSync(folder, { recursive: true }));

const provisioned = { ProvisionedPollerConfig: { MinimumPollers: 2 } };
const everything = { MetricsConfig: { Metrics: ["EventCount", "ErrorCount", "KafkaMetrics"] } };
const group = (id: string) => ({ SelfManagedKafkaEventSourceConfig: { ConsumerGroupId: id } });
const atOnce = { MaximumBatchingWindowInSeconds: 0 };
const values = (...texts: string[]) => texts.map((value) => ({ value, partition: 0 }));

interface Line {
  readonly EventSourceMappingUUID?: string;
  readonly FunctionName?: string;
  readonly metrics: Readonly<Record<string, unknown>>;
}

const linesOf = (file: string): Line[] =>
  existsSync(file)
    ? readFileSync(file, "utf8")
        .split("\n")
        .filter((line) => line !== "")
        .map((line) => JSON.parse(line))
    : [];
const ofMapping = (file: string) => linesOf(file).filter(({ EventSourceMappingUUID: id }) => id !== undefined);
const ofFunction = (file: string) => linesOf(file).filter(({ FunctionName: name }) => name !== undefined);
const metricsOf = (lines: readonly Line[]) => lines.map(({ metrics }) => metrics);

/** Moves the clock until partition 0 is committed so far: retries wait for it. In small steps, so that all of it is one minute's. */
const committedTo = (source: EventSource, offset: number, clock: ManualClock) =>
  until(async () => {
    await clock.advance(1);
    return source.status().mappings[0]?.partitions.find(({ partition }) => partition === 0)?.committed === offset;
  }, `the commit of ${offset}`);

describe("CloudWatch's metrics", () => {
  test("a mapping that asks for none has its lag; functions have theirs; a quiet minute has no function's line", async () => {
    const topic = await freshTopic({ partitions: 1 });
    const metricsFile = newFile();
    const clock = new ManualClock(Date.now());
    const source = await run({
      topic,
      metricsFile,
      clock,
      invoker: new RecordingInvoker(),
      settings: { ...atOnce, ...group(topic) },
    });
    await produce(topic, values("0", "1"));
    await committedTo(source, 2, clock);
    await clock.advance(60_000);
    expect(metricsOf(ofMapping(metricsFile)).at(-1)).toEqual({ OffsetLag: 0 });
    const [first] = metricsOf(ofFunction(metricsFile));
    expect(first).toMatchObject({ Errors: 0, Throttles: 0, ConcurrentExecutions: 1 });
    expect(first?.Duration).toMatchObject({ min: 1, max: 1 });
    const before = ofFunction(metricsFile).length;
    await clock.advance(60_000);
    expect(ofFunction(metricsFile).length).toBe(before);
  });

  test("event counts of a minute: read, filtered, sent, failed, dropped, committed; the next one is an empty poll", async () => {
    const topic = await freshTopic({ partitions: 1 });
    const metricsFile = newFile();
    const clock = new ManualClock(Date.now());
    const invoker = new RecordingInvoker((event) => ({
      kind: recordsOf(event).some((record) => textOf(record).includes("bad")) ? "function-error" : "success",
    }));
    const settings = {
      ...provisioned,
      ...everything,
      ...atOnce,
      ...group(topic),
      BatchSize: 1,
      MaximumRetryAttempts: 1,
      FilterCriteria: { Filters: [{ Pattern: '{"value":{"kind":["good","bad"]}}' }] },
    };
    await produce(topic, values('{"kind":"good"}', '{"kind":"other"}', '{"kind":"bad"}'));
    const source = await run({ topic, metricsFile, clock, invoker, settings });
    await committedTo(source, 3, clock);
    await clock.advance(60_000);
    const minutes = metricsOf(ofMapping(metricsFile));
    expect(minutes[0]).toEqual({
      PolledEventCount: 3,
      FilteredOutEventCount: 1,
      InvokedEventCount: 3,
      FailedInvokeEventCount: 2,
      DroppedEventCount: 1,
      CommittedEventCount: 3,
      InvokeErrorCount: 2,
      OffsetLag: 0,
      MaxOffsetLag: 0,
      SumOffsetLag: 0,
      ProvisionedPollers: 1,
      EventPollerUnit: 1,
      EventPollerThroughputInBytes: expect.any(Number),
    });
    await clock.advance(60_000);
    expect(metricsOf(ofMapping(metricsFile)).at(-1)).toEqual({
      PolledEventCount: 0,
      OffsetLag: 0,
      MaxOffsetLag: 0,
      SumOffsetLag: 0,
      ProvisionedPollers: 1,
      EventPollerUnit: 1,
    });
  });

  test("a partial response's whole invocation counts as failed; a destination's refusal is the function's metric too", async () => {
    const topic = await freshTopic({ partitions: 1 });
    const metricsFile = newFile();
    const clock = new ManualClock(Date.now());
    const failing = { itemIdentifier: { partition: `${topic}-0`, offset: 1 } };
    const invoker = new RecordingInvoker(() => ({ kind: "success", response: { batchItemFailures: [failing] } }));
    const settings = {
      ...provisioned,
      ...everything,
      ...atOnce,
      ...group(topic),
      MaximumRetryAttempts: 0,
      FunctionResponseTypes: ["ReportBatchItemFailures"],
      DestinationConfig: { OnFailure: { Destination: "kafka://no-such-topic" } },
    };
    await produce(topic, values("0", "1", "2"));
    const source = await run({ topic, metricsFile, clock, invoker, settings });
    await committedTo(source, 3, clock);
    await stopAll();
    expect(metricsOf(ofMapping(metricsFile))[0]).toMatchObject({
      InvokedEventCount: 3,
      FailedInvokeEventCount: 3,
      DroppedEventCount: 1,
      OnFailureDestinationDeliveryErrorCount: 1,
    });
    expect(metricsOf(ofMapping(metricsFile))[0]).not.toHaveProperty("InvokeErrorCount");
    expect(metricsOf(ofFunction(metricsFile))[0]).toMatchObject({ Invocations: 1, DestinationDeliveryFailures: 1 });
  });

  test("while a function fails, lag is what waits, of the partition with most and of all", async () => {
    const topic = await freshTopic({ partitions: 2 });
    const metricsFile = newFile();
    const clock = new ManualClock(Date.now());
    const invoker = new RecordingInvoker(() => ({ kind: "not-delivered" }));
    await produce(topic, [...values("0", "1", "2"), { value: "3", partition: 1 }]);
    const source = await run({
      topic,
      metricsFile,
      clock,
      invoker,
      settings: { ...everything, ...atOnce, ...group(topic) },
    });
    await until(() => source.status().mappings[0]?.lag === 4);
    await until(() => invoker.events.length > 0);
    await clock.advance(60_000);
    const [minute] = metricsOf(ofMapping(metricsFile));
    expect(minute).toMatchObject({
      OffsetLag: 4,
      MaxOffsetLag: 3,
      SumOffsetLag: 4,
      InvokeErrorCount: expect.any(Number),
    });
    expect(minute).not.toHaveProperty("ProvisionedPollers");
    const [ofIt] = metricsOf(ofFunction(metricsFile));
    expect(ofIt).toMatchObject({ Invocations: 0, Throttles: expect.any(Number) });
    expect(ofIt).not.toHaveProperty("Duration");
  });

  test("a mapping that is not enabled has none", async () => {
    const topic = await freshTopic({ partitions: 1 });
    const metricsFile = newFile();
    const clock = new ManualClock(Date.now());
    await run({
      topic,
      metricsFile,
      clock,
      invoker: new RecordingInvoker(),
      settings: { ...everything, Enabled: false },
    });
    await clock.advance(120_000);
    expect(linesOf(metricsFile)).toEqual([]);
  });
});

describe("the Prometheus endpoint", () => {
  test("gives the same to Prometheus's own parser, with types, help and labels", async () => {
    const topic = await freshTopic({ partitions: 2 });
    const invoker = new RecordingInvoker();
    const settings = { ...everything, ...atOnce, ...group(topic) };
    const faults = parseFaults("throttle=1");
    const source = await run({ topic, invoker, prometheus: { host: "127.0.0.1", port: 0 }, settings });
    await produce(topic, values("0", "1"));
    await until(() => source.status().mappings[0]?.partitions[0]?.committed === 2);
    const scraped = await fetch(source.prometheusUrl!);
    expect(scraped.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
    const text = await scraped.text();
    const samples = await parsed(text);
    const labels = { mapping: "M", function: "fixture-dev-count", topic };
    const sample = (name: string, more: object = {}) =>
      samples.find(
        (one) => one.name === name && Object.entries(more).every(([key, value]) => one.labels[key] === value),
      );
    expect(sample("aws_lambda_polled_event_count_total")).toMatchObject({ type: "counter", value: 2, labels });
    expect(sample("aws_lambda_offset_lag")).toMatchObject({ type: "gauge", value: 0, labels });
    expect(sample("aws_lambda_invocations_total")?.value).toBeGreaterThan(0);
    expect(sample("aws_lambda_duration_milliseconds_count")).toMatchObject({ type: "summary" });
    expect(sample("event_source_partition_committed_offset", { partition: "0" })).toMatchObject({
      value: 2,
      labels: { ...labels, partition: "0" },
    });
    expect(sample("aws_lambda_provisioned_pollers")).toBeUndefined();
    expect(samples.every(({ help }) => help !== "")).toBe(true);

    expect((await fetch(source.prometheusUrl!.replace("/metrics", "/"))).status).toBe(404);
    expect((await fetch(source.prometheusUrl!, { method: "POST" })).status).toBe(405);
    await stopAll();
    await expect(fetch(source.prometheusUrl!)).rejects.toThrow();

    const throttled = await run({ topic, invoker, faults, prometheus: { host: "127.0.0.1", port: 0 }, settings });
    await produce(topic, values("2"));
    const throttles = async () =>
      /^aws_lambda_throttles_total\{.*\} (\d+)$/m.exec(await (await fetch(throttled.prometheusUrl!)).text())?.[1];
    await until(async () => Number(await throttles()) > 0, "a throttle on purpose");
    const taken = Number(new URL(throttled.prometheusUrl!).port);
    await expect(run({ topic, invoker, prometheus: { host: "127.0.0.1", port: taken }, settings })).rejects.toThrow(
      `--prometheus: can't listen at 127.0.0.1:${taken}`,
    );
  });
});

interface Sample {
  readonly name: string;
  readonly type: string;
  readonly help: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Read by Prometheus's Python client. */
async function parsed(text: string): Promise<Sample[]> {
  const bin = await pythonEnvironment(["prometheus-client==0.23.1"]);
  const program = `
import json, sys
from prometheus_client.parser import text_string_to_metric_families
for family in text_string_to_metric_families(sys.stdin.read()):
    for sample in family.samples:
        print(json.dumps(dict(name=sample.name, type=family.type, help=family.documentation, labels=sample.labels, value=sample.value)))`;
  const output = execFileSync(join(bin, "python"), ["-c", program], { input: text, encoding: "utf8" });
  return output
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
}
