// Faults on purpose against the shared broker: whatever befalls a function, every record is processed, and each partition in order.
import { readFileSync } from "node:fs";
import { afterEach, describe, expect, test } from "vitest";
import { parseFaults } from "../../../localstack/event-source/faults.ts";
import { startPool } from "../../../localstack/event-source/functions/pool.ts";
import { functionOf } from "../../../localstack/event-source/template/function-definition.ts";
import { readTemplate } from "../../../localstack/event-source/template/template.ts";
import { freshTopic, produce } from "../../support/kafka.ts";
import { until } from "../../support/until.ts";
import { writeFixture } from "./fixture.ts";
import { ManualClock } from "./manual-clock.ts";
import { committed, numbered, RecordingInvoker, run, stopAll } from "./running.ts";

afterEach(stopAll);

const group = (id: string) => ({ SelfManagedKafkaEventSourceConfig: { ConsumerGroupId: id }, BatchSize: 10 });
const all = (topic: string, each: number) => async () =>
  (await committed(topic, topic)).every((offset) => offset === each);

/** Appends one line an event: its first offset of each partition, and `done` when its work is over. */
const noting = `
const { appendFileSync } = require("node:fs");
exports.handler = async (event) => {
  const records = Object.values(event.records).flat();
  appendFileSync(process.env.NOTES, records.map((r) => r.partition + "@" + r.offset).join(" ") + " begun\\n");
  // Long beside a busy machine's delays: ends that are meant for its middle come in its middle.
  await new Promise((resolve) => setTimeout(resolve, 60));
  appendFileSync(process.env.NOTES, records.map((r) => r.partition + "@" + r.offset).join(" ") + " done\\n");
};`;

describe("faults on purpose", () => {
  test("crashes, time-outs, throttles and duplicates: every record's work is done at least once", async () => {
    const topic = await freshTopic({ partitions: 3 });
    await produce(topic, numbered(0, 300));
    const { template: file, folder } = writeFixture({
      functions: { count: { source: noting, environment: { NOTES: "notes" }, memoryMb: 128 } },
    });
    const notes = `${folder}/notes`;
    const template = readTemplate(file);
    const invoker = startPool({
      functions: [functionOf(template, "CountLambdaFunction", { NOTES: notes })],
      region: "us-east-1",
      localFolder: folder,
    });
    const faults = parseFaults("crash=0.2,timeout=0.2,throttle=0.2,duplicate=0.2,seed=7");
    const source = await run({ topic, invoker, faults, settings: group(topic) });
    await until(all(topic, 100), "every commit");
    const { counters } = source.status().mappings[0]!;
    for (const kind of ["crash", "timeout", "throttle", "duplicate"] as const) {
      expect(counters.faults[kind]).toBeGreaterThan(0);
    }
    await stopAll();
    await invoker.stop();
    const lines = readFileSync(notes, "utf8").trim().split("\n");
    const done = lines.filter((line) => line.endsWith(" done")).flatMap((line) => line.split(" ").slice(0, -1));
    expect(new Set(done).size).toBe(300);
    expect(done.length).toBeGreaterThan(300);
    // Some end before their work is done: begun more often than done.
    expect(lines.filter((line) => line.endsWith(" begun")).length).toBeGreaterThan(
      lines.filter((line) => line.endsWith(" done")).length,
    );
  });

  test("where an environment can't be ended, its work is done and its answer is lost", async () => {
    const topic = await freshTopic({ partitions: 1 });
    await produce(topic, [{ value: "0" }]);
    const invoker = new RecordingInvoker();
    const faults = parseFaults("crash=0.6,seed=3");
    const source = await run({ topic, invoker, faults, settings: group(topic) });
    await until(all(topic, 1));
    const { crash } = source.status().mappings[0]!.counters.faults;
    expect(invoker.sent()[`${topic}-0`]).toEqual(Array.from({ length: crash + 1 }, () => 0));
  });

  test("throttles are not counted as retries", async () => {
    const topic = await freshTopic({ partitions: 1 });
    await produce(topic, [{ value: "0" }]);
    const settings = { ...group(topic), ProvisionedPollerConfig: { MinimumPollers: 1 }, MaximumRetryAttempts: 0 };
    const source = await run({ topic, invoker: new RecordingInvoker(), faults: parseFaults("throttle=0.6"), settings });
    await until(all(topic, 1));
    expect(source.status().mappings[0]!.counters).toMatchObject({ droppedEventCount: 0, invocations: 1 });
  });

  test("a member that comes and goes: nothing is lost, no partition is in two invocations, each is in order", async () => {
    const topic = await freshTopic({ partitions: 3 });
    const clock = new ManualClock(Date.now());
    const invoker = new RecordingInvoker();
    const source = await run({ topic, invoker, clock, faults: parseFaults("rebalance=30s"), settings: group(topic) });
    for (let round = 0; round < 3; round++) {
      await produce(topic, numbered(90 * round, 90));
      const rebalances = () => source.status().mappings[0]!;
      await clock.advance(30_000);
      await until(() => rebalances().counters.faults.rebalance === round + 1 && rebalances().pollers === 1);
    }
    await until(async () => {
      await clock.advance(1000);
      return all(topic, 90)();
    });
    expect(invoker.overlaps).toEqual([]);
    for (const offsets of Object.values(invoker.sent())) {
      expect([...new Set(offsets)]).toEqual(Array.from({ length: 90 }, (_, offset) => offset));
    }
  });
});

describe("provisioned pollers", () => {
  test("a backlog brings more of them, idleness fewer, between their bounds", async () => {
    const topic = await freshTopic({ partitions: 3 });
    await produce(topic, numbered(0, 300));
    const clock = new ManualClock(Date.now());
    let isHeldUp = true;
    const invoker = new RecordingInvoker(() => ({ kind: isHeldUp ? "function-error" : "success" }));
    const settings = { ...group(topic), ProvisionedPollerConfig: { MinimumPollers: 1, MaximumPollers: 2 } };
    const source = await run({ topic, invoker, clock, settings });
    const pollers = () => source.status().mappings[0]!.pollers;
    expect(pollers()).toBe(1);
    await until(async () => {
      await clock.advance(20_000);
      return pollers() === 2;
    });
    isHeldUp = false;
    await until(async () => {
      await clock.advance(5000);
      return all(topic, 100)();
    });
    await until(async () => {
      await clock.advance(20_000);
      return pollers() === 1;
    });
    expect(invoker.overlaps).toEqual([]);
  });
});
