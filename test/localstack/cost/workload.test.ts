// How records become invocations, by numbers that can be told by hand.
import { describe, expect, it } from "vitest";
import type { Coefficients } from "../../../localstack/cost/coefficients.ts";
import { readMeasurements } from "../../../localstack/cost/measured.ts";
import { type Load, workloadOf } from "../../../localstack/cost/workload.ts";

const takes: Coefficients = {
  waitMs: 4,
  batchMs: 6,
  shareMs: 2,
  recordMs: 0.05,
  recordBytes: 500,
  shareWriteUnits: 2,
  shareReadUnits: 1,
  batchLogBytes: 400,
  shareLogBytes: 300,
  coldMs: 500,
};
const mapping = { batchSize: 10_000, windowMs: 500, minimumPollers: 1, maximumPollers: 10 };
const load: Load = { recordsPerSecond: 1000, partitions: 10, pollers: "provisioned" };

describe("a mapping's work", () => {
  it("is two batches a second where half a second fills none", () => {
    const work = workloadOf(mapping, load, takes);
    // 500 records on all 10 partitions: 10 + 2 × 10 + 0.05 × 500 = 55 ms
    expect(work).toMatchObject({ pollers: 1, eventPollerUnits: 1 });
    expect(work.invocations).toBeCloseTo(2, 6);
    expect(work.recordsEach).toBeCloseTo(500, 6);
    expect(work.shares).toBeCloseTo(20, 6);
    expect(work.msEach).toBeCloseTo(55, 6);
    expect(work.concurrency).toBeCloseTo(0.11, 6);
  });

  it("is nothing but a poller where no records come", () => {
    expect(workloadOf(mapping, { ...load, recordsPerSecond: 0 }, takes)).toMatchObject({
      ...{ pollers: 1, eventPollerUnits: 1, invocations: 0, shares: 0, concurrency: 0 },
    });
  });

  it("is a batch a record where records are rare", () => {
    const work = workloadOf(mapping, { ...load, recordsPerSecond: 0.001 }, takes);
    expect(work.invocations).toBeCloseTo(0.001, 6);
    expect(work.recordsEach).toBeCloseTo(1, 3);
  });

  it("is as many full batches as there are records for, where they are full before their window ends", () => {
    const work = workloadOf({ ...mapping, batchSize: 100 }, { ...load, recordsPerSecond: 1000 }, takes);
    expect(work.invocations).toBeCloseTo(10, 6);
    expect(work.recordsEach).toBeCloseTo(100, 6);
  });

  it("has batches that are no larger than an event may be", () => {
    const work = workloadOf(mapping, { ...load, partitions: 1 }, { ...takes, recordBytes: 62_914 });
    // 6 MiB / 62,914 bytes: 100 records; and 63 MB/s are more than the one poller that a partition allows
    expect(work.recordsEach).toBeCloseTo(100, 6);
    expect(work.overload).toBe("one poller doesn't carry it: more partitions");
  });

  it("gets another poller for every 5 MB/s, and another unit for every 20 MB/s", () => {
    const at = (recordsPerSecond: number) =>
      workloadOf(mapping, { ...load, recordsPerSecond }, { ...takes, recordMs: 0.001 });
    expect(at(9_999)).toMatchObject({ pollers: 1, eventPollerUnits: 1 });
    expect(at(10_001)).toMatchObject({ pollers: 2, eventPollerUnits: 1 });
    expect(at(40_001)).toMatchObject({ pollers: 5, eventPollerUnits: 2 });
  });

  it("costs no unit on demand, and batches grow while one is worked on", () => {
    const work = workloadOf(mapping, { ...load, pollers: "on-demand" }, takes);
    // a batch every 500 + d ms, d = 10 + 20 + 0.05 × (500 + d): d = 57.9
    expect(work.eventPollerUnits).toBe(0);
    expect(work.msEach).toBeCloseTo(57.89, 1);
    expect(work.invocations).toBeCloseTo(1000 / 557.89, 3);
  });

  it("that more invocations at once are needed for than there are partitions can't be carried", () => {
    const work = workloadOf(mapping, { ...load, partitions: 2, recordsPerSecond: 9000 }, { ...takes, recordMs: 1 });
    expect(work.overload).toMatch(/^10 invocations at once are needed, and 2 partitions allow 2: more partitions$/);
  });

  it("that needs more pollers than are allowed says which setting allows more", () => {
    const work = workloadOf(
      { ...mapping, maximumPollers: 2 },
      { ...load, recordsPerSecond: 40_000 },
      { ...takes, recordMs: 0.001 },
    );
    expect(work.overload).toBe("2 pollers don't carry it: raise maximumPollers in functions.yml");
  });
});

describe("the model's batches", () => {
  const { runs } = readMeasurements();
  // A machine that is too busy answers late, and batches grow while a partition waits for its last one.
  const keptUp = runs.filter(
    ({ load, partitions, invocations, fastestMs }) =>
      load === "steady" && partitions === 3 && invocations > 0 && fastestMs < 100,
  );
  const settings: Readonly<Record<string, Partial<typeof mapping>>> = {
    storeOrders: { batchSize: 100 },
    storeTrades: { batchSize: 1000 },
    summarizeEvents: { batchSize: 1000, windowMs: 2000 },
  };

  it.each(keptUp)(
    "are as many as the event source was seen to send, where the machine kept up: $function",
    ({ function: name, invocations, seconds, recordsPerSecond }) => {
      const steady = { recordsPerSecond, partitions: 3, pollers: "provisioned" } as const;
      const work = workloadOf({ ...mapping, ...settings[name] }, steady, takes);
      expect(invocations / seconds / work.invocations).toBeGreaterThan(0.8);
      expect(invocations / seconds / work.invocations).toBeLessThan(1.25);
    },
  );

  it("were seen for some functions at least", () => {
    expect(keptUp.length).toBeGreaterThanOrEqual(3);
  });
});
