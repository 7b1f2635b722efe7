// Payments of ten fixed users, so that any window can be checked by hand: the user whose id starts with digit d pays 10·d, with 0, 100.
import type { Tally, TrafficGenerator } from "./generator.ts";
import { isValid } from "./generator.ts";
import { pick } from "./random.ts";
import { timestampText } from "./timestamp.ts";

/** What a transaction adds to its window when it is valid. */
export interface TransactionFacts {
  /** Milliseconds since the epoch. */
  readonly windowStart: number;
  readonly isPaid: boolean;
  /** Whole currency units: amounts here have no cents. */
  readonly amount: number;
}

/** What a window should come to. */
export interface WindowTruth {
  total: number;
  count: number;
}

export const WINDOW_MS = 3000;

export const transactions: TrafficGenerator<TransactionFacts> = {
  pipeline: "transactions",
  topic: "transactions",
  badKinds: ["not-json", "truncated", "wrong-type", "missing-field", "tombstone", "far-future"],
  checkedFields: ["event_timestamp", "user_id", "transaction_id", "total_paid", "status"],
  pools: () => undefined,
  record({ index, eventTime }, draw) {
    const user = pick(draw, users);
    const status = pick(draw, statuses);
    const facts = {
      windowStart: Math.floor(eventTime / WINDOW_MS) * WINDOW_MS,
      isPaid: status.toLowerCase() === "paid",
      amount: amountOf(user),
    };
    const value =
      `{"event_timestamp":"${timestampText(eventTime)}","user_id":"${user}","transaction_id":${index + 1},` +
      `"total_paid":${facts.amount},"status":"${status}"}`;
    return { key: user, value, facts };
  },
  tally,
};

/** The ten users, whose ids start with 1, 2 … 9, 0. */
export const users = [
  "1c0d7f3a-5b1e-4c55-9a44-0f6b3a1d2e01",
  "2f81b6d0-83aa-4e0f-8a6d-7c1f09d45b02",
  "3a9e4c17-0d62-4b7b-b1f0-52e8c6a97d03",
  "4d27a8e5-f94c-4fd1-9c3b-e8106b5f2a04",
  "5e6b1290-2c7d-4a38-8f5e-b47d93c01e05",
  "6b3fd5c8-a10e-4d96-a2d7-19c45e8f7b06",
  "7a14e9f2-6e83-41bc-b8c0-d35f7a026c07",
  "8c58037d-d4b9-4e2a-973f-6ab2e1c94d08",
  "9f92c64b-175f-48e7-8d1a-03be5d7f8a09",
  "0b7ae13c-e826-4593-a6f4-c81d0975be00",
];

// Three in four are paid, and nobody agrees on how to write it.
const statuses = ["Paid", "Paid", "paid", "PAID", "Paid", "pAiD", "Refused", "REFUSED"];

function amountOf(user: string): number {
  return Number(user[0]) * 10 || 100;
}

/** Adds a record to what its window should come to; one that is not valid or not paid adds nothing. */
export function addToTruth(
  truth: Map<number, WindowTruth>,
  record: Parameters<Tally<TransactionFacts>["add"]>[0],
): void {
  const { windowStart, isPaid, amount } = record.facts;
  if (!isPaid || !isValid(record)) return;
  const window = truth.get(windowStart) ?? { total: 0, count: 0 };
  window.total += amount;
  window.count += 1;
  truth.set(windowStart, window);
}

function tally(): Tally<TransactionFacts> {
  const truth = new Map<number, WindowTruth>();
  return {
    add: (record) => addToTruth(truth, record),
    rows() {
      const windows = [...truth.values()];
      return [
        ["windows with paid transactions", windows.length],
        ["paid transactions", windows.reduce((sum, window) => sum + window.count, 0)],
        ["total paid", windows.reduce((sum, window) => sum + window.total, 0)],
      ];
    },
  };
}
