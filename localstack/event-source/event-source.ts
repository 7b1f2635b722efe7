// The event source in a process: polls Kafka for every mapping and invokes functions as AWS's event source mapping does.
import { whyNot } from "./access/problem.ts";
import { refuseUnmetNeeds } from "./aws/needs.ts";
import { systemClock } from "./clock.ts";
import type { EventSourceOptions } from "./event-source-options.ts";
import { type EnvironmentStatus, type Pool, startPool } from "./functions/pool.ts";
import type { Invoker } from "./invoke.ts";
import type { MappingStatus } from "./mapping-status.ts";
import { type Journal, openJournal } from "./observe/journal.ts";
import { Meters } from "./observe/meters.ts";
import { startMetricLines } from "./observe/metric-lines.ts";
import { prometheusText } from "./observe/prometheus.ts";
import { type PrometheusEndpoint, startPrometheusEndpoint } from "./observe/prometheus-endpoint.ts";
import { type RunningMapping, type Shared, startMapping } from "./running-mapping.ts";
import { runSchedule, type Schedule } from "./schedule.ts";
import { type BackOff, backOff } from "./settle.ts";
import type { FunctionDefinition } from "./template/function-definition.ts";
import { LOCAL_ACCOUNT } from "./template/template.ts";

export interface EventSourceStatus {
  readonly mappings: readonly MappingStatus[];
  readonly environments: readonly EnvironmentStatus[];
}

export interface EventSource {
  /** Resolves when every replay is over; never without one. */
  readonly over: Promise<unknown>;
  /** Where Prometheus scrapes, when it was asked for. */
  readonly prometheusUrl?: string;
  status(): EventSourceStatus;
  /** Stops polling, lets what is in flight finish for at most `graceMs` (30 s by default), commits, leaves the groups. */
  stop(graceMs?: number): Promise<void>;
}

const DEFAULT_GRACE_MS = 30_000;

/** Resolves once every enabled mapping has joined its group. */
export async function startEventSource(options: EventSourceOptions): Promise<EventSource> {
  refuseUnmetNeeds(options.mappings, options);
  const pool = options.invoker === undefined ? poolOf(options) : undefined;
  const invoker = options.invoker ?? pool!;
  const waits = backOff(options.backOffMs ?? 1000);
  const abort = new AbortController();
  const journal: Journal | undefined =
    options.journal === undefined ? undefined : openJournal({ file: options.journal });
  const meters = new Meters();
  const shared: Shared = {
    ...{ invoker: meters.measuring(invoker), waits, meters },
    ...(journal === undefined ? {} : { journal }),
  };
  const running: RunningMapping[] = [];
  const observed = () => running.map(({ mapping, status }) => ({ mapping, status: status() }));
  let endpoint: PrometheusEndpoint | undefined;
  const stopAll = (graceMs: number) => Promise.all(running.map((mapping) => mapping.stop(graceMs)));
  try {
    if (options.prometheus !== undefined) {
      endpoint = await startPrometheusEndpoint(options.prometheus, () => prometheusText(observed(), meters.all));
    }
    await Promise.all(
      options.mappings.map(async (mapping) => {
        const definition = functionWith(mapping.functionLogicalId, options.functions);
        running.push(
          await startMapping(mapping, definition, { options, shared }).catch((cause) => {
            throw new Error(`Mapping '${mapping.logicalId}': ${whyNot(cause)}`, { cause });
          }),
        );
      }),
    );
  } catch (error) {
    await stopAll(0);
    await pool?.stop();
    await endpoint?.stop();
    journal?.close();
    throw error;
  }
  for (const schedule of options.schedules ?? [])
    startSchedule(schedule, options, { invoker: shared.invoker, waits, signal: abort.signal });
  const { metricsFile: file, clock = systemClock } = options;
  const lines = file === undefined ? undefined : startMetricLines({ file, clock, meters, observed });
  return {
    over: Promise.all(running.map((mapping) => mapping.over)),
    ...(endpoint === undefined ? {} : { prometheusUrl: endpoint.url }),
    status: () => ({
      mappings: running.map((mapping) => mapping.status()),
      environments: pool?.environments() ?? [],
    }),
    async stop(graceMs = DEFAULT_GRACE_MS) {
      abort.abort();
      await stopAll(graceMs);
      await pool?.stop();
      await endpoint?.stop();
      lines?.stop();
      journal?.close();
    },
  };
}

function poolOf(options: EventSourceOptions): Pool {
  const { functions, account = LOCAL_ACCOUNT, localFolder = ".local", logsFolder, inProcess = false } = options;
  const { region } = account;
  return startPool({ functions, region, localFolder, inProcess, ...(logsFolder === undefined ? {} : { logsFolder }) });
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
