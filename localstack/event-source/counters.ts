// What happened so far, under the names of AWS's metrics for event source mappings.
// https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html

export interface Counters {
  polledEventCount: number;
  filteredOutEventCount: number;
  invokedEventCount: number;
  failedInvokeEventCount: number;
  droppedEventCount: number;
  onFailureDestinationDeliveredEventCount: number;
  committedEventCount: number;
  invocations: number;
  pollingErrorCount: number;
  invokeErrorCount: number;
  commitErrorCount: number;
  onFailureDestinationDeliveryErrorCount: number;
  /** Invocations repeated on purpose (`--duplicate`). */
  duplicatedInvocations: number;
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
    duplicatedInvocations: 0,
  };
}
