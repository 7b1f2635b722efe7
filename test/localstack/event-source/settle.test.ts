import { describe, expect, test } from "vitest";
import {
  backOff,
  type Decision,
  type Delivery,
  expire,
  type FailurePolicy,
  type Outcome,
  type Portion,
  type Settled,
  settle,
  waitMs,
} from "../../../localstack/event-source/settle.ts";
import { AS_AWS_MAY, type Switches } from "../../../localstack/event-source/switches.ts";

const onDemand: FailurePolicy = {
  maxRetries: Number.POSITIVE_INFINITY,
  maxAgeMs: Number.POSITIVE_INFINITY,
  bisects: false,
  readsPartialResponses: false,
};
const partial: FailurePolicy = { ...onDemand, readsPartialResponses: true };

function portions(spec: Readonly<Record<string, readonly number[]>>): Portion<Settled>[] {
  return Object.entries(spec).map(([key, offsets]) => ({
    key,
    records: offsets.map((offset) => ({ offset })),
  }));
}

function delivery(
  spec: Readonly<Record<string, readonly number[]>>,
  past: Partial<Delivery<Settled>> = {},
): Delivery<Settled> {
  return { portions: portions(spec), failures: 0, invokes: 0, stalls: 0, ...past };
}

const offsetsOf = ({ portions: list }: Delivery<Settled>) =>
  Object.fromEntries(list.map(({ key, records }) => [key, records.map(({ offset }) => offset)]));

/** A decision with offsets in place of records. */
function plain(decision: Decision<Settled>): object {
  switch (decision.kind) {
    case "commit":
      return decision;
    case "retry":
    case "discard": {
      const { delivery: rest, remark: _said, ...facts } = decision;
      return { ...facts, failures: rest.failures, invokes: rest.invokes, rest: offsetsOf(rest) };
    }
    case "split": {
      const { remark: _said, ...facts } = decision;
      return { ...facts, halves: decision.halves.map(offsetsOf) };
    }
    default:
      return decision satisfies never;
  }
}

const failed: Outcome = { kind: "function-error" };
const throttled: Outcome = { kind: "not-delivered" };
const ok: Outcome = { kind: "success", response: null };
const answer = (response: unknown): Outcome => ({ kind: "success", response });
const failures = (...ids: unknown[]) =>
  answer({ batchItemFailures: ids.map((itemIdentifier) => ({ itemIdentifier })) });
const id = (partition: string, offset: unknown) => ({ partition, offset });

const batch = { "t-0": [10, 11, 12], "t-1": [5] };
const commit = { kind: "commit" };
const wholeAgain = { kind: "retry", afterMs: 1000, failures: 1, invokes: 1, rest: batch };

interface Case {
  readonly why: string;
  readonly policy: FailurePolicy;
  readonly sent?: Delivery<Settled>;
  readonly outcome: Outcome;
  readonly switches?: Partial<Switches>;
  readonly wanted: object;
}

const cases: Case[] = [
  { why: "a success is committed", policy: onDemand, outcome: ok, wanted: commit },
  { why: "on demand, an error sends the whole batch again", policy: onDemand, outcome: failed, wanted: wholeAgain },
  {
    why: "on demand, without end",
    policy: onDemand,
    sent: delivery(batch, { failures: 4000, invokes: 4000, stalls: 4000 }),
    outcome: failed,
    wanted: { kind: "retry", afterMs: 60_000, failures: 4001, invokes: 4001, rest: batch },
  },
  {
    why: "MaximumRetryAttempts 1: the second failure discards, after 2 invocations",
    policy: { ...onDemand, maxRetries: 1 },
    sent: delivery(batch, { failures: 1, invokes: 1, stalls: 1 }),
    outcome: failed,
    wanted: {
      kind: "discard",
      condition: "RetryAttemptsExhausted",
      wasPartial: false,
      failures: 2,
      invokes: 2,
      rest: batch,
    },
  },
  {
    why: "MaximumRetryAttempts 0: the first failure discards",
    policy: { ...onDemand, maxRetries: 0 },
    outcome: failed,
    wanted: {
      kind: "discard",
      condition: "RetryAttemptsExhausted",
      wasPartial: false,
      failures: 1,
      invokes: 1,
      rest: batch,
    },
  },
  {
    why: "a throttle is no attempt",
    policy: { ...onDemand, maxRetries: 0 },
    outcome: throttled,
    wanted: { kind: "retry", afterMs: 1000, failures: 0, invokes: 0, rest: batch },
  },
  {
    why: "but waits longer each time",
    policy: { ...onDemand, maxRetries: 0 },
    sent: delivery(batch, { stalls: 3 }),
    outcome: throttled,
    wanted: { kind: "retry", afterMs: 8000, failures: 0, invokes: 0, rest: batch },
  },

  {
    why: "bisect: halves of the flat list",
    policy: { ...onDemand, bisects: true },
    outcome: failed,
    wanted: { kind: "split", afterMs: 1000, halves: [{ "t-0": [10, 11] }, { "t-0": [12], "t-1": [5] }] },
  },
  {
    why: "bisect: the larger half first when they differ",
    policy: { ...onDemand, bisects: true },
    sent: delivery({ "t-0": [1, 2, 3] }),
    outcome: failed,
    wanted: { kind: "split", afterMs: 1000, halves: [{ "t-0": [1, 2] }, { "t-0": [3] }] },
  },
  {
    why: "bisect takes no attempt, also when none is left",
    policy: { ...onDemand, bisects: true, maxRetries: 0 },
    sent: delivery({ "t-0": [1, 2] }),
    outcome: failed,
    wanted: { kind: "split", afterMs: 1000, halves: [{ "t-0": [1] }, { "t-0": [2] }] },
  },
  {
    why: "bisect: a single record is retried",
    policy: { ...onDemand, bisects: true, maxRetries: 1 },
    sent: delivery({ "t-0": [1] }),
    outcome: failed,
    wanted: { kind: "retry", afterMs: 1000, failures: 1, invokes: 1, rest: { "t-0": [1] } },
  },
  {
    why: "bisect does not split a throttled batch",
    policy: { ...onDemand, bisects: true },
    outcome: throttled,
    wanted: { kind: "retry", afterMs: 1000, failures: 0, invokes: 0, rest: batch },
  },
  {
    why: "bisect does not split what a partial response named",
    policy: { ...partial, bisects: true },
    outcome: failures(id("t-0", 11), id("t-0", 12)),
    wanted: { kind: "retry", afterMs: 1000, failures: 1, invokes: 1, rest: { "t-0": [11, 12] } },
  },
  {
    why: "bisect splits on an invalid response: the whole batch failed",
    policy: { ...partial, bisects: true },
    outcome: failures(id("t-9", 1)),
    wanted: { kind: "split", afterMs: 1000, halves: [{ "t-0": [10, 11] }, { "t-0": [12], "t-1": [5] }] },
  },

  { why: "partial: an answer that reports nothing is a success", policy: partial, outcome: answer({}), wanted: commit },
  {
    why: "partial: only what is listed is sent again, in order, across partitions",
    policy: partial,
    outcome: failures(id("t-1", 5), id("t-0", 12), id("t-0", 11)),
    wanted: { kind: "retry", afterMs: 1000, failures: 1, invokes: 1, rest: { "t-0": [11, 12], "t-1": [5] } },
  },
  {
    why: "partial: a shrinking rest is progress: the wait starts over",
    policy: partial,
    sent: delivery(batch, { failures: 6, invokes: 6, stalls: 6 }),
    outcome: failures(id("t-0", 12)),
    wanted: { kind: "retry", afterMs: 1000, failures: 7, invokes: 7, rest: { "t-0": [12] } },
  },
  {
    why: "partial: attempts run out, only the failed rest is discarded",
    policy: { ...partial, maxRetries: 0 },
    outcome: failures(id("t-0", 12)),
    wanted: {
      kind: "discard",
      condition: "RetryAttemptsExhausted",
      wasPartial: true,
      failures: 1,
      invokes: 1,
      rest: { "t-0": [12] },
    },
  },
  { why: "partial: a function error fails the whole batch", policy: partial, outcome: failed, wanted: wholeAgain },
  {
    why: "partial: an answer that is invalid fails the whole batch",
    policy: partial,
    outcome: failures(id("t-0", 11), id("t-0", 99)),
    wanted: wholeAgain,
  },
  {
    why: "partial: string-identifiers=understand: a string that names a record is that record",
    policy: partial,
    switches: { "string-identifiers": "understand" },
    outcome: failures("t-0-12", id("t-1", 5)),
    wanted: { kind: "retry", afterMs: 1000, failures: 1, invokes: 1, rest: { "t-0": [12], "t-1": [5] } },
  },
  {
    why: "splits-count-as-attempts=yes: a split is an attempt",
    policy: { ...onDemand, bisects: true, maxRetries: 1 },
    switches: { "splits-count-as-attempts": "yes" },
    outcome: failed,
    wanted: { kind: "split", afterMs: 1000, halves: [{ "t-0": [10, 11] }, { "t-0": [12], "t-1": [5] }] },
  },
  {
    why: "splits-count-as-attempts=yes: without an attempt left nothing is split",
    policy: { ...onDemand, bisects: true, maxRetries: 0 },
    switches: { "splits-count-as-attempts": "yes" },
    outcome: failed,
    wanted: {
      kind: "discard",
      condition: "RetryAttemptsExhausted",
      wasPartial: false,
      failures: 1,
      invokes: 1,
      rest: batch,
    },
  },
  {
    why: "without ReportBatchItemFailures the list is not read",
    policy: onDemand,
    outcome: failures(id("t-0", 11)),
    wanted: commit,
  },
];

describe("what an answer means", () => {
  test.each(cases)("$why", ({ policy, sent = delivery(batch), outcome, switches, wanted }) => {
    expect(
      plain(settle(sent, outcome, { policy, backOff: backOff(1000), switches: { ...AS_AWS_MAY, ...switches } })),
    ).toEqual(wanted);
  });

  test("a batch that is sent again whole keeps its identity, so its event is not built twice", () => {
    const sent = delivery(batch);
    const decision = settle(sent, failed, { policy: onDemand, backOff: backOff(1000), switches: AS_AWS_MAY });
    expect(decision.kind === "retry" && decision.delivery.portions).toBe(sent.portions);
  });

  test("waits double from the first one up to sixty times it", () => {
    expect([1, 2, 3, 6, 7, 8, 100].map((stalls) => waitMs(stalls, backOff(50)))).toEqual([
      50, 100, 200, 1600, 3000, 3000, 3000,
    ]);
  });
});

describe("record age", () => {
  const timestampOf = ({ offset }: Settled) => offset * 1000;
  const minute: FailurePolicy = { ...onDemand, maxAgeMs: 60_000 };
  const sent = delivery({ "t-0": [1, 40], "t-1": [2] });

  test.each([
    { why: "nothing is too old", now: 61_000, expired: {}, fresh: { "t-0": [1, 40], "t-1": [2] } },
    {
      why: "each record has its own age, and the rest goes on",
      now: 61_001,
      expired: { "t-0": [1] },
      fresh: { "t-0": [40], "t-1": [2] },
    },
    {
      why: "a partition may be left with nothing",
      now: 90_000,
      expired: { "t-0": [1], "t-1": [2] },
      fresh: { "t-0": [40] },
    },
    { why: "all may be too old", now: 1_000_000, expired: { "t-0": [1, 40], "t-1": [2] }, fresh: {} },
  ])("$why", ({ now, expired, fresh }) => {
    const found = expire(sent, minute, { now, timestampOf });
    expect(offsetsOf({ ...sent, portions: found.expired })).toEqual(expired);
    expect(offsetsOf(found.fresh)).toEqual(fresh);
  });

  test("without a limit nothing is looked at", () =>
    expect(expire(sent, onDemand, { now: 1e15, timestampOf }).fresh).toBe(sent));
});
