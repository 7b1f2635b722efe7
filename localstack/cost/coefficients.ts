// What one function takes, from what was measured: so much a batch, so much more for each partition in it and each record. Pure.

import type { Run } from "./measured.ts";

export interface Coefficients {
  /** A batch takes `waitMs + batchMs + shareMs × partitions in it + recordMs × records`: what it waits for others, and CPU time. */
  readonly waitMs: number;
  readonly batchMs: number;
  readonly shareMs: number;
  readonly recordMs: number;
  readonly recordBytes: number;
  /** Of DynamoDB, for each partition in a batch. */
  readonly shareWriteUnits: number;
  readonly shareReadUnits: number;
  /** Logged of a batch, and more for each partition in it. */
  readonly batchLogBytes: number;
  readonly shareLogBytes: number;
  readonly coldMs: number;
}

/** What an emitter takes, whose work follows partitions and time, not records: `fixed + perPartition × partitions`, a second. */
export interface EmitterCoefficients {
  readonly writeUnits: Line;
  readonly readUnits: Line;
  readonly logBytes: Line;
}

export interface Line {
  readonly fixed: number;
  readonly perPartition: number;
}

/** A consuming function's, from a steady load on few and on many partitions and a backlog on few. */
export function coefficientsOf(name: string, runs: readonly Run[]): Coefficients {
  const own = runs.filter((run) => run.function === name);
  const [few, many] = steadyOf(name, own);
  const backlog = own.find(({ load }) => load === "backlog") ?? missing(name, "a run with a backlog");
  const [small, wide, large] = [each(few), each(many), each(backlog)];
  // Where batches are full under either load, they tell nothing of records apart, whose time is then the batch's.
  const isTold = large.records > 2 * small.records;
  const wider = difference(wide, small);
  const { shareMs, recordMs } = isTold ? slopes(wider, difference(large, small)) : level(wider);
  const batchMs = positive(small.ms - shareMs * small.shares - recordMs * small.records);
  const shareLogBytes = positive((wide.logBytes - small.logBytes) / (wide.shares - small.shares));
  return {
    waitMs: positive(few.fastestMs - small.ms),
    batchMs,
    shareMs,
    recordMs,
    recordBytes: backlog.eventBytes / backlog.records,
    shareWriteUnits: many.writeUnits / many.shares,
    shareReadUnits: many.readUnits / many.shares,
    batchLogBytes: positive(small.logBytes - shareLogBytes * small.shares),
    shareLogBytes,
    coldMs: Math.max(...own.map(({ coldMs }) => coldMs)),
  };
}

/** An emitter's, from a steady load on few and on many partitions. */
export function emitterCoefficientsOf(name: string, runs: readonly Run[]): EmitterCoefficients {
  const [few, many] = steadyOf(
    name,
    runs.filter((run) => run.function === name),
  );
  const line = (of: (run: Run) => number): Line => {
    const [low, high] = [of(few) / few.seconds, of(many) / many.seconds];
    const perPartition = positive((high - low) / (many.partitions - few.partitions));
    return { fixed: positive(low - perPartition * few.partitions), perPartition };
  };
  return {
    writeUnits: line(({ writeUnits }) => writeUnits),
    readUnits: line(({ readUnits }) => readUnits),
    logBytes: line(({ logBytes }) => logBytes),
  };
}

function steadyOf(name: string, runs: readonly Run[]): readonly [few: Run, many: Run] {
  const steady = runs.filter(({ load }) => load === "steady").sort((a, b) => a.partitions - b.partitions);
  const [few, many] = [steady.at(0), steady.at(-1)];
  if (few === undefined || many === undefined || few.partitions === many.partitions) {
    return missing(name, "steady runs on two numbers of partitions");
  }
  return [few, many];
}

interface Work {
  readonly ms: number;
  readonly shares: number;
  readonly records: number;
}

function difference(one: Work, other: Work): Work {
  return { ms: one.ms - other.ms, shares: one.shares - other.shares, records: one.records - other.records };
}

/** Two differences, two unknowns. Noise may have a line fall: then it is level, for nothing takes less than no time. */
function slopes(wider: Work, larger: Work): { readonly shareMs: number; readonly recordMs: number } {
  const determinant = wider.shares * larger.records - larger.shares * wider.records;
  const shareMs = (wider.ms * larger.records - larger.ms * wider.records) / determinant;
  const recordMs = (wider.shares * larger.ms - larger.shares * wider.ms) / determinant;
  if (!(shareMs >= 0)) return { shareMs: 0, recordMs: positive(larger.ms / larger.records) };
  if (!(recordMs >= 0)) return level(wider);
  return { shareMs, recordMs };
}

/** As if a record more took no time. */
function level(wider: Work): { readonly shareMs: number; readonly recordMs: number } {
  return { shareMs: positive(wider.ms / wider.shares), recordMs: 0 };
}

/** Of one batch. */
function each({ invocations, shares, records, cpuMs, logBytes }: Run): Work & { readonly logBytes: number } {
  const of = (sum: number) => sum / invocations;
  return { ms: of(cpuMs), shares: of(shares), records: of(records), logBytes: of(logBytes) };
}

function positive(value: number): number {
  return Number.isFinite(value) ? Math.max(0, value) : 0;
}

function missing(name: string, what: string): never {
  throw new Error(`Nothing tells what '${name}' costs: measured.json lacks ${what}. Run: npm run bench`);
}
