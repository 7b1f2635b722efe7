// What an answer means: commit, retry, split or discard. Pure, so that AWS's failure rules are one table of tests.
// https://docs.aws.amazon.com/lambda/latest/dg/kafka-retry-configurations.html
import { reportedFailures } from "./partial-response.ts";
import type { Switches } from "./switches.ts";

export interface FailurePolicy {
  /** Attempts after the first; infinite unless the mapping says otherwise or has a failure destination. */
  readonly maxRetries: number;
  readonly maxAgeMs: number;
  readonly bisects: boolean;
  /** The mapping has `ReportBatchItemFailures`; without it a partial response is a success. */
  readonly readsPartialResponses: boolean;
}

/** How long to wait before trying again: doubles from `firstMs` up to `capMs`. AWS documents neither; see backOff. */
export interface BackOff {
  readonly firstMs: number;
  readonly capMs: number;
}

/** One partition's records of a batch, in offset order. */
export interface Portion<R extends Settled> {
  /** The key in the event's `records`: `topic-partition`. */
  readonly key: string;
  readonly records: readonly R[];
}

/** A record as far as settling looks at it. */
export interface Settled {
  readonly offset: number;
}

/** What is settled: portions that are never empty, and what happened to them so far. */
export interface Delivery<R extends Settled> {
  readonly portions: readonly Portion<R>[];
  /** Attempts that failed and count against `maxRetries`. */
  readonly failures: number;
  /** Invocations that carried these records: AWS's approximateInvokeCount. */
  readonly invokes: number;
  /** Tries in a row without progress, counted for the back-off only. */
  readonly stalls: number;
}

export type Outcome =
  | { readonly kind: "success"; readonly response: unknown }
  /** The function threw, ran out of time or memory, or its process ended. */
  | { readonly kind: "function-error" }
  /** The batch did not reach the function: throttled, or nothing answered. */
  | { readonly kind: "not-delivered" };

export type Condition =
  | "RetryAttemptsExhausted"
  | "RecordAgeExceeded"
  | "MaximumPayloadSizeExceeded"
  /** These two before any invocation, with a schema registry. */
  | "SCHEMA_NOT_FOUND"
  | "DESERIALIZATION_ERROR";

export type Decision<R extends Settled> =
  | { readonly kind: "commit" }
  | (FailureDecision<R> & {
      /** What whoever wrote the function should know about its answer. */
      readonly remark?: string;
    });

type FailureDecision<R extends Settled> =
  | { readonly kind: "retry"; readonly delivery: Delivery<R>; readonly afterMs: number }
  /** The second half waits until the first is settled, whole. */
  | { readonly kind: "split"; readonly halves: readonly [Delivery<R>, Delivery<R>]; readonly afterMs: number }
  | {
      readonly kind: "discard";
      readonly condition: Condition;
      readonly delivery: Delivery<R>;
      /** True when the last answer was a partial response, not an error. */
      readonly wasPartial: boolean;
    };

export interface SettleContext {
  readonly policy: FailurePolicy;
  readonly backOff: BackOff;
  readonly switches: Pick<Switches, "string-identifiers" | "splits-count-as-attempts">;
}

/** Before each attempt, also the first: records that are too old are discarded, the rest goes on. */
export function expire<R extends Settled>(
  delivery: Delivery<R>,
  policy: FailurePolicy,
  { now, timestampOf }: { readonly now: number; readonly timestampOf: (record: R) => number },
): { readonly expired: readonly Portion<R>[]; readonly fresh: Delivery<R> } {
  if (policy.maxAgeMs === Number.POSITIVE_INFINITY) return { expired: [], fresh: delivery };
  const isExpired = (_key: string, record: R) => now - timestampOf(record) > policy.maxAgeMs;
  const expired = keep(delivery.portions, isExpired);
  if (expired.length === 0) return { expired, fresh: delivery };
  const portions = keep(delivery.portions, (key, record) => !isExpired(key, record));
  return { expired, fresh: { ...delivery, portions } };
}

/** After an attempt. `delivery` is as it was sent; the attempt itself is counted here. */
export function settle<R extends Settled>(
  delivery: Delivery<R>,
  outcome: Outcome,
  context: SettleContext,
): Decision<R> {
  const { policy, backOff, switches } = context;
  const stalls = delivery.stalls + 1;
  if (outcome.kind === "not-delivered") {
    return { kind: "retry", delivery: { ...delivery, stalls }, afterMs: waitMs(stalls, backOff) };
  }
  const { failed, wasPartial, remark } = failedPortions(delivery.portions, outcome, context);
  if (failed.length === 0) return { kind: "commit" };

  const said = remark === undefined ? {} : { remark };
  const tried: Delivery<R> = { ...delivery, invokes: delivery.invokes + 1 };
  const failures = delivery.failures + 1;
  const isSpent = failures > policy.maxRetries;
  const splitsCount = switches["splits-count-as-attempts"] === "yes";
  if (policy.bisects && !wasPartial && countOf(failed) > 1 && !(splitsCount && isSpent)) {
    const [first, second] = halves({ ...tried, stalls: 0, failures: splitsCount ? failures : delivery.failures });
    return { kind: "split", halves: [first, second], afterMs: waitMs(1, backOff), ...said };
  }
  const madeProgress = countOf(failed) < countOf(delivery.portions);
  const rest: Delivery<R> = { ...tried, portions: failed, failures, stalls: madeProgress ? 1 : stalls };
  if (isSpent) return { kind: "discard", condition: "RetryAttemptsExhausted", delivery: rest, wasPartial, ...said };
  return { kind: "retry", delivery: rest, afterMs: waitMs(rest.stalls, backOff), ...said };
}

export function countOf(portions: readonly Portion<Settled>[]): number {
  return portions.reduce((count, { records }) => count + records.length, 0);
}

/** The portions with only the wanted records; emptied ones are left out. */
export function keep<R extends Settled>(
  portions: readonly Portion<R>[],
  isWanted: (key: string, record: R) => boolean,
): Portion<R>[] {
  return portions
    .map(({ key, records }) => ({ key, records: records.filter((record) => isWanted(key, record)) }))
    .filter(({ records }) => records.length > 0);
}

/** 1, 2, 4 … times the first wait. A minute's cap is ours; Kinesis was seen to fit the doubling. */
export function waitMs(stalls: number, { firstMs, capMs }: BackOff): number {
  return Math.min(capMs, firstMs * 2 ** Math.min(stalls - 1, 30));
}

/** The waits of a mapping whose first one is `firstMs`; the cap keeps its proportion. */
export function backOff(firstMs: number): BackOff {
  return { firstMs, capMs: firstMs * 60 };
}

function failedPortions<R extends Settled>(
  portions: readonly Portion<R>[],
  outcome: Outcome,
  { policy, switches }: SettleContext,
): { readonly failed: readonly Portion<R>[]; readonly wasPartial: boolean; readonly remark?: string } {
  if (outcome.kind !== "success") return { failed: portions, wasPartial: false };
  if (!policy.readsPartialResponses) return { failed: [], wasPartial: false };
  const reported = reportedFailures(outcome.response, portions, switches["string-identifiers"]);
  switch (reported.kind) {
    case "nothing":
      return { failed: [], wasPartial: false };
    case "invalid":
      return { failed: portions, wasPartial: false, remark: `the whole batch failed: ${reported.why}` };
    case "failures": {
      const failed = keep(portions, (key, { offset }) => reported.isFailed(key, offset));
      return { failed, wasPartial: true, ...(reported.remark === undefined ? {} : { remark: reported.remark }) };
    }
    default:
      return reported satisfies never;
  }
}

// Half of the flat list in (partition, offset) order: AWS leaves the split point of a batch with several partitions open.
function halves<R extends Settled>(delivery: Delivery<R>): [Delivery<R>, Delivery<R>] {
  let left = Math.ceil(countOf(delivery.portions) / 2);
  const first: Portion<R>[] = [];
  const second: Portion<R>[] = [];
  for (const { key, records } of delivery.portions) {
    if (left > 0) first.push({ key, records: records.slice(0, left) });
    if (left < records.length) second.push({ key, records: records.slice(Math.max(0, left)) });
    left -= records.length;
  }
  return [
    { ...delivery, portions: first },
    { ...delivery, portions: second },
  ];
}
