// Carries one batch through: invokes, settles the answer, waits, tries again, until every record is done or discarded.
// A partition is released as soon as none of its records is left, even while others of the same batch are still tried.
import { type Clock, sleep } from "./clock.ts";
import { type FaultPlan, faultOf, type Interruption } from "./faults.ts";
import type { InvokeRequest, InvokeResult } from "./invoke.ts";
import { type SourceRecord, timestampOf } from "./kafka/record-batch.ts";
import type { Observe } from "./observe/happening.ts";
import { type Condition, type Delivery, expire, type Portion, type SettleContext, settle } from "./settle.ts";
import type { Switches } from "./switches.ts";

export type Portions = readonly Portion<SourceRecord>[];

/** Why records are given up, for whoever takes them. */
export interface Discard {
  /** The batch they were in; absent for records that never were in one. */
  readonly batch?: string;
  readonly portions: Portions;
  readonly condition: Condition;
  /** More of why, for log lines; nothing of the records themselves. */
  readonly reason?: string;
  readonly invokes: number;
  readonly requestId: string;
  /** Absent when no invocation was made for these records' sake. */
  readonly functionError?: "Unhandled" | null;
}

export interface DeliveryContext extends SettleContext {
  readonly switches: Switches;
  readonly clock: Clock;
  /** Aborts when the event source stops: nothing more is tried, what is unsettled stays uncommitted. */
  readonly signal: AbortSignal;
  /** The batch's name in what is told of it. */
  readonly batch: string;
  readonly observe: Observe;
  readonly maxEventBytes: number;
  /** Resolves when invoking is allowed: not while the group rebalances. */
  admitted(): Promise<void>;
  eventOf(portions: Portions): Buffer;
  invoke(request: Omit<InvokeRequest, "functionName">): Promise<InvokeResult>;
  /** True when the partition belongs to another member by now: its records are that member's. */
  isLost(key: string): boolean;
  /** Every record of the partition in this batch is settled. */
  release(key: string): void;
  discard(discard: Discard): Promise<void>;
  /** Says something about the function's answer, once. */
  remark(text: string): void;
  readonly faults: FaultPlan;
}

type SourceDelivery = Delivery<SourceRecord>;

export async function deliver(portions: Portions, context: DeliveryContext): Promise<void> {
  // Worked from the end; a split's second half lies below its first.
  const pending: SourceDelivery[] = [{ portions, failures: 0, invokes: 0, stalls: 0 }];
  const held = new Set(portions.map(({ key }) => key));
  const closedAt = context.clock.now();
  const birthOf = context.switches["record-age-from"] === "timestamp" ? timestampOf : () => closedAt;
  let event: { readonly portions: Portions; readonly payload: Buffer } | undefined;
  while (pending.length > 0 && !context.signal.aborted) {
    await context.admitted();
    const delivery = await ready(pending.pop()!, { context, birthOf });
    if (delivery !== undefined) {
      // The payload is built once and sent again as it is.
      if (event?.portions !== delivery.portions) {
        event = { portions: delivery.portions, payload: context.eventOf(delivery.portions) };
      }
      const waitMs = await attempt(delivery, event.payload, { pending, context });
      if (pending.length === 0) event = undefined;
      releaseSettled(held, pending, context);
      if (waitMs > 0) await sleep(context.clock, waitMs, context.signal);
    } else {
      releaseSettled(held, pending, context);
    }
  }
}

/** What is still to be sent of a delivery: not lost, not too old. */
async function ready(
  delivery: SourceDelivery,
  { context, birthOf }: { readonly context: DeliveryContext; readonly birthOf: (record: SourceRecord) => number },
): Promise<SourceDelivery | undefined> {
  const { policy, clock } = context;
  const isMine = ({ key }: Portion<SourceRecord>) => !context.isLost(key);
  const mine = delivery.portions.every(isMine) ? delivery : { ...delivery, portions: delivery.portions.filter(isMine) };
  const { expired, fresh } = expire(mine, policy, { now: clock.now(), timestampOf: birthOf });
  if (expired.length > 0) {
    const invokes = Math.max(1, delivery.invokes);
    await context.discard({
      portions: expired,
      condition: "RecordAgeExceeded",
      invokes,
      requestId: crypto.randomUUID(),
    });
  }
  return fresh.portions.length === 0 ? undefined : fresh;
}

/** One invocation and what follows from it; answers how long to wait before the next. */
async function attempt(
  delivery: SourceDelivery,
  payload: Buffer,
  { pending, context }: { readonly pending: SourceDelivery[]; readonly context: DeliveryContext },
): Promise<number> {
  if (payload.length > context.maxEventBytes) {
    const { portions } = delivery;
    const requestId = crypto.randomUUID();
    await context.discard({ portions, condition: "MaximumPayloadSizeExceeded", invokes: 1, requestId });
    return 0;
  }
  const result = await invoke(delivery, payload, context);
  const decision = settle(delivery, result, context);
  context.observe({ kind: "answered", batch: context.batch, portions: delivery.portions, result, decision });
  if (decision.kind === "commit") return 0;
  if (decision.remark !== undefined) context.remark(decision.remark);
  switch (decision.kind) {
    case "retry":
      pending.push(decision.delivery);
      return decision.afterMs;
    case "split":
      pending.push(decision.halves[1], decision.halves[0]);
      return decision.afterMs;
    case "discard": {
      const { condition, wasPartial } = decision;
      const { portions, invokes } = decision.delivery;
      const functionError = wasPartial ? null : "Unhandled";
      await context.discard({ portions, condition, invokes, requestId: result.requestId, functionError });
      return 0;
    }
    default:
      return decision satisfies never;
  }
}

/** The invocation, with the fault that is planned for it. */
async function invoke(delivery: SourceDelivery, payload: Buffer, context: DeliveryContext): Promise<InvokeResult> {
  const { batch, observe } = context;
  const { portions, invokes, stalls } = delivery;
  const { key, records } = portions[0]!;
  const fault = faultOf(context.faults, { key, offset: records[0]!.offset, attempt: invokes + stalls });
  if (fault !== undefined) observe({ kind: "fault", fault: fault.kind, batch, portions });
  const send = (interruption?: Interruption) => {
    observe({ kind: "sent", batch, portions, payloadBytes: payload.length });
    return context.invoke({ payload, affinity: key, ...(interruption === undefined ? {} : { interruption }) });
  };
  switch (fault?.kind) {
    case undefined:
      return send();
    case "throttle":
      return throttled();
    case "duplicate": {
      const result = await send();
      if (result.kind !== "success") return result;
      observe({ kind: "answered", batch, portions, result, decision: { kind: "repeat" } });
      return send();
    }
    case "crash":
    case "timeout": {
      const result = await send(fault);
      return result.kind === "success" ? lostAnswer(result, fault) : result;
    }
  }
}

function throttled(): InvokeResult {
  const requestId = crypto.randomUUID();
  return { kind: "not-delivered", requestId, durationMs: 0, isThrottled: true, reason: "throttled on purpose" };
}

/** For who can't end an environment: its work is done, and its answer is lost, as when it ends just before answering. */
function lostAnswer({ requestId, durationMs }: InvokeResult, { kind }: Interruption): InvokeResult {
  const how = kind === "crash" ? "Runtime exited with error: signal: killed" : "Task timed out";
  const errorType = kind === "crash" ? "Runtime.ExitError" : "Sandbox.Timedout";
  const error = { errorType, errorMessage: `RequestId: ${requestId} Error: ${how} (on purpose)` };
  return { kind: "function-error", requestId, durationMs, error };
}

function releaseSettled(held: Set<string>, pending: readonly SourceDelivery[], context: DeliveryContext): void {
  for (const key of held) {
    if (pending.some(({ portions }) => portions.some((portion) => portion.key === key))) continue;
    held.delete(key);
    context.release(key);
  }
}
