// Where a mapping stands: its partitions, and what it has counted. Pure.
import type { Counters } from "./counters.ts";
import type { Poller } from "./poller.ts";
import type { Mapping } from "./template/mapping.ts";

export interface PartitionStatus {
  readonly partition: number;
  /** Everything below is read. */
  readonly readTo: number;
  /** Everything below is processed. */
  readonly doneTo: number;
  readonly committed: number;
  readonly end: number;
  readonly lag: number;
  readonly buffered: number;
}

export interface MappingStatus {
  readonly logicalId: string;
  readonly functionName: string;
  readonly topic: string;
  readonly consumerGroup: string;
  readonly isEnabled: boolean;
  readonly pollers: number;
  readonly inFlight: number;
  readonly lag: number;
  readonly partitions: readonly PartitionStatus[];
  readonly counters: Readonly<Counters>;
}

/** The mapping as it stands now. */
export function statusOf(
  { logicalId, topic, consumerGroup, isEnabled }: Mapping,
  functionName: string,
  { counters, pollers }: { readonly counters: Counters; readonly pollers: readonly Poller[] },
): MappingStatus {
  const partitions = partitionsOf(pollers);
  return {
    logicalId,
    functionName,
    topic,
    consumerGroup,
    isEnabled,
    pollers: pollers.length,
    inFlight: pollers.reduce((sum, poller) => sum + poller.inFlight, 0),
    lag: partitions.reduce((sum, { lag }) => sum + lag, 0),
    partitions,
    counters: { ...counters, faults: { ...counters.faults } },
  };
}

/** The partitions that these pollers have, in their order. */
export function partitionsOf(pollers: readonly Poller[]): PartitionStatus[] {
  return pollers
    .flatMap((poller) => poller.partitions)
    .map(({ partition, fetchedTo, doneTo, committedTo, highWatermark, count }) => {
      const lag = Math.max(0, highWatermark - doneTo);
      const committed = committedTo ?? doneTo;
      return { partition, readTo: fetchedTo, doneTo, committed, end: highWatermark, lag, buffered: count };
    })
    .sort((a, b) => a.partition - b.partition);
}
