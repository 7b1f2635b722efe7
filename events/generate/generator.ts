// What a generator of fake traffic is: a pipeline declares how a good record looks; time, lateness and damage are added here.
// Record i depends on the plan and i alone, so the same plan is the same bytes, whoever sends them and however fast.
import type { Faker } from "@faker-js/faker";
import { type BadKind, damage } from "./damage.ts";
import { seededFaker } from "./faker.ts";
import { type Draw, draws, fraction, integer, pick } from "./random.ts";

/** What to send. Event time of record i is `start + i / rate`, give or take what its kind says. */
export interface Plan {
  readonly seed: number;
  /** Milliseconds since the epoch. */
  readonly start: number;
  readonly count: number;
  /** Records a second of event time. */
  readonly rate: number;
  readonly latePercent: number;
  readonly badPercent: number;
}

/** `late`: its window has closed but accepts it still; `too-late`: behind the allowed lateness; the rest is poison. */
export type Kind = "good" | "late" | "too-late" | BadKind;

/** One record as it is sent; `facts` are what the pipeline says about it for the ground truth. */
export interface GeneratedRecord<Facts = unknown> {
  readonly index: number;
  readonly kind: Kind;
  /** Milliseconds since the epoch. */
  readonly eventTime: number;
  readonly key: string;
  readonly value: string | Buffer | null;
  readonly facts: Facts;
}

/** How one pipeline's records are made: a file in this folder exports one, and `pipelines.ts` lists it. */
export interface TrafficGenerator<Facts = unknown, Pools = unknown> {
  readonly pipeline: string;
  readonly topic: string;
  /** The ways this pipeline's records can be bad. */
  readonly badKinds: readonly BadKind[];
  /** Fields without which, or with another type in which, a record is refused. */
  readonly checkedFields: readonly string[];
  /** How many records in a hundred are there a second time, as a source sends them that was cut off; none unless told otherwise. */
  readonly repeatPercent?: number;
  /** What is slow to make and can be drawn from: made once a run. */
  pools(faker: Faker, plan: Plan): Pools;
  /** A good record: its key, its value (JSON, where damage is left to this file), and the facts of it. */
  record(slot: Slot, draw: Draw, pools: Pools): { key: string; value: string | Buffer; facts: Facts };
  /** The value of a record of a bad kind, for values that are not JSON. */
  damage?(kind: Kind, facts: Facts, draw: Draw): Buffer | null;
  /** Fits values to where they are sent, such as schema ids to the registry there. */
  seal?(edges: SealEdges): Promise<(value: GeneratedRecord["value"]) => GeneratedRecord["value"]>;
  /** What was sent, in the pipeline's own words, for the summary. */
  tally?(): Tally<Facts>;
}

/** What `seal` may need of the place that records are sent to. */
export interface SealEdges {
  /** The schema registry's address. */
  readonly schemaRegistryUrl: string;
}

/** A record's place in the plan. */
export interface Slot {
  readonly index: number;
  /** Milliseconds since the epoch. */
  readonly eventTime: number;
}

export interface Tally<Facts> {
  add(record: GeneratedRecord<Facts>): void;
  /** Label and value, a row each. */
  rows(): [label: string, value: number][];
  /** What takes more than a label to say: numbers are figures, text stands as it is. */
  table?(): { readonly columns: readonly string[]; readonly rows: readonly (readonly (string | number)[])[] };
}

/** Event time runs at this rate when records are sent as fast as they go. */
export const DEFAULT_EVENT_RATE = 1000;

/** How many records further on one may be there a second time. */
const FURTHEST_REPEAT = 50;

/** A good record is at most this far behind its place: half of what windows tolerate, the other half is for the way. */
export const MAX_DISORDER_MS = 500;

// With 3 s windows, 1 s out-of-orderness and 10 s allowed lateness, a record of time t is late once t + 4 s has passed
// at the latest, and too late once t + 14 s has:
//   t --------- t+4 s ------------------------- t+10 s ---------- t+14 s ------------>
//   |   good    |  late from here on                                | too late from here on
const delaysMs: Record<"late" | "too-late", readonly [number, number]> = {
  late: [4_500, 9_500],
  "too-late": [16_000, 30_000],
};
const farFutureMs = 30 * 86_400_000;

/** When record `index` takes its place in the traffic, in milliseconds since the epoch. */
export function dueTime(plan: Plan, index: number): number {
  return plan.start + Math.floor((index * 1000) / plan.rate);
}

/** Makes record i of a plan, for any i in any order. */
export function recordMaker<Facts, Pools>(
  generator: TrafficGenerator<Facts, Pools>,
  plan: Plan,
): (index: number) => GeneratedRecord<Facts> {
  const pools = generator.pools(seededFaker(plan.seed), plan);
  const { repeatPercent = 0 } = generator;
  return function make(index): GeneratedRecord<Facts> {
    const draw = draws(plan.seed, index);
    const kind = drawKind(generator.badKinds, plan, draw);
    if (index > 0 && repeatPercent > 0 && fraction(draw) * 100 < repeatPercent) {
      return { ...make(Math.max(0, index - 1 - integer(draw, 0, FURTHEST_REPEAT))), index };
    }
    const eventTime = dueTime(plan, index) - drawDelay(kind, draw);
    const { key, value, facts } = generator.record({ index, eventTime }, draw, pools);
    return { index, kind, eventTime, key, value: damaged(generator, { kind, value, facts }, draw), facts };
  };
}

/** Everything a plan sends, in order: the ground truth. */
export function* allRecords<Facts, Pools>(
  generator: TrafficGenerator<Facts, Pools>,
  plan: Plan,
): Generator<GeneratedRecord<Facts>> {
  const record = recordMaker(generator, plan);
  for (let index = 0; index < plan.count; index++) yield record(index);
}

/** Whether a pipeline takes this record in: late ones are valid too. */
export function isValid(record: { readonly kind: Kind }): boolean {
  return record.kind === "good" || record.kind === "late" || record.kind === "too-late";
}

function damaged<Facts, Pools>(
  { damage: ownDamage, checkedFields }: TrafficGenerator<Facts, Pools>,
  { kind, value, facts }: Pick<GeneratedRecord<Facts>, "kind" | "facts"> & { readonly value: string | Buffer },
  draw: Draw,
): GeneratedRecord["value"] {
  if (isValid({ kind })) return value;
  return ownDamage === undefined ? damage(kind, String(value), checkedFields, draw) : ownDamage(kind, facts, draw);
}

function drawKind(badKinds: readonly BadKind[], plan: Plan, draw: Draw): Kind {
  const percent = fraction(draw) * 100;
  if (percent < plan.badPercent) return pick(draw, badKinds);
  if (percent < plan.badPercent + plan.latePercent) return pick(draw, ["late", "too-late"]);
  return "good";
}

function drawDelay(kind: Kind, draw: Draw): number {
  if (kind === "far-future") return -integer(draw, farFutureMs, 2 * farFutureMs);
  if (kind === "late" || kind === "too-late") return integer(draw, ...delaysMs[kind]);
  return integer(draw, 0, MAX_DISORDER_MS);
}
