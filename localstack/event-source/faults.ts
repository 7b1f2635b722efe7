// Faults on purpose: what AWS may do to a function at any time, dealt out by a seed. The same seed deals the same fault to the
// same attempt at the same records, whatever else happens meanwhile.
// https://docs.aws.amazon.com/lambda/latest/dg/kafka-retry-configurations.html
import { createHash } from "node:crypto";

/** What befalls one attempt. */
export type Fault =
  /** Refused before it reaches the function, and not counted as a retry. */
  | { readonly kind: "throttle" }
  /** A success that is invoked once more before it counts, as at-least-once delivery may. */
  | { readonly kind: "duplicate" }
  | Interruption;

/** The execution environment ends while it works: by itself, or at its time limit. */
export interface Interruption {
  readonly kind: "crash" | "timeout";
  /** When, as a share of the function's usual time; from 1 on: its work is done and only its answer is lost. */
  readonly moment: number;
}

/** What is counted; a rebalance befalls a group and no attempt. */
export type FaultKind = Fault["kind"] | "rebalance";

export const FAULT_KINDS = ["crash", "timeout", "throttle", "duplicate"] as const;

/** How often each fault comes: chances of an attempt, which add up to 1 at most. */
export type FaultChances = Readonly<Record<(typeof FAULT_KINDS)[number], number>>;

export interface FaultPlan extends FaultChances {
  readonly seed: number;
  /** A member joins each group and leaves it again, this often. */
  readonly rebalanceEveryMs?: number;
}

export const NO_FAULTS: FaultPlan = { crash: 0, timeout: 0, throttle: 0, duplicate: 0, seed: 1 };

/** Which attempt at which records: the batch's first, by its partition's key and offset. */
export interface Attempt {
  readonly key: string;
  readonly offset: number;
  /** Grows with every try of these records, 0 for the first. */
  readonly attempt: number;
}

/** The fault that an attempt meets, if any. */
export function faultOf(plan: FaultPlan, { key, offset, attempt }: Attempt): Fault | undefined {
  if (FAULT_KINDS.every((kind) => plan[kind] === 0)) return undefined;
  const digest = createHash("sha256").update(`${plan.seed}/${key}@${offset}/${attempt}`).digest();
  let toss = digest.readUInt32BE(0) / 2 ** 32;
  for (const kind of FAULT_KINDS) {
    if (toss < plan[kind]) {
      if (kind === "throttle" || kind === "duplicate") return { kind };
      return { kind, moment: (digest.readUInt32BE(4) / 2 ** 32) * 2 };
    }
    toss -= plan[kind];
  }
  return undefined;
}

/** Reads `crash=0.01,timeout=0.01,throttle=0.05,duplicate=0.1,rebalance=30s,seed=7`. */
export function parseFaults(text: string): FaultPlan {
  const plan = { ...NO_FAULTS } as { -readonly [K in keyof FaultPlan]: FaultPlan[K] };
  for (const part of text.split(",").filter((entry) => entry !== "")) {
    const [name = "", value = ""] = part.split("=", 2);
    const kind = FAULT_KINDS.find((known) => known === name);
    if (kind !== undefined) plan[kind] = chance(name, value);
    else if (name === "rebalance") plan.rebalanceEveryMs = seconds(value);
    else if (name === "seed") plan.seed = seed(value);
    else throw new Error(`--fault knows ${FAULT_KINDS.join(", ")}, rebalance and seed: got '${part}'`);
  }
  const sum = FAULT_KINDS.reduce((total, kind) => total + plan[kind], 0);
  if (sum > 1 + 1e-9) throw new Error(`--fault: the chances of an attempt add up to 1 at most, got ${sum}`);
  return plan;
}

function chance(name: string, text: string): number {
  const number = Number(text);
  if (text !== "" && number >= 0 && number <= 1) return number;
  throw new Error(`--fault ${name}= takes a chance from 0 to 1, got '${text}'`);
}

function seconds(text: string): number {
  const [, number] = /^(\d+(?:\.\d+)?)s$/.exec(text) ?? [];
  if (number !== undefined && Number(number) >= 1) return Number(number) * 1000;
  throw new Error(`--fault rebalance= takes a time of 1s or more such as 30s, got '${text}'`);
}

function seed(text: string): number {
  if (/^\d+$/.test(text)) return Number(text);
  throw new Error(`--fault seed= takes a whole number, got '${text}'`);
}
