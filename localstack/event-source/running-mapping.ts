// One mapping at work: its pollers, its failure destination, who is told what they do.
import { join } from "node:path";
import { clusterOf } from "./access/connection.ts";
import { systemClock } from "./clock.ts";
import { type Counters, count, newCounters } from "./counters.ts";
import { openDestination } from "./destinations/destination.ts";
import type { EventSourceOptions } from "./event-source.ts";
import { NO_FAULTS } from "./faults.ts";
import { withoutTombstones } from "./filter/filter.ts";
import type { Invoker } from "./invoke.ts";
import { deleteGroup, endsOf, partitionCount } from "./kafka/kafka-connection.ts";
import type { Observe } from "./observe/happening.ts";
import type { Journal } from "./observe/journal.ts";
import type { Meters } from "./observe/meters.ts";
import { openSystemLog } from "./observe/system-log.ts";
import { Poller } from "./poller.ts";
import { PollerGroup } from "./poller-group.ts";
import { isOver, replayOf } from "./replay.ts";
import { openDeserializer } from "./schemas/open.ts";
import type { BackOff } from "./settle.ts";
import { AS_AWS_MAY, type Switches } from "./switches.ts";
import type { FunctionDefinition } from "./template/function-definition.ts";
import { qualifiedName } from "./template/function-reference.ts";
import type { Mapping } from "./template/mapping.ts";
import { LOCAL_ACCOUNT } from "./template/template.ts";

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

/** What all mappings of an event source share. */
export interface Shared {
  readonly invoker: Invoker;
  readonly waits: BackOff;
  readonly meters: Meters;
  readonly journal?: Journal;
}

export interface RunningMapping {
  /** Resolves when its replay is over; never without one. */
  readonly over: Promise<void>;
  /** As it is carried out, which for a replay is not as it is declared. */
  readonly mapping: Mapping;
  status(): MappingStatus;
  stop(graceMs: number): Promise<void>;
}

/** Starts a mapping's pollers; resolves once they have joined the group. A mapping that is not enabled has none. */
export async function startMapping(
  declared: Mapping,
  definition: FunctionDefinition,
  around: { readonly options: EventSourceOptions; readonly shared: Shared },
): Promise<RunningMapping> {
  const { options, shared } = around;
  const { clock = systemClock, isolation = "read_uncommitted", faults = NO_FAULTS, switches = AS_AWS_MAY } = options;
  const { span, name = "replay" } = options.replay ?? {};
  const mapping = withSwitches(span === undefined ? declared : replayOf(declared, span, name), switches);
  const counters = newCounters();
  const log = (message: string, facts: Readonly<Record<string, unknown>>) =>
    options.log?.(message, { mapping: mapping.logicalId, topic: mapping.topic, ...facts });
  const cluster = await clusterOf(mapping, options, log);
  const source = {
    kind: mapping.kind,
    ...(mapping.eventSourceArn === undefined ? {} : { eventSourceArn: mapping.eventSourceArn }),
    bootstrapServers: cluster.brokers.join(","),
  };
  const now = () => clock.now();
  const { region } = options.account ?? LOCAL_ACCOUNT;
  const context = { cluster, functionArn: definition.arn, source, region, switches, aws: options, now, log };
  const destination = await openDestination(mapping, context);
  const over = Promise.withResolvers<void>();
  const observers = [shared.meters.observer(definition.name)];
  if (shared.journal !== undefined) {
    observers.push(shared.journal.observer(mapping, { functionName: definition.name, clock, span }));
  }
  const observe: Observe = (happening) => {
    count(counters, happening);
    for (const tell of observers) tell(happening);
    if (replay !== undefined && (happening.kind === "assigned" || happening.kind === "committed")) {
      const partitions = group.pollers.flatMap((poller) => poller.partitions);
      if (isOver(replay, partitions)) over.resolve();
    }
  };
  const reading = await openDeserializer(mapping, { options, clock, observe, log });
  const makePoller = (index: number) =>
    new Poller({
      mapping,
      functionName: qualifiedName(definition.name, mapping.functionQualifier),
      source,
      index,
      cluster,
      isolation,
      invoker: shared.invoker,
      ...(destination === undefined ? {} : { destination }),
      ...(reading === undefined ? {} : { deserializer: reading.deserializer }),
      clock,
      backOff: shared.waits,
      switches,
      observe,
      faults,
      ...(replay === undefined ? {} : { replay }),
      log,
      fatal: options.fatal ?? rethrow,
    });
  const partitions = mapping.isEnabled ? await partitionCount(cluster, mapping.topic, log) : 0;
  const replay = span && { ...span, ends: await endsOf(cluster, mapping.topic) };
  const { rebalanceEveryMs } = faults;
  const group = new PollerGroup({
    bounds: { ...boundsOf(mapping), partitions },
    ...(rebalanceEveryMs === undefined || partitions === 0 ? {} : { rebalanceEveryMs }),
    ...{ clock, counters, makePoller, observe, log },
  });
  const { account = LOCAL_ACCOUNT, localFolder = ".local", logsFolder = join(localFolder, "logs") } = options;
  const systemLog = openSystemLog(mapping, {
    ...{ functionName: definition.name, logsFolder, cluster, account, totalPartitions: partitions, clock },
    partitions: () => new Map(group.pollers.map((poller) => [poller.index, partitionsOf([poller])])),
  });
  if (systemLog !== undefined) observers.push(systemLog.observe);
  const running = {
    over: over.promise,
    mapping,
    status: () => statusOf(mapping, definition.name, { counters, pollers: group.pollers }),
    async stop(graceMs: number) {
      await group.stop(graceMs);
      await destination?.stop();
      systemLog?.stop();
      reading?.close();
      if (replay !== undefined) await deleteGroup(cluster, mapping.consumerGroup);
    },
  };
  try {
    await group.start();
  } catch (error) {
    await running.stop(0);
    throw error;
  }
  return running;
}

/** The mapping with what its switches decide about its filters. */
function withSwitches(mapping: Mapping, switches: Switches): Mapping {
  if (switches["tombstones-under-filters"] === "pass") return mapping;
  return { ...mapping, filters: mapping.filters.map(withoutTombstones) };
}

/** On demand AWS chooses; one poller is enough for what one machine's partitions bring. */
function boundsOf({ mode, minimumPollers, maximumPollers }: Mapping): { minimum: number; maximum: number } {
  return mode === "provisioned" ? { minimum: minimumPollers, maximum: maximumPollers } : { minimum: 1, maximum: 1 };
}

/** An error that nothing handles ends the process, with its stack. */
function rethrow(error: unknown): void {
  queueMicrotask(() => {
    throw error;
  });
}

function statusOf(
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

function partitionsOf(pollers: readonly Poller[]): PartitionStatus[] {
  return pollers
    .flatMap((poller) => poller.partitions)
    .map(({ partition, fetchedTo, doneTo, committedTo, highWatermark, count }) => {
      const lag = Math.max(0, highWatermark - doneTo);
      const committed = committedTo ?? doneTo;
      return { partition, readTo: fetchedTo, doneTo, committed, end: highWatermark, lag, buffered: count };
    })
    .sort((a, b) => a.partition - b.partition);
}
