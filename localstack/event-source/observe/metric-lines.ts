// Metrics as CloudWatch would have them, a line of JSON a mapping and a function each minute.
import { appendFileSync, mkdirSync } from "node:fs";
import { dirname } from "node:path";
import type { Clock } from "../clock.ts";
import type { FunctionMeter, Meters } from "./meters.ts";
import { functionMetrics, type Metric, mappingMetrics, type Observed } from "./metrics.ts";

export interface MetricLinesOptions {
  readonly file: string;
  readonly clock: Clock;
  readonly meters: Meters;
  observed(): readonly Observed[];
}

const PERIOD_MS = 60_000;
const NAMESPACE = "AWS/Lambda";

/** Appends until it is stopped; the last, shorter period is written then. */
export function startMetricLines({ file, clock, meters, observed }: MetricLinesOptions): { stop(): void } {
  mkdirSync(dirname(file), { recursive: true });
  const before = new Map<string, number>();
  const write = () => {
    const timestamp = new Date(clock.now()).toISOString();
    const lines = linesOf(observed(), meters.all, { timestamp, before });
    if (lines.length > 0) appendFileSync(file, lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
    meters.beginPeriod();
  };
  let cancel = () => {};
  const again = () => {
    cancel = clock.at(clock.now() + PERIOD_MS, () => {
      write();
      again();
    });
  };
  again();
  return {
    stop() {
      cancel();
      write();
    },
  };
}

/** The period's lines; `before` has the counts at its beginning, and at its end when this returns. */
export function linesOf(
  observed: readonly Observed[],
  meters: readonly FunctionMeter[],
  { timestamp, before }: { readonly timestamp: string; readonly before: Map<string, number> },
): object[] {
  const mappings = observed.flatMap(({ mapping, status }) => {
    const metrics = periodOf(mapping.id, mappingMetrics({ mapping, status }), before);
    if (Object.keys(metrics).length === 0) return [];
    const names = { mapping: mapping.logicalId, function: status.functionName, topic: mapping.topic };
    return { timestamp, namespace: NAMESPACE, EventSourceMappingUUID: mapping.id, ...names, metrics };
  });
  const functions = meters.flatMap((meter) => {
    const { functionName, duration, period } = meter;
    const { ConcurrentExecutions: _now, ...counts } = periodOf(functionName, functionMetrics(meter), before);
    const count = delta(`${functionName}/duration/count`, duration.count, before);
    const sum = delta(`${functionName}/duration/sum`, duration.sum, before);
    if (period.mostConcurrent === 0 && Object.values(counts).every((value) => value === 0)) return [];
    const { shortestMs: min, longestMs: max, mostConcurrent: ConcurrentExecutions } = period;
    const measured = count === 0 ? {} : { Duration: { count, sum, min, max } };
    const metrics = { ...counts, ConcurrentExecutions, ...measured };
    return { timestamp, namespace: NAMESPACE, FunctionName: functionName, metrics };
  });
  return [...mappings, ...functions];
}

function periodOf(key: string, metrics: readonly Metric[], before: Map<string, number>): Record<string, number> {
  const values = metrics.map(({ name, kind, isSparse, value }) => {
    const inPeriod = kind === "gauge" ? value : delta(`${key}/${name}`, value, before);
    return { name, isSparse, inPeriod };
  });
  const given = values.filter(({ isSparse, inPeriod }) => !isSparse || inPeriod !== 0);
  return Object.fromEntries(given.map(({ name, inPeriod }) => [name, inPeriod]));
}

function delta(key: string, value: number, before: Map<string, number>): number {
  const earlier = before.get(key) ?? 0;
  before.set(key, value);
  return value - earlier;
}
