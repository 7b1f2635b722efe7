// What a pipeline costs over a range of rates: as data for the table and the chart. Pure.

import { type Around, billOf, flinkBillOf } from "./bill.ts";
import type { PricedPipeline } from "./pipelines.ts";

export interface Point {
  readonly recordsPerSecond: number;
  /** Undefined where it can't be carried as it is set. */
  readonly provisioned: number | undefined;
  readonly onDemand: number | undefined;
  readonly flink: number;
}

export interface CurveOptions {
  readonly partitions: number;
  readonly rates: readonly number[];
}

export function curveOf(
  pipeline: PricedPipeline,
  { partitions, rates }: CurveOptions,
  around: Around,
): readonly Point[] {
  return rates.map((recordsPerSecond) => {
    const usd = (pollers: "provisioned" | "on-demand") => {
      const bill = billOf(pipeline, { recordsPerSecond, partitions, pollers }, around);
      return bill.workloads.some(({ overload }) => overload !== undefined) ? undefined : bill.usd;
    };
    return {
      recordsPerSecond,
      provisioned: usd("provisioned"),
      onDemand: usd("on-demand"),
      flink: flinkBillOf(pipeline, recordsPerSecond).usd,
    };
  });
}

/** So many rates in each decade, ends included. */
export function ratesBetween(least: number, most: number, aDecade: number): readonly number[] {
  const decades = Math.log10(most / least);
  const steps = Math.round(decades * aDecade);
  return Array.from({ length: steps + 1 }, (_, step) => least * 10 ** ((decades * step) / steps));
}
