// Group 2: what closes a batch.
import { expect } from "vitest";
import { ManualClock, settled } from "../localstack/event-source/manual-clock.ts";
import { recordsOf } from "../localstack/event-source/running.ts";
import { freshTopic, produce } from "../support/kafka.ts";
import { until } from "../support/until.ts";
import { behaves } from "./behaviour.ts";
import { AT_ONCE, count, failureTopic, NOW, PROVISIONED, type Scene, scene } from "./scene.ts";

const WINDOW = { MaximumBatchingWindowInSeconds: 300 };

behaves(
  {
    behaviour: "a batch closes when it has BatchSize records, before its window ends",
    source: "invocation-eventsourcemapping",
    grade: "D",
  },
  async () => {
    const clock = new ManualClock(NOW);
    const { batches, untilInvoked } = await scene({ clock, records: count(12), settings: { ...WINDOW, BatchSize: 5 } });
    await untilInvoked(2);
    expect(batches()).toEqual([
      [0, 1, 2, 3, 4],
      [5, 6, 7, 8, 9],
    ]);
  },
);

behaves(
  { behaviour: "BatchSize is 100 when the mapping does not say", source: "with-msk-configure", grade: "D" },
  async () => {
    const clock = new ManualClock(NOW);
    const { batches, untilInvoked } = await scene({ clock, records: count(150), settings: WINDOW });
    await untilInvoked(1);
    expect(batches().map((batch) => batch.length)).toEqual([100]);
  },
);

behaves({ behaviour: "a batch holds up to 10,000 records", source: "kafka-esm-parameters", grade: "M" }, async () => {
  const settings = { ...WINDOW, BatchSize: 10_000 };
  const { batches, untilInvoked } = await scene({ records: count(10_001), settings, clock: new ManualClock(NOW) });
  await untilInvoked(1);
  expect(batches().map((batch) => batch.length)).toEqual([10_000]);
});

behaves(
  {
    behaviour: "a batch closes when its window ends, with what there is",
    source: "invocation-eventsourcemapping",
    grade: "D",
  },
  async () => {
    const clock = new ManualClock(NOW);
    const settings = { MaximumBatchingWindowInSeconds: 5 };
    const { batches, untilPolled } = await scene({ clock, records: count(3), settings });
    await untilPolled(3);
    await clock.advance(4999);
    expect(batches()).toEqual([]);
    await clock.advance(1);
    expect(batches()).toEqual([[0, 1, 2]]);
  },
);

behaves(
  {
    behaviour: "the window is 500 ms when the mapping does not say",
    source: "invocation-eventsourcemapping",
    grade: "D",
  },
  async () => {
    const clock = new ManualClock(NOW);
    const { batches, untilPolled } = await scene({ clock, records: count(3) });
    await untilPolled(3);
    await clock.advance(499);
    expect(batches()).toEqual([]);
    await clock.advance(1);
    expect(batches()).toEqual([[0, 1, 2]]);
  },
);

behaves(
  {
    behaviour: "a window of 0 sends what is there at once and never waits to fill",
    source: "with-kafka-low-latency",
    grade: "D",
  },
  async () => {
    const clock = new ManualClock(NOW);
    const { batches, untilInvoked } = await scene({ clock, records: count(3), settings: AT_ONCE });
    await untilInvoked(1);
    expect(batches()).toEqual([[0, 1, 2]]);
  },
);

behaves(
  { behaviour: "a window without records invokes nothing", source: "monitoring-metrics-types", grade: "I" },
  async () => {
    const clock = new ManualClock(NOW);
    const { batches, source } = await scene({ clock });
    await until(() => source.status().mappings[0]?.partitions.length === 1);
    await clock.advance(600_000);
    expect(batches()).toEqual([]);
  },
);

behaves(
  {
    behaviour: "on demand the next window starts when the invocation completes",
    source: "invocation-eventsourcemapping",
    grade: "D",
  },
  async () => expect(await secondInvocationAfter({})).toBe(8000),
);

behaves(
  {
    behaviour: "in provisioned mode the next window starts when the batch is closed",
    source: "invocation-eventsourcemapping",
    grade: "D",
  },
  async () => expect(await secondInvocationAfter(PROVISIONED)).toBe(5000),
);

behaves(
  {
    behaviour: "a batch closes before its event passes 6 MB (6,291,456 bytes of JSON, so about 4.5 MB of values)",
    source: ["invocation-eventsourcemapping", "gettingstarted-limits"],
    grade: "D/I",
  },
  async () => {
    const records = Array.from({ length: 6 }, () => ({ value: Buffer.alloc(900_000) }));
    const { send, batches, invoker, untilInvoked } = await scene({ clock: new ManualClock(NOW), settings: WINDOW });
    for (const record of records) await send(record);
    await untilInvoked(1);
    expect(batches()).toEqual([[0, 1, 2, 3, 4]]);
    expect(JSON.stringify(invoker.events[0]).length).toBeLessThanOrEqual(6_291_456);
    const sixth = JSON.stringify(recordsOf(invoker.events[0]!)[0]).length;
    expect(JSON.stringify(invoker.events[0]).length + sixth).toBeGreaterThan(6_291_456);
  },
);

behaves(
  {
    behaviour: "a record that no event can carry goes to the destination with responseContext null",
    source: "kafka-on-failure",
    grade: "D",
  },
  async () => {
    const failures = await failureTopic({ maxMessageBytes: 16_000_000 });
    const { values, untilCommitted } = await withOversized({ ...PROVISIONED, ...AT_ONCE, ...failures.settings });
    await untilCommitted(3);
    expect(values()).toEqual(["before", "after"]);
    const [body] = await failures.bodies();
    expect(body.requestContext.condition).toBe("MaximumPayloadSizeExceeded");
    expect(body.responseContext).toBeNull();
  },
);

behaves(
  {
    behaviour: "a record that no event can carry is passed over without a destination, and the partition goes on",
    source: "with-kafka-troubleshoot",
    grade: "D/I",
  },
  async () => {
    const { values, counters, logged, untilCommitted } = await withOversized(AT_ONCE);
    await untilCommitted(3);
    expect(values()).toEqual(["before", "after"]);
    expect(counters().droppedEventCount).toBe(1);
    expect(logged).toContainEqual(
      expect.objectContaining({ condition: "MaximumPayloadSizeExceeded", firstOffset: 1, records: 1 }),
    );
  },
);

/** Between two ordinary records, one whose event would be of 6.4 MB. */
async function withOversized(settings: Readonly<Record<string, unknown>>): Promise<Scene> {
  const topic = await freshTopic({ partitions: 1, maxMessageBytes: 8_000_000 });
  for (const value of ["before", Buffer.alloc(4_800_000), "after"]) await produce(topic, [{ value }]);
  return scene({ topic, settings });
}

/** When the second of two records is sent: it comes in 1 s into the invocation of the first, which takes 3 s. Windows are of 5 s. */
async function secondInvocationAfter(mode: object): Promise<number> {
  const clock = new ManualClock(NOW);
  const answered = Promise.withResolvers<void>();
  const times: number[] = [];
  const { send, untilPolled, untilInvoked } = await scene({
    clock,
    partitions: 2,
    records: [{ partition: 0, value: "0" }],
    settings: { ...mode, MaximumBatchingWindowInSeconds: 5 },
    answer: async (_event, attempt) => {
      times.push(clock.now());
      if (attempt === 1) await answered.promise;
      return { kind: "success" };
    },
  });
  await untilPolled(1);
  await clock.advance(5000);
  await untilInvoked(1);
  await clock.advance(1000);
  await send({ partition: 1, value: "1" });
  await untilPolled(2);
  await clock.advance(2000);
  answered.resolve();
  await settled();
  await clock.advance(60_000);
  return times[1]! - times[0]!;
}
