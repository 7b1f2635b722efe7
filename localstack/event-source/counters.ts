// What happened so far, under the names of AWS's metrics for event source mappings.
// https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
import type { FaultKind } from "./faults.ts";
import type { Answered, Discarded, Happening } from "./observe/happening.ts";
import { countOf } from "./settle.ts";

export interface Counters {
  polledEventCount: number;
  filteredOutEventCount: number;
  /** Records sent to the function, again at each retry. */
  invokedEventCount: number;
  /** Records of invocations that failed, or whose answer reports failures. */
  failedInvokeEventCount: number;
  droppedEventCount: number;
  onFailureDestinationDeliveredEventCount: number;
  /** How far the committed offsets moved. */
  committedEventCount: number;
  invocations: number;
  pollingErrorCount: number;
  invokeErrorCount: number;
  commitErrorCount: number;
  onFailureDestinationDeliveryErrorCount: number;
  /** Records that could not be read with their schema, and times that the registry could not be asked. */
  schemaRegistryErrorCount: number;
  /** Bytes that came from the brokers. */
  polledBytes: number;
  /** Attempts that did not reach the function: throttled, or nothing answered. */
  throttles: number;
  /** Faults on purpose (`--fault`). */
  readonly faults: Record<FaultKind, number>;
}

export function newCounters(): Counters {
  return {
    polledEventCount: 0,
    filteredOutEventCount: 0,
    invokedEventCount: 0,
    failedInvokeEventCount: 0,
    droppedEventCount: 0,
    onFailureDestinationDeliveredEventCount: 0,
    committedEventCount: 0,
    invocations: 0,
    pollingErrorCount: 0,
    invokeErrorCount: 0,
    commitErrorCount: 0,
    onFailureDestinationDeliveryErrorCount: 0,
    schemaRegistryErrorCount: 0,
    polledBytes: 0,
    throttles: 0,
    faults: { crash: 0, timeout: 0, throttle: 0, duplicate: 0, rebalance: 0 },
  };
}

/** Adds what happened. */
export function count(counters: Counters, happening: Happening): void {
  switch (happening.kind) {
    case "polled":
      counters.polledEventCount += happening.records.length;
      counters.filteredOutEventCount += happening.filteredOut.length;
      counters.polledBytes += happening.bytes;
      return;
    case "polling-failed":
      counters.pollingErrorCount += 1;
      return;
    case "registry-failed":
      counters.schemaRegistryErrorCount += 1;
      return;
    case "answered":
      countAnswer(counters, happening);
      return;
    case "discarded":
      countDiscard(counters, happening);
      return;
    case "committed":
      for (const { from, to } of happening.offsets.values()) counters.committedEventCount += to - from;
      return;
    case "commit-failed":
      counters.commitErrorCount += 1;
      return;
    case "fault":
      counters.faults[happening.fault] += 1;
      return;
    default:
      return;
  }
}

function countAnswer(counters: Counters, { portions, result, decision }: Answered): void {
  const records = countOf(portions);
  if (result.kind === "not-delivered") counters.throttles += 1;
  else {
    counters.invocations += 1;
    counters.invokedEventCount += records;
  }
  if (decision.kind !== "commit" && decision.kind !== "repeat") counters.failedInvokeEventCount += records;
  if (result.kind !== "success") counters.invokeErrorCount += 1;
}

function countDiscard(counters: Counters, { portions, condition, outcome }: Discarded): void {
  const records = countOf(portions);
  const isUnreadable = condition === "SCHEMA_NOT_FOUND" || condition === "DESERIALIZATION_ERROR";
  if (isUnreadable) counters.schemaRegistryErrorCount += records;
  if (outcome.kind === "delivered") counters.onFailureDestinationDeliveredEventCount += records;
  else counters.droppedEventCount += records;
  if (outcome.kind === "refused") counters.onFailureDestinationDeliveryErrorCount += 1;
}
