// From measurements to what a batch takes.
import { describe, expect, it } from "vitest";
import { coefficientsOf, emitterCoefficientsOf } from "../../../localstack/cost/coefficients.ts";
import { readMeasurements } from "../../../localstack/cost/measured.ts";
import { pricedPipelines } from "../../../localstack/cost/pipelines.ts";
import { consumerRuns, emitterRuns, run } from "./runs.ts";

describe("what a batch takes", () => {
  it("is told apart into waiting, the batch, its partitions and its records", () => {
    const { waitMs, batchMs, shareMs, recordMs } = coefficientsOf("consumer", consumerRuns);
    expect(waitMs).toBeCloseTo(4, 9); // 25 ms at the fastest, of which 21 ms CPU time
    expect(batchMs).toBeCloseTo(10, 9);
    expect(shareMs).toBeCloseTo(2, 9);
    expect(recordMs).toBeCloseTo(0.05, 9);
  });

  it("has units of the store by partition in a batch, logs by batch and partition, bytes by record, and the slowest cold start", () => {
    const { batchLogBytes, ...takes } = coefficientsOf("consumer", consumerRuns);
    expect(batchLogBytes).toBeCloseTo(400, 9);
    expect(takes).toMatchObject({
      shareWriteUnits: 2,
      shareReadUnits: 1,
      shareLogBytes: 40,
      recordBytes: 500,
      coldMs: 500,
    });
  });

  it("is never less than nothing where noise has a line fall", () => {
    const noisy = consumerRuns.map((one) => (one.partitions === 12 ? { ...one, cpuMs: 10 } : one));
    const { batchMs, shareMs, recordMs } = coefficientsOf("consumer", noisy);
    expect(shareMs).toBe(0);
    expect(recordMs).toBeCloseTo((214 - 21) / 3900, 9);
    expect(batchMs).toBeGreaterThan(0);
  });

  it("keeps what partitions take where batches are full under either load, as at a batch size of 100", () => {
    const full = consumerRuns.map((one) =>
      one.load === "backlog" ? { ...one, invocations: 1000, shares: 1000, cpuMs: 10_000 } : one,
    );
    const { batchMs, shareMs, recordMs } = coefficientsOf("consumer", full);
    expect(shareMs).toBeCloseTo(2, 9);
    expect(recordMs).toBe(0);
    expect(batchMs).toBeCloseTo(15, 9); // 10, and 0.05 for each of 100 records
  });

  it("is not guessed where it was not measured", () => {
    expect(() => coefficientsOf("other", consumerRuns)).toThrow(
      "Nothing tells what 'other' costs: measured.json lacks steady runs on two numbers of partitions. Run: npm run bench",
    );
    expect(() => coefficientsOf("consumer", [run({}), run({ partitions: 12 })])).toThrow("lacks a run with a backlog");
  });
});

describe("what an emitter takes a second", () => {
  it("is so much, and so much more a partition", () => {
    const { writeUnits, readUnits, logBytes } = emitterCoefficientsOf("emitter for consumer", emitterRuns);
    expect(writeUnits).toEqual({ fixed: 5, perPartition: 0.5 });
    expect(readUnits).toEqual({ fixed: 20, perPartition: 1 });
    expect(logBytes).toEqual({ fixed: 100, perPartition: 0 });
  });
});

describe("measured.json", () => {
  const { runs, at, machine } = readMeasurements();

  it("says when and on what it was measured", () => {
    expect(new Date(at).toISOString()).toBe(at);
    expect(machine).toMatch(/\d+ × .+, Node v24/);
  });

  it("has what the bill of every pipeline is made of", () => {
    for (const { consumers, emitter } of pricedPipelines) {
      for (const { measuredAs } of consumers) {
        const takes = coefficientsOf(measuredAs, runs);
        expect(Object.values(takes).every((value) => Number.isFinite(value) && value >= 0)).toBe(true);
        expect(takes.batchMs + takes.recordMs).toBeGreaterThan(0);
      }
      if (emitter) expect(emitterCoefficientsOf(emitter.measuredAs, runs).readUnits.fixed).toBeGreaterThan(0);
    }
  });
});
