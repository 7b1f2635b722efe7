// A month's bill, by numbers that can be told by hand.
import { describe, expect, it } from "vitest";
import { type Around, billOf, flinkBillOf, type Item } from "../../../localstack/cost/bill.ts";
import { curveOf, ratesBetween } from "../../../localstack/cost/curve.ts";
import type { PricedPipeline } from "../../../localstack/cost/pipelines.ts";
import { consumerRuns, emitterRuns } from "./runs.ts";

const around: Around = {
  runs: [...consumerRuns, ...emitterRuns],
  deployed: {
    memoryMb: () => 2048,
    mapping: () => ({ batchSize: 10_000, windowMs: 500, minimumPollers: 1, maximumPollers: 10 }),
  },
};
const flink = { recordsPerSecondPerKpu: 10_000, basis: "for the test" };
const stateless: PricedPipeline = {
  name: "stateless",
  consumers: [{ function: "consumer", measuredAs: "consumer", part: 1 }],
  flink,
};
const windowed: PricedPipeline = { ...stateless, emitter: { function: "emitter", measuredAs: "emitter for consumer" } };
const load = { recordsPerSecond: 1000, partitions: 10, pollers: "provisioned" as const };

const unitsOf = (items: readonly Item[]) => Object.fromEntries(items.map(({ unit, units }) => [unit, units]));
const usdOf = (items: readonly Item[]) => Object.fromEntries(items.map(({ unit, usd }) => [unit, usd]));

describe("the bill of a month of 730 hours", () => {
  it("has every service's units", () => {
    // Two batches a second, 2,628,000 seconds; 59 ms of 2 GB each, and a cold start of 500 ms an hour.
    const units = unitsOf(billOf(stateless, load, around).items);
    expect(units.requests).toBeCloseTo(5_256_000, 0);
    expect(units["GB-s"]).toBeCloseTo(5_256_000 * 0.059 * 2 + 730 * 0.5 * 2, 0);
    expect(units["EPU-hours"]).toBe(730);
    // 20 partitions' parts a second: 2 writes, 1 read and 40 bytes of log each, beside 400 a batch.
    expect(units.WRU).toBeCloseTo(20 * 2 * 2_628_000, 0);
    expect(units.RRU).toBeCloseTo(20 * 2_628_000, 0);
    expect(units.GB).toBeCloseTo(((2 * 400 + 20 * 40) * 2_628_000) / 1e9, 3);
  });

  it("has them at list prices", () => {
    const usd = usdOf(billOf(stateless, load, around).items);
    expect(usd.requests).toBeCloseTo(1.05, 2); // 5.256 M × 0.20
    expect(usd["GB-s"]).toBeCloseTo(8.28, 2); // 620,938 × 0.0000133334
    expect(usd["EPU-hours"]).toBeCloseTo(135.05, 2); // 730 × 0.185
    expect(usd.WRU).toBeCloseTo(65.7, 2); // 105.12 M × 0.625
    expect(usd.RRU).toBeCloseTo(6.57, 2); // 52.56 M × 0.125
    expect(usd.GB).toBeCloseTo(2.1, 2); // 4.2048 × 0.50
  });

  it("adds an emitter that never rests, and its partitions", () => {
    const [without, wanted] = [stateless, windowed].map((one) => unitsOf(billOf(one, load, around).items));
    expect(wanted!.requests! - without!.requests!).toBeCloseTo(43_800, 0); // one a minute
    expect(wanted!["GB-s"]! - without!["GB-s"]!).toBeCloseTo(43_800 * 61 * 2, 0);
    expect(wanted!.WRU! - without!.WRU!).toBeCloseTo(10 * 2_628_000, 0); // 5 + 0.5 × 10 a second
    expect(wanted!.RRU! - without!.RRU!).toBeCloseTo(30 * 2_628_000, 0); // 20 + 1 × 10 a second
  });

  it("has no pollers' price on demand", () => {
    expect(unitsOf(billOf(stateless, { ...load, pollers: "on-demand" }, around).items)["EPU-hours"]).toBe(0);
  });

  it("has each mapping's pollers, where a pipeline has several", () => {
    const parts = ["a", "b", "c"].map((name) => ({ function: name, measuredAs: "consumer", part: 1 / 3 }));
    expect(unitsOf(billOf({ ...stateless, consumers: parts }, load, around).items)["EPU-hours"]).toBe(3 * 730);
  });
});

describe("Managed Flink's bill", () => {
  it.each([
    [1, 2, 2 * 80.3 + 5],
    [10_000, 2, 2 * 80.3 + 5],
    [10_001, 3, 3 * 80.3 + 10],
    [100_000, 11, 11 * 80.3 + 50],
  ])("at %d records/s is for %d KPUs", (rate, kpus, usd) => {
    const bill = flinkBillOf(stateless, rate);
    expect(bill.kpus).toBe(kpus);
    expect(bill.usd).toBeCloseTo(usd, 6);
  });
});

describe("the curve", () => {
  it("goes over rates in equal factors", () => {
    expect(ratesBetween(1, 1000, 1).map(Math.round)).toEqual([1, 10, 100, 1000]);
    expect(ratesBetween(1, 100, 2).map((rate) => rate.toFixed(2))).toEqual([
      "1.00",
      "3.16",
      "10.00",
      "31.62",
      "100.00",
    ]);
  });

  it("never falls, and has no price where a rate can't be carried", () => {
    const points = curveOf(windowed, { partitions: 10, rates: ratesBetween(1, 1e6, 4) }, around);
    const priced = points.flatMap(({ provisioned }) => provisioned ?? []);
    expect(priced).toEqual([...priced].sort((a, b) => a - b));
    expect(points.at(-1)?.provisioned).toBeUndefined();
    expect(points.at(0)?.provisioned).toBeGreaterThan(135);
  });
});
