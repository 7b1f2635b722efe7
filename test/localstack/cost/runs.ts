// Measurements with round numbers, for costs that can be told by hand.
import type { Run } from "../../../localstack/cost/measured.ts";

const base: Run = {
  function: "consumer",
  load: "steady",
  partitions: 3,
  recordsPerSecond: 500,
  seconds: 10,
  invocations: 10,
  shares: 30,
  records: 1000,
  eventBytes: 500_000,
  cpuMs: 0,
  fastestMs: 0,
  logBytes: 0,
  writeUnits: 0,
  readUnits: 0,
  coldMs: 0,
};

export function run(facts: Partial<Run>): Run {
  return { ...base, ...facts };
}

/** A batch of it takes 10 ms, 2 ms more a partition in it and 0.05 ms a record, and waits 4 ms; a record has 500 bytes. */
export const consumerRuns: readonly Run[] = [
  // 10 + 2 × 3 + 0.05 × 100
  run({ cpuMs: 210, fastestMs: 25, shares: 30, records: 1000, logBytes: 5200 }), // logged: 400 + 40 × 3
  // 10 + 2 × 12 + 0.05 × 100
  run({
    partitions: 12,
    cpuMs: 390,
    fastestMs: 60,
    shares: 120,
    records: 1000,
    writeUnits: 240,
    readUnits: 120,
    logBytes: 8800, // 400 + 40 × 12
    coldMs: 400,
  }),
  // 10 + 2 × 2 + 0.05 × 4,000
  run({
    load: "backlog",
    cpuMs: 214 * 25,
    fastestMs: 220,
    invocations: 25,
    shares: 50,
    records: 100_000,
    eventBytes: 50_000_000,
    coldMs: 500,
  }),
];

/** An emitter of it: 5 writes and 20 reads a second, and 0.5 and 1 more for each partition. */
export const emitterRuns: readonly Run[] = [
  run({ function: "emitter for consumer", writeUnits: 65, readUnits: 230, logBytes: 1000 }),
  run({ function: "emitter for consumer", partitions: 12, writeUnits: 110, readUnits: 320, logBytes: 1000 }),
];
