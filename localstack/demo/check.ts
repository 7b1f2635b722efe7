// All of the demo's checks over one run, and whether there is anything left to wait for.
import { isValid } from "../../events/generate/generator.ts";
import type { TransactionFacts } from "../../events/generate/transactions.ts";
import { checkDeadLetters } from "./check-dead-letters.ts";
import { checkRides } from "./check-rides.ts";
import { checkWindows, missing, startedBefore, type WindowOutputs, type WindowResult } from "./check-windows.ts";
import { cameFrom } from "./from-sent.ts";
import { place, type Received, type Sent } from "./records.ts";

export const outputTopics = {
  rides: "output-enriched-rides",
  ridesDead: "rides_dlq",
  ridesFailed: "rides_failed",
  windows: "transactions_aggregate",
  late: "transactions_late",
  transactionsDead: "transactions_dlq",
  transactionsFailed: "transactions_failed",
} as const;

export type Outputs = Readonly<Record<keyof typeof outputTopics, readonly Received[]>> & Pick<WindowOutputs, "leftOut">;

export interface SentTraffic {
  readonly rides: readonly Sent[];
  readonly transactions: readonly Sent<TransactionFacts>[];
}

export interface Verdict {
  readonly windows: readonly WindowResult[];
  /** What was checked, and a sentence for each thing that is wrong with it. */
  readonly checks: readonly (readonly [what: string, differences: readonly string[]])[];
}

/** Lays all that came out beside all that was sent. */
export function check(sent: SentTraffic, outputs: Outputs, brlPerUsd: number): Verdict {
  const { windows, differences } = checkWindows(sent.transactions, outputs);
  const failed = [...outputs.ridesFailed, ...outputs.transactionsFailed];
  return {
    windows,
    checks: [
      ["every ride once, in order, with the contract's fields", checkRides(sent.rides, outputs.rides, brlPerUsd)],
      [
        "every bad ride once in rides_dlq, byte for byte",
        checkDeadLetters("input-raw-rides", sent.rides, outputs.ridesDead),
      ],
      [
        `every window exact: its last result and what came too late add up to what was sent${leftOutNote(outputs)}`,
        differences,
      ],
      [
        "every bad transaction once in transactions_dlq, byte for byte",
        checkDeadLetters("transactions", sent.transactions, outputs.transactionsDead),
      ],
      ["nothing was given up", failed.map((record) => `${place(record)} was given up by the event source`)],
    ],
  };
}

function leftOutNote({ leftOut }: Outputs): string {
  return leftOut?.size ? ` (windows that held earlier traffic left out: ${leftOut.size})` : "";
}

/** Whether everything that was sent has come out somewhere; what came out too often is for `check` to find. */
export function isComplete(sent: SentTraffic, outputs: Outputs): boolean {
  const rides = sent.rides.filter(isValid).length;
  const transactions = sent.transactions.filter(isValid).length;
  if (outputs.rides.length < rides || outputs.ridesDead.length < sent.rides.length - rides) return false;
  if (outputs.transactionsDead.length < sent.transactions.length - transactions) return false;
  return missing(checkWindows(sent.transactions, outputs).windows) === 0;
}

/** The outputs without what other traffic on a shared broker has put there. */
export function onlyOurs(sent: SentTraffic, outputs: Outputs): Outputs {
  const rideKeys = new Set(sent.rides.map(({ key }) => key));
  const windows = new Set(sent.transactions.map(({ facts }) => String(facts.windowStart)));
  return {
    ...outputs,
    rides: outputs.rides.filter(({ key }) => rideKeys.has(key ?? "")),
    ridesDead: outputs.ridesDead.filter(cameFrom("input-raw-rides", sent.rides, "dead-letter")),
    windows: outputs.windows.filter(({ key }) => windows.has(key ?? "")),
    leftOut: startedBefore(outputs.windows),
    late: outputs.late.filter(cameFrom("transactions", sent.transactions, "late")),
    transactionsDead: outputs.transactionsDead.filter(cameFrom("transactions", sent.transactions, "dead-letter")),
  };
}
