// The event source in a process: polls Kafka for every mapping and invokes functions as AWS's event source mapping does.
import { type Clock, systemClock } from "./clock.ts";
import { type Counters, newCounters } from "./counters.ts";
import { type FailureDestination, kafkaDestination } from "./destination.ts";
import type { FunctionDefinition } from "./function-definition.ts";
import type { Invoker } from "./invoke.ts";
import { hasTopic, partitionCount } from "./kafka-connection.ts";
import type { Mapping } from "./mapping.ts";
import { Poller } from "./poller.ts";
import { type EnvironmentStatus, type Pool, startPool } from "./pool.ts";
import { runSchedule, type Schedule } from "./schedule.ts";
import { seededChance } from "./seeded-chance.ts";
import { type BackOff, backOff } from "./settle.ts";
import { type Account, LOCAL_ACCOUNT } from "./template.ts";
import type { EventSourceIdentity } from "./wire.ts";

export interface EventSourceOptions {
  readonly mappings: readonly Mapping[];
  readonly schedules?: readonly Schedule[];
  readonly functions: readonly FunctionDefinition[];
  readonly brokers: readonly string[];
  /** Calls functions; by default a pool of local environments. */
  readonly invoker?: Invoker;
  /** Unpacked code and logs; by default `.local` in the working directory. */
  readonly localFolder?: string;
  readonly logsFolder?: string;
  readonly account?: Account;
  readonly clock?: Clock;
  /** The wait before the first retry, 1 s by default; it doubles up to 60 times that. */
  readonly backOffMs?: number;
  readonly isolation?: "read_committed" | "read_uncommitted";
  /** Chance that a successful invocation is repeated before it is committed, 0 to 1. */
  readonly duplicate?: number;
  readonly seed?: number;
  log?(message: string, facts: Readonly<Record<string, unknown>>): void;
  fatal?(error: unknown): void;
}

export interface PartitionStatus {
  readonly partition: number;
  /** Everything below is processed. */
  readonly doneTo: number;
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
  readonly inFlight: number;
  readonly lag: number;
  readonly partitions: readonly PartitionStatus[];
  readonly counters: Readonly<Counters>;
}

export interface EventSourceStatus {
  readonly mappings: readonly MappingStatus[];
  readonly environments: readonly EnvironmentStatus[];
}

export interface EventSource {
  status(): EventSourceStatus;
  /** Stops polling, lets what is in flight finish for at most `graceMs` (30 s by default), commits, leaves the groups. */
  stop(graceMs?: number): Promise<void>;
}

interface RunningMapping {
  readonly mapping: Mapping;
  readonly functionName: string;
  readonly counters: Counters;
  readonly pollers: readonly Poller[];
  readonly destination?: FailureDestination;
}

const DEFAULT_GRACE_MS = 30_000;

/** Resolves once every enabled mapping has joined its group. */
export async function startEventSource(options: EventSourceOptions): Promise<EventSource> {
  const pool = options.invoker === undefined ? poolOf(options) : undefined;
  const invoker = options.invoker ?? pool!;
  const waits = backOff(options.backOffMs ?? 1000);
  const abort = new AbortController();
  const isDuplicated = seededChance(options.duplicate ?? 0, options.seed ?? 1);
  const running: RunningMapping[] = [];
  try {
    await Promise.all(
      options.mappings.map(async (mapping) => {
        const started = await prepare(mapping, options, { invoker, waits, isDuplicated });
        running.push(started);
        await Promise.all(started.pollers.map((poller) => poller.start()));
      }),
    );
  } catch (error) {
    await stopAll(running, 0);
    await pool?.stop();
    throw error;
  }
  for (const schedule of options.schedules ?? [])
    startSchedule(schedule, options, { invoker, waits, signal: abort.signal });
  return {
    status: () => ({ mappings: running.map(statusOf), environments: pool?.environments() ?? [] }),
    async stop(graceMs = DEFAULT_GRACE_MS) {
      abort.abort();
      await stopAll(running, graceMs);
      await pool?.stop();
    },
  };
}

function poolOf({ functions, account = LOCAL_ACCOUNT, localFolder = ".local", logsFolder }: EventSourceOptions): Pool {
  const { region } = account;
  return startPool({ functions, region, localFolder, ...(logsFolder === undefined ? {} : { logsFolder }) });
}

interface Shared {
  readonly invoker: Invoker;
  readonly waits: BackOff;
  isDuplicated(key: string, offset: number): boolean;
}

async function prepare(mapping: Mapping, options: EventSourceOptions, shared: Shared): Promise<RunningMapping> {
  const { brokers, clock = systemClock, isolation = "read_uncommitted" } = options;
  const definition = functionWith(mapping.functionLogicalId, options.functions);
  const functionName = definition.name;
  const counters = newCounters();
  const log = (message: string, facts: Readonly<Record<string, unknown>>) =>
    options.log?.(message, { mapping: mapping.logicalId, topic: mapping.topic, ...facts });
  const source = identityOf(mapping, brokers);
  const destination = destinationOf(mapping, { functionArn: definition.arn, source, options });
  await warnOfMissingDestination(mapping, brokers, log);
  const pollers: Poller[] = [];
  const partitions = mapping.isEnabled ? await partitionCount(brokers, mapping.topic, log) : 0;
  for (let index = 0; index < Math.min(mapping.pollers, partitions); index++) {
    pollers.push(
      new Poller({
        mapping,
        functionName,
        source,
        index,
        brokers,
        isolation,
        invoker: shared.invoker,
        ...(destination === undefined ? {} : { destination }),
        clock,
        backOff: shared.waits,
        counters,
        isDuplicated: shared.isDuplicated,
        log,
        fatal: options.fatal ?? rethrow,
      }),
    );
  }
  return { mapping, functionName, counters, pollers, ...(destination === undefined ? {} : { destination }) };
}

function identityOf({ kind, eventSourceArn }: Mapping, brokers: readonly string[]): EventSourceIdentity {
  return { kind, ...(eventSourceArn === undefined ? {} : { eventSourceArn }), bootstrapServers: brokers.join(",") };
}

function destinationOf(
  mapping: Mapping,
  around: { readonly functionArn: string; readonly source: EventSourceIdentity; readonly options: EventSourceOptions },
): FailureDestination | undefined {
  if (mapping.destination === undefined) return undefined;
  const { functionArn, source, options } = around;
  const { brokers, clock = systemClock } = options;
  return kafkaDestination({ brokers, topic: mapping.destination.topic, functionArn, source, now: () => clock.now() });
}

async function warnOfMissingDestination(
  { destination, isEnabled }: Mapping,
  brokers: readonly string[],
  log: (message: string, facts: Readonly<Record<string, unknown>>) => void,
): Promise<void> {
  if (destination === undefined || !isEnabled || (await hasTopic(brokers, destination.topic))) return;
  log("the failure destination's topic does not exist: until it does, failed records are dropped", {
    destination: destination.topic,
  });
}

/** An error that nothing handles ends the process, with its stack. */
function rethrow(error: unknown): void {
  queueMicrotask(() => {
    throw error;
  });
}

function startSchedule(
  schedule: Schedule,
  options: EventSourceOptions,
  around: { readonly invoker: Invoker; readonly waits: BackOff; readonly signal: AbortSignal },
): void {
  const { clock = systemClock, account = LOCAL_ACCOUNT } = options;
  const { firstMs } = around.waits;
  const scheduleOptions = {
    functionName: functionWith(schedule.functionLogicalId, options.functions).name,
    invoker: around.invoker,
    clock,
    region: account.region,
    accountId: account.accountId,
    // Lambda waits one minute, then two; they shrink with the back-off.
    retryAfterMs: [firstMs * 60, firstMs * 120],
    log: (message: string, facts: Readonly<Record<string, unknown>>) =>
      options.log?.(message, { rule: schedule.logicalId, ...facts }),
  };
  runSchedule(schedule, scheduleOptions, around.signal);
}

function functionWith(logicalId: string, functions: readonly FunctionDefinition[]): FunctionDefinition {
  const found = functions.find((definition) => definition.logicalId === logicalId);
  if (found === undefined) throw new Error(`Function '${logicalId}' is not among the given functions`);
  return found;
}

async function stopAll(running: readonly RunningMapping[], graceMs: number): Promise<void> {
  await Promise.all(
    running.map(async ({ pollers, destination }) => {
      await Promise.all(pollers.map((poller) => poller.stop(graceMs)));
      await destination?.stop();
    }),
  );
}

function statusOf({ mapping, functionName, counters, pollers }: RunningMapping): MappingStatus {
  const partitions = pollers
    .flatMap((poller) => poller.partitions)
    .map(({ partition, doneTo, highWatermark, count }) => {
      const lag = Math.max(0, highWatermark - doneTo);
      return { partition, doneTo, end: highWatermark, lag, buffered: count };
    })
    .sort((a, b) => a.partition - b.partition);
  const { logicalId, topic, consumerGroup, isEnabled } = mapping;
  return {
    logicalId,
    functionName,
    topic,
    consumerGroup,
    isEnabled,
    inFlight: pollers.reduce((sum, poller) => sum + poller.inFlight, 0),
    lag: partitions.reduce((sum, { lag }) => sum + lag, 0),
    partitions,
    counters: { ...counters },
  };
}
