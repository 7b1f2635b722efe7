// What `npm run bench` measured, from which costs are told: measured.json beside this file, and never a guess.

import { readFileSync } from "node:fs";

export interface Measurements {
  readonly at: string;
  readonly machine: string;
  readonly note: string;
  readonly runs: readonly Run[];
}

/** One function under one load. Sums over warm invocations; a cold one is told apart. */
export interface Run {
  /** The function's key in serverless.yml. */
  readonly function: string;
  /** `steady`: small batches as records come. `backlog`: large ones. */
  readonly load: "steady" | "backlog";
  /** Of its topic. */
  readonly partitions: number;
  readonly recordsPerSecond: number;
  /** How long it was watched. */
  readonly seconds: number;
  readonly invocations: number;
  /** One partition's part of one batch. */
  readonly shares: number;
  readonly records: number;
  /** Bytes of the events, as Lambda limits them. */
  readonly eventBytes: number;
  /** CPU time of the function's processes, warm and cold, which other work on the machine hardly changes. */
  readonly cpuMs: number;
  /** The fastest invocation, waiting for stores and brokers included. */
  readonly fastestMs: number;
  /** What the function logged. */
  readonly logBytes: number;
  readonly writeUnits: number;
  readonly readUnits: number;
  /** The first invocation of an environment: start, init and work. */
  readonly coldMs: number;
}

export const measuredFile = new URL("measured.json", import.meta.url);

export function readMeasurements(): Measurements {
  return JSON.parse(readFileSync(measuredFile, "utf8"));
}
