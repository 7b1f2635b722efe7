// AWS's metrics of a mapping and of a function, under its names: which a mapping gives, and what they say. Pure.
// https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
import type { Counters } from "../counters.ts";
import type { MappingStatus } from "../mapping-status.ts";
import type { Mapping, MetricGroup } from "../template/mapping.ts";
import type { FunctionMeter } from "./meters.ts";

/** One metric as it stands: a count since the start, or a value now. */
export interface Metric {
  readonly name: string;
  readonly kind: "count" | "gauge";
  /** AWS gives it only for periods in which it is not 0. */
  readonly isSparse: boolean;
  readonly value: number;
  readonly says: string;
}

/** A mapping with where it stands. */
export interface Observed {
  readonly mapping: Mapping;
  readonly status: MappingStatus;
}

/** Event poller units hold ten pollers: https://docs.aws.amazon.com/lambda/latest/dg/kafka-scaling-modes.html */
const POLLERS_PER_UNIT = 10;

type Count = readonly [name: string, counter: Exclude<keyof Counters, "faults">, says: string];

const COUNTS: Readonly<Record<Exclude<MetricGroup, "KafkaMetrics">, readonly Count[]>> = {
  EventCount: [
    ["PolledEventCount", "polledEventCount", "Records read from the topic"],
    ["FilteredOutEventCount", "filteredOutEventCount", "Records that no filter lets pass"],
    ["InvokedEventCount", "invokedEventCount", "Records sent to the function, again at each retry"],
    ["FailedInvokeEventCount", "failedInvokeEventCount", "Records of invocations that failed or reported failures"],
    ["DroppedEventCount", "droppedEventCount", "Records given up that no destination took"],
    [
      "OnFailureDestinationDeliveredEventCount",
      "onFailureDestinationDeliveredEventCount",
      "Records given up and taken by the failure destination",
    ],
    ["CommittedEventCount", "committedEventCount", "How far the committed offsets moved"],
  ],
  ErrorCount: [
    ["PollingErrorCount", "pollingErrorCount", "Reading that failed"],
    ["InvokeErrorCount", "invokeErrorCount", "Batches whose invocation failed"],
    [
      "OnFailureDestinationDeliveryErrorCount",
      "onFailureDestinationDeliveryErrorCount",
      "Deliveries that the failure destination did not take",
    ],
    [
      "SchemaRegistryErrorCount",
      "schemaRegistryErrorCount",
      "Records that can't be read, and registries that don't answer",
    ],
    ["CommitErrorCount", "commitErrorCount", "Commits that failed"],
  ],
};

/** What AWS would give for this mapping now: nothing while it is disabled, and only the groups that it asks for. */
export function mappingMetrics({ mapping, status }: Observed): Metric[] {
  if (!mapping.isEnabled) return [];
  const { counters, partitions, pollers } = status;
  const lags = partitions.map(({ end, committed }) => Math.max(0, end - committed));
  const counts = (["EventCount", "ErrorCount"] as const).flatMap((group) =>
    mapping.metrics.includes(group)
      ? COUNTS[group].map(([name, counter, says]) => count(name, counters[counter], says))
      : [],
  );
  return [
    gauge("OffsetLag", status.lag, "Records written to the topic and not processed by the group"),
    ...counts,
    ...(mapping.metrics.includes("KafkaMetrics")
      ? [
          gauge("MaxOffsetLag", Math.max(0, ...lags), "Records that are not committed, of the partition with most"),
          gauge("SumOffsetLag", sum(lags), "Records that are not committed, of all partitions"),
        ]
      : []),
    ...(mapping.mode === "provisioned"
      ? [
          gauge("ProvisionedPollers", pollers, "Pollers that run"),
          gauge("EventPollerUnit", Math.ceil(pollers / POLLERS_PER_UNIT), "Event poller units in use"),
          count("EventPollerThroughputInBytes", counters.polledBytes, "Bytes that the pollers read"),
        ]
      : []),
  ];
}

/** What AWS gives for every function. */
export function functionMetrics(meter: FunctionMeter): Metric[] {
  return [
    always("Invocations", meter.invocations, "Invocations that reached the function"),
    always("Errors", meter.errors, "Invocations that ended in a function error"),
    always("Throttles", meter.throttles, "Invocations that were throttled"),
    count("DestinationDeliveryFailures", meter.destinationDeliveryFailures, "Failures that no destination took"),
    gauge("ConcurrentExecutions", meter.concurrent, "Invocations that run at once"),
  ];
}

function count(name: string, value: number, says: string): Metric {
  // An empty poll counts: https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
  return { name, kind: "count", isSparse: name !== "PolledEventCount", value, says };
}

function always(name: string, value: number, says: string): Metric {
  return { ...count(name, value, says), isSparse: false };
}

function gauge(name: string, value: number, says: string): Metric {
  return { name, kind: "gauge", isSparse: false, value, says };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
