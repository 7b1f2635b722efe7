// What an answer means: commit, retry, split or discard. Pure, so that AWS's failure rules are one table of tests.
// https://docs.aws.amazon.com/lambda/latest/dg/kafka-retry-configurations.html

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

export type Condition = "RetryAttemptsExhausted" | "RecordAgeExceeded" | "MaximumPayloadSizeExceeded";

export type Decision<R extends Settled> =
  | { readonly kind: "commit" }
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
  { policy, backOff }: { readonly policy: FailurePolicy; readonly backOff: BackOff },
): Decision<R> {
  const stalls = delivery.stalls + 1;
  if (outcome.kind === "not-delivered") {
    return { kind: "retry", delivery: { ...delivery, stalls }, afterMs: waitMs(stalls, backOff) };
  }
  const { failed, wasPartial } = failedPortions(delivery.portions, outcome, policy);
  if (failed.length === 0) return { kind: "commit" };

  const tried: Delivery<R> = { ...delivery, invokes: delivery.invokes + 1 };
  if (policy.bisects && !wasPartial && countOf(failed) > 1) {
    const [first, second] = halves({ ...tried, stalls: 0 });
    return { kind: "split", halves: [first, second], afterMs: waitMs(1, backOff) };
  }
  const madeProgress = countOf(failed) < countOf(delivery.portions);
  const failures = delivery.failures + 1;
  const rest: Delivery<R> = { ...tried, portions: failed, failures, stalls: madeProgress ? 1 : stalls };
  if (failures > policy.maxRetries) {
    return { kind: "discard", condition: "RetryAttemptsExhausted", delivery: rest, wasPartial };
  }
  return { kind: "retry", delivery: rest, afterMs: waitMs(rest.stalls, backOff) };
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
  policy: FailurePolicy,
): { readonly failed: readonly Portion<R>[]; readonly wasPartial: boolean } {
  if (outcome.kind !== "success") return { failed: portions, wasPartial: false };
  const reported = policy.readsPartialResponses ? reportedFailures(outcome.response) : new Set<string>();
  if (reported === "invalid") return { failed: portions, wasPartial: false };
  if (reported.size === 0) return { failed: [], wasPartial: false };
  const failed = keep(portions, (key, { offset }) => reported.has(idOf(key, offset)));
  // An identifier that the event did not hold fails the whole batch.
  return countOf(failed) === reported.size ? { failed, wasPartial: true } : { failed: portions, wasPartial: false };
}

// null, {}, [], a missing or null list, and JSON that is no object mean that everything succeeded.
function reportedFailures(response: unknown): ReadonlySet<string> | "invalid" {
  if (typeof response !== "object" || response === null) return new Set();
  const list = "batchItemFailures" in response ? response.batchItemFailures : undefined;
  if (list === undefined || list === null) return new Set();
  if (!Array.isArray(list)) return "invalid";
  const reported = new Set<string>();
  for (const item of list as readonly unknown[]) {
    const id = identifierOf(item);
    if (id === undefined) return "invalid";
    reported.add(id);
  }
  return reported;
}

function identifierOf(item: unknown): string | undefined {
  if (typeof item !== "object" || item === null || !("itemIdentifier" in item)) return undefined;
  const identifier = item.itemIdentifier;
  if (typeof identifier !== "object" || identifier === null) return undefined;
  if (!("partition" in identifier) || !("offset" in identifier)) return undefined;
  const { partition, offset } = identifier;
  return typeof partition === "string" && Number.isInteger(offset) ? idOf(partition, Number(offset)) : undefined;
}

function idOf(key: string, offset: number): string {
  return `${key}@${offset}`;
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
