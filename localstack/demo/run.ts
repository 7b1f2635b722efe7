// One run of the demo: both pipelines' traffic at once, then waiting until all of it has come out, or nothing comes any more.
import { setTimeout as wait } from "node:timers/promises";
import type { Plan } from "../../events/generate/generator.ts";
import { rides } from "../../events/generate/rides.ts";
import { send } from "../../events/generate/send.ts";
import { type TransactionFacts, transactions } from "../../events/generate/transactions.ts";
import { isComplete, type Outputs, outputTopics, type SentTraffic } from "./check.ts";
import { PATIENCE_MS } from "./part.ts";
import type { Reader } from "./reader.ts";
import { keepIn, type Sent } from "./records.ts";

export interface RunOptions {
  readonly brokers: string;
  readonly reader: Reader;
  /** Transactions; rides are twice as many, at twice the rate. */
  readonly count: number;
  readonly rate: number;
  readonly seed: number;
}

export interface Run {
  /** Event time of the first records, in milliseconds since the epoch. */
  readonly start: number;
  readonly sent: SentTraffic;
  outputs(): Outputs;
  /** Settles when all has been sent. */
  readonly sending: Promise<unknown>;
}

const LATE_PERCENT = 2;
const BAD_PERCENT = 1;
/** Once everything has come out: time for what should not come. */
const AFTERWARDS_MS = 1_000;
const LOOK_EVERY_MS = 100;

/** Starts sending. */
export function startRun({ brokers, reader, count, rate, seed }: RunOptions): Run {
  const sent = { rides: [] as Sent[], transactions: [] as Sent<TransactionFacts>[] };
  const now = Date.now();
  const plan: Plan = { seed, start: now, count, rate, latePercent: LATE_PERCENT, badPercent: BAD_PERCENT };
  const twice: Plan = { ...plan, count: 2 * count, rate: 2 * rate };
  const to = { brokers: brokers.split(","), paceFrom: now };
  return {
    start: now,
    sent,
    outputs: () => outputsOf(reader),
    sending: Promise.all([
      send(rides, twice, { ...to, onSent: keepIn(sent.rides) }),
      send(transactions, plan, { ...to, onSent: keepIn(sent.transactions) }),
    ]),
  };
}

/** Waits until everything that was sent has come out and nothing follows it, or patience ends. */
export async function drain({ sent, outputs }: Run, reader: Reader, signal: AbortSignal): Promise<void> {
  const sentAt = Date.now();
  const silence = () => Date.now() - Math.max(sentAt, reader.lastReceivedAt());
  while (silence() < PATIENCE_MS && !isComplete(sent, outputs())) await wait(LOOK_EVERY_MS, undefined, { signal });
  while (silence() < AFTERWARDS_MS) await wait(LOOK_EVERY_MS, undefined, { signal });
}

function outputsOf(reader: Reader): Outputs {
  const names = Object.keys(outputTopics) as (keyof typeof outputTopics)[];
  return Object.fromEntries(names.map((name) => [name, reader.of(outputTopics[name])])) as unknown as Outputs;
}
