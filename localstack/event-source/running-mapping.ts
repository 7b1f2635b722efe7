// One mapping at work: its pollers, its failure destination, who is told what they do.
import { join } from "node:path";
import { clusterOf } from "./access/connection.ts";
import { type Clock, systemClock } from "./clock.ts";
import { type Counters, count, newCounters } from "./counters.ts";
import { openDestination } from "./destinations/destination.ts";
import type { FailureDestination } from "./destinations/failure-destination.ts";
import type { EventSourceOptions } from "./event-source-options.ts";
import { NO_FAULTS } from "./faults.ts";
import { withoutTombstones } from "./filter/filter.ts";
import type { Invoker } from "./invoke.ts";
import { type Cluster, deleteGroup, endsOf, partitionCount } from "./kafka/kafka-connection.ts";
import { type MappingStatus, partitionsOf, statusOf } from "./mapping-status.ts";
import type { Observe } from "./observe/happening.ts";
import type { Journal } from "./observe/journal.ts";
import type { Meters } from "./observe/meters.ts";
import { openSystemLog } from "./observe/system-log.ts";
import { Poller } from "./poller.ts";
import { PollerGroup } from "./poller-group.ts";
import { isOver, type Replay, replayOf } from "./replay.ts";
import { type OpenDeserializer, openDeserializer } from "./schemas/open.ts";
import type { BackOff } from "./settle.ts";
import { AS_AWS_MAY } from "./switches.ts";
import type { FunctionDefinition } from "./template/function-definition.ts";
import { qualifiedName } from "./template/function-reference.ts";
import type { Mapping } from "./template/mapping.ts";
import { LOCAL_ACCOUNT } from "./template/template.ts";
import type { EventSourceIdentity } from "./wire.ts";

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

/** What a mapping's parts are made from. */
interface Scene {
  readonly mapping: Mapping;
  readonly definition: FunctionDefinition;
  readonly options: EventSourceOptions;
  readonly shared: Shared;
  readonly clock: Clock;
  readonly counters: Counters;
  /** Told of everything that happens; more may join. */
  readonly listeners: Observe[];
  readonly observe: Observe;
  log(message: string, facts: Readonly<Record<string, unknown>>): void;
}

/** What a mapping reaches outside of this process. */
interface Edges {
  readonly cluster: Cluster;
  readonly source: EventSourceIdentity;
  readonly destination: FailureDestination | undefined;
  readonly reading: OpenDeserializer | undefined;
  /** 0 for a mapping that is not enabled. */
  readonly partitions: number;
  readonly replay: Replay | undefined;
}

/** Starts a mapping's pollers; resolves once they have joined the group. A mapping that is not enabled has none. */
export async function startMapping(
  declared: Mapping,
  definition: FunctionDefinition,
  around: { readonly options: EventSourceOptions; readonly shared: Shared },
): Promise<RunningMapping> {
  const mapping = asCarriedOut(declared, around.options);
  const scene = sceneOf(mapping, definition, around);
  const edges = await openEdges(scene);
  const group = pollersOf(scene, edges);
  const systemLog = systemLogOf(scene, edges, group);
  const over = whenOver(scene, edges.replay, group);
  const running = {
    over,
    mapping,
    status: () => statusOf(mapping, definition.name, { counters: scene.counters, pollers: group.pollers }),
    async stop(graceMs: number) {
      await group.stop(graceMs);
      await edges.destination?.stop();
      systemLog?.stop();
      edges.reading?.close();
      if (edges.replay !== undefined) await deleteGroup(edges.cluster, mapping.consumerGroup);
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

/** The mapping as a replay and the switches have it. */
function asCarriedOut(declared: Mapping, { replay, switches = AS_AWS_MAY }: EventSourceOptions): Mapping {
  const mapping = replay === undefined ? declared : replayOf(declared, replay.span, replay.name);
  if (switches["tombstones-under-filters"] === "pass") return mapping;
  return { ...mapping, filters: mapping.filters.map(withoutTombstones) };
}

function sceneOf(
  mapping: Mapping,
  definition: FunctionDefinition,
  { options, shared }: { readonly options: EventSourceOptions; readonly shared: Shared },
): Scene {
  const { clock = systemClock, replay } = options;
  const counters = newCounters();
  const listeners: Observe[] = [
    (happening) => count(counters, happening),
    shared.meters.observer(definition.name),
    ...(shared.journal === undefined
      ? []
      : [shared.journal.observer(mapping, { functionName: definition.name, clock, span: replay?.span })]),
  ];
  return {
    ...{ mapping, definition, options, shared, clock, counters, listeners },
    observe: (happening) => {
      for (const tell of listeners) tell(happening);
    },
    log: (message, facts) => options.log?.(message, { mapping: mapping.logicalId, topic: mapping.topic, ...facts }),
  };
}

async function openEdges({ mapping, definition, options, clock, observe, log }: Scene): Promise<Edges> {
  const { switches = AS_AWS_MAY, account = LOCAL_ACCOUNT } = options;
  const cluster = await clusterOf(mapping, options, log);
  const source = {
    kind: mapping.kind,
    ...(mapping.eventSourceArn === undefined ? {} : { eventSourceArn: mapping.eventSourceArn }),
    bootstrapServers: cluster.brokers.join(","),
  };
  const destination = await openDestination(mapping, {
    ...{ cluster, functionArn: definition.arn, source, region: account.region, switches, aws: options, log },
    now: () => clock.now(),
  });
  const reading = await openDeserializer(mapping, { options, clock, observe, log });
  const partitions = mapping.isEnabled ? await partitionCount(cluster, mapping.topic, log) : 0;
  const span = options.replay?.span;
  const replay = span && { ...span, ends: await endsOf(cluster, mapping.topic) };
  return { cluster, source, destination, reading, partitions, replay };
}

function pollersOf({ mapping, definition, options, shared, clock, counters, observe, log }: Scene, edges: Edges) {
  const { isolation = "read_uncommitted", faults = NO_FAULTS, switches = AS_AWS_MAY, fatal = rethrow } = options;
  const { cluster, source, destination, reading, partitions, replay } = edges;
  const { rebalanceEveryMs } = faults;
  const functionName = qualifiedName(definition.name, mapping.functionQualifier);
  const makePoller = (index: number) =>
    new Poller({
      ...{ mapping, functionName, source, index, cluster, isolation, clock, switches, observe, faults, log, fatal },
      ...{ invoker: shared.invoker, backOff: shared.waits },
      ...(options.patienceMs === undefined ? {} : { patienceMs: options.patienceMs }),
      ...(destination === undefined ? {} : { destination }),
      ...(reading === undefined ? {} : { deserializer: reading.deserializer }),
      ...(replay === undefined ? {} : { replay }),
    });
  return new PollerGroup({
    bounds: { ...boundsOf(mapping), partitions },
    ...(rebalanceEveryMs === undefined || partitions === 0 ? {} : { rebalanceEveryMs }),
    ...{ clock, counters, makePoller, observe, log },
  });
}

function systemLogOf({ mapping, definition, options, clock, listeners }: Scene, edges: Edges, group: PollerGroup) {
  const { account = LOCAL_ACCOUNT, localFolder = ".local", logsFolder = join(localFolder, "logs") } = options;
  const systemLog = openSystemLog(mapping, {
    ...{ functionName: definition.name, logsFolder, account, clock },
    ...{ cluster: edges.cluster, totalPartitions: edges.partitions },
    partitions: () => new Map(group.pollers.map((poller) => [poller.index, partitionsOf([poller])])),
  });
  if (systemLog !== undefined) listeners.push(systemLog.observe);
  return systemLog;
}

/** Resolves when every partition of a replay is done. What was done last is seen in its commit, what was empty in the assignment. */
function whenOver({ listeners }: Scene, replay: Replay | undefined, group: PollerGroup): Promise<void> {
  const over = Promise.withResolvers<void>();
  if (replay !== undefined) {
    listeners.push(({ kind }) => {
      if (kind !== "assigned" && kind !== "committed") return;
      if (isOver(replay, partitionsOf(group.pollers))) over.resolve();
    });
  }
  return over.promise;
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
