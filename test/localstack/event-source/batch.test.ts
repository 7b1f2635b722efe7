import { describe, expect, test } from "vitest";
import { type BatchLimits, decide, type ReadyRecords, rollWindow } from "../../../localstack/event-source/batch.ts";

interface Queue extends ReadyRecords {
  readonly name: string;
}

/** A partition with this many waiting records of 100 bytes, or of the given sizes. */
function queue(name: string, records: number | readonly number[], waitingSince = 0): Queue {
  const sizes = typeof records === "number" ? new Array<number>(records).fill(100) : records;
  const bytes = sizes.reduce((sum, size) => sum + size, 0);
  return { name, count: sizes.length, bytes, overhead: 0, waitingSince, sizeAt: (index) => sizes[index]! };
}

const limits: BatchLimits = { batchSize: 10, windowMs: 500, maxBytes: 100_000, concurrency: 5 };

interface Case {
  readonly why: string;
  readonly ready: readonly Queue[];
  readonly now: number;
  readonly inFlight?: number;
  readonly limits?: Partial<BatchLimits>;
  readonly wanted: unknown;
}

const send = (closedBy: string, takes: Record<string, number>) => ({ kind: "send", closedBy, takes });

// The window starts at 0 in every case:  [0 ------ 500)
const cases: Case[] = [
  { why: "nothing waits: nothing to wait for", ready: [], now: 9999, wanted: { kind: "wait" } },
  {
    why: "within the window a few records wait for more",
    ready: [queue("a", 3)],
    now: 499,
    wanted: { kind: "wait", until: 500 },
  },
  { why: "the window's end closes the batch", ready: [queue("a", 3)], now: 500, wanted: send("window", { a: 3 }) },
  {
    why: "at low traffic one event carries every idle partition, longest waiting first",
    ready: [queue("a", 3, 20), queue("b", 2, 10)],
    now: 500,
    wanted: send("window", { b: 2, a: 3 }),
  },
  { why: "BatchSize records close at once", ready: [queue("a", 10)], now: 1, wanted: send("size", { a: 10 }) },
  { why: "no more than BatchSize", ready: [queue("a", 25)], now: 1, wanted: send("size", { a: 10 }) },
  {
    why: "at backlog a batch is of one partition, so that partitions run side by side",
    ready: [queue("a", 25, 2), queue("b", 25, 1)],
    now: 2,
    wanted: send("size", { b: 10 }),
  },
  {
    why: "partitions together reach BatchSize",
    ready: [queue("a", 6, 1), queue("b", 6, 2)],
    now: 2,
    wanted: send("size", { a: 6, b: 4 }),
  },
  {
    why: "a window of 0 sends what is there",
    ready: [queue("a", 1)],
    now: 0,
    limits: { windowMs: 0 },
    wanted: send("window", { a: 1 }),
  },
  {
    why: "6 MB close the batch, and the record that does not fit stays",
    ready: [queue("a", [40, 40, 40])],
    now: 1,
    limits: { maxBytes: 100 },
    wanted: send("bytes", { a: 2 }),
  },
  {
    why: "exactly the limit fits",
    ready: [queue("a", [50, 50])],
    now: 1,
    limits: { maxBytes: 100 },
    wanted: send("bytes", { a: 2 }),
  },
  {
    why: "partitions together reach the limit; a partition that does not fit waits whole",
    ready: [queue("a", [60], 1), queue("b", [60], 2)],
    now: 2,
    limits: { maxBytes: 100 },
    wanted: send("bytes", { a: 1 }),
  },
  {
    why: "a record over the limit leaves alone, to be discarded as too large",
    ready: [queue("a", [101, 5])],
    now: 1,
    limits: { maxBytes: 100 },
    wanted: send("bytes", { a: 1 }),
  },
  {
    why: "five invocations at once are a poller's most",
    ready: [queue("a", 25)],
    now: 900,
    inFlight: 5,
    wanted: { kind: "wait" },
  },
];

describe("when to invoke", () => {
  test.each(cases)("$why", ({ ready, now, inFlight = 0, limits: own, wanted }) => {
    const decision = decide({ ready, inFlight, windowStart: 0 }, { ...limits, ...own }, now);
    const named =
      decision.kind === "wait"
        ? decision
        : { ...decision, takes: Object.fromEntries(decision.takes.map((take) => [take.queue.name, take.count])) };
    expect(named).toEqual(wanted);
  });

  test.each([
    { why: "a window that runs goes on", now: 499, wanted: 0 },
    { why: "after an empty one the next has begun", now: 500, wanted: 500 },
    { why: "windows follow one another without a gap", now: 1740, wanted: 1500 },
  ])("$why", ({ now, wanted }) => expect(rollWindow(0, 500, now)).toBe(wanted));
});
