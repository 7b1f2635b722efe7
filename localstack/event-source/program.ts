// The program: reads a compiled template and runs its Kafka mappings and rate schedules against a real broker.
import { appendFileSync, mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { addressOf } from "./destinations/destination.ts";
import { type EventSource, type EventSourceStatus, startEventSource } from "./event-source.ts";
import type { MappingStatus } from "./mapping-status.ts";
import { functionsOf, invokerOf } from "./program-functions.ts";
import { list, type ProgramOptions, programOptions, USAGE } from "./program-options.ts";
import { replayOf } from "./replay.ts";
import { schedulesOf } from "./schedule.ts";
import { changed } from "./switches.ts";
import { selectFunctions } from "./template/function-definition.ts";
import type { Mapping, SchemaRegistry } from "./template/mapping.ts";
import { mappingsOf } from "./template/mappings.ts";
import { LOCAL_ACCOUNT, readTemplate, type Template } from "./template/template.ts";

/** Runs until it is told to stop; ends the process. */
export async function runProgram(): Promise<void> {
  const options = programOptions(process.argv.slice(2), process.env);
  if (options === undefined) {
    console.error(USAGE);
    process.exit(0);
  }
  const account = { ...LOCAL_ACCOUNT, region: process.env.AWS_REGION ?? LOCAL_ACCOUNT.region };
  const template = readTemplate(options.template, account, options);
  const wanted = selectFunctions(template, options.only);
  const mappings = mappingsOf(template, {
    ...(options.only.length === 0 ? {} : { functions: wanted }),
    access: options.access,
  });
  const { replay } = options;
  const schedules = replay === undefined && options.hasSchedules ? schedulesOf(template, wanted) : [];
  if (mappings.length + schedules.length === 0) throw new Error(nothingToDo(template, options));
  const invoked = new Set([...mappings, ...schedules].map(({ functionLogicalId }) => functionLogicalId));
  const functions = functionsOf(template, [...invoked], options);
  const brokers = options.brokers.length > 0 ? options.brokers : brokersOf(mappings);

  for (const file of [options.statusFile, options.metricsFile]) if (file !== undefined) makeWritable(file);
  for (const mapping of mappings) {
    console.error(describe(replay === undefined ? mapping : replayOf(mapping, replay.span, replay.name)));
  }
  for (const { name, value, usual } of changed(options.switches)) {
    console.error(`Switch ${name}=${value} (${usual} when not said): AWS leaves it open`);
  }
  for (const { logicalId, functionLogicalId, everyMs } of schedules) {
    console.error(`${logicalId}: ${functionLogicalId} every ${everyMs / 1000} s`);
  }
  const told = toldToStop();
  const log = (message: string, facts: Readonly<Record<string, unknown>>) =>
    console.error(JSON.stringify({ message, ...facts }));
  const invoker = await invokerOf(template, options, { region: account.region, functions, log });
  const starting = startEventSource({
    ...options,
    ...{ mappings, schedules, functions, brokers, account },
    environment: process.env,
    log,
    ...(invoker === undefined ? {} : { invoker }),
  });
  const source = await Promise.race([starting, told]);
  if (typeof source === "string") process.exit(replay === undefined ? 0 : 1);
  const enabled = mappings.filter(({ isEnabled }) => isEnabled);
  console.log(
    JSON.stringify({
      ...{ ready: true, pid: process.pid, brokers, mappings: enabled.length, schedules: schedules.length },
      ...(source.prometheusUrl === undefined ? {} : { prometheus: source.prometheusUrl }),
    }),
  );
  report(source, options);
  const end = await Promise.race([told, source.over]);
  const isUnfinished = replay !== undefined && typeof end === "string";
  const { mappings: ended } = source.status();
  await source.stop();
  await invoker?.stop();
  if (replay !== undefined) {
    for (const mapping of ended) console.log(JSON.stringify(replayed(mapping, isUnfinished)));
  }
  process.exit(isUnfinished ? 1 : 0);
}

/** A misspelt type would otherwise look like a run that waits for records. */
function nothingToDo({ resources }: Template, { only, hasSchedules, replay }: ProgramOptions): string {
  const sought =
    hasSchedules && replay === undefined
      ? "neither a Kafka event source mapping nor a rule with a rate"
      : "no Kafka event source mapping";
  const types = [...new Set([...resources.values()].map(({ type }) => type))].sort().join(", ");
  const whose = only.length === 0 ? "" : ` of ${only.join(", ")}`;
  return `There is nothing to carry out: the template has ${sought}${whose}. Types of its resources: ${types}.`;
}

/** What a replay came to; one that was ended before it was through says so. */
function replayed({ logicalId, functionName, topic, counters }: MappingStatus, isUnfinished: boolean): object {
  const { polledEventCount, invocations, failedInvokeEventCount, droppedEventCount } = counters;
  return {
    ...{ replayed: logicalId, functionName, topic, records: polledEventCount, invocations },
    ...{ failedInvokeEventCount, droppedEventCount },
    ...(isUnfinished ? { unfinished: true } : {}),
  };
}

function brokersOf(mappings: readonly Mapping[]): readonly string[] {
  const lists = new Set(mappings.map(({ bootstrapServers }) => bootstrapServers.join(",")));
  const [only = "", ...others] = lists;
  if (only === "" || others.length > 0) {
    throw new Error(
      "Which brokers? The template names none, or several clusters: give them with --brokers HOST:PORT or in KAFKA_BROKERS.",
    );
  }
  return list(only);
}

function describe(mapping: Mapping): string {
  const { policy } = mapping;
  const facts = [
    mapping.isEnabled ? mapping.mode : "disabled",
    `batch ${mapping.batchSize}`,
    `window ${mapping.windowMs} ms`,
    `from ${mapping.startingPosition.kind}`,
    `group ${mapping.consumerGroup}`,
    mapping.mode === "provisioned" && `pollers ${mapping.minimumPollers} to ${mapping.maximumPollers}`,
    policy.maxRetries < Number.POSITIVE_INFINITY ? `retries ${policy.maxRetries}` : "retries without end",
    policy.maxAgeMs < Number.POSITIVE_INFINITY && `record age ${policy.maxAgeMs / 1000} s`,
    policy.bisects && "bisects",
    policy.readsPartialResponses && "partial responses",
    mapping.destination !== undefined && `failures to ${addressOf(mapping.destination)}`,
    mapping.schemaRegistry !== undefined && schemasOf(mapping.schemaRegistry),
    mapping.filters.length > 0 && `${mapping.filters.length} filters`,
  ].filter((fact) => typeof fact === "string");
  return `${mapping.logicalId}: ${mapping.topic} → ${mapping.functionLogicalId} (${facts.join(", ")})`;
}

function schemasOf({ attributes, format, uri }: SchemaRegistry): string {
  return `${attributes.join(" and ").toLowerCase()} by the schemas of ${uri} as ${format}`;
}

/** What is written to it later has a place: else the first line would end the event source. */
function makeWritable(file: string): void {
  try {
    mkdirSync(dirname(file), { recursive: true });
    appendFileSync(file, "");
  } catch (cause) {
    throw new Error(`Can't write to ${file}: ${cause instanceof Error ? cause.message : cause}`, { cause });
  }
}

/** A line of JSON a second, to wherever it is wanted. */
function report(source: EventSource, { printsStatus, statusFile }: ProgramOptions): void {
  if (!printsStatus && statusFile === undefined) return;
  let before = source.status();
  setInterval(() => {
    const now = source.status();
    const line = JSON.stringify({ at: new Date().toISOString(), ...withRates(now, before) });
    if (printsStatus) console.log(line);
    if (statusFile !== undefined) appendFileSync(statusFile, `${line}\n`);
    before = now;
  }, 1000).unref();
}

function withRates(now: EventSourceStatus, before: EventSourceStatus): object {
  const mappings = now.mappings.map((mapping) => {
    const earlier = before.mappings.find(({ logicalId }) => logicalId === mapping.logicalId);
    const recordsPerSecond = mapping.counters.invokedEventCount - (earlier?.counters.invokedEventCount ?? 0);
    return { ...mapping, recordsPerSecond };
  });
  return { ...now, mappings };
}

/** One Ctrl-C may arrive twice, from the terminal and from npx; a later one is meant for what takes too long. */
const SAME_SIGNAL_MS = 1000;

/** Resolves when the program is told to end; told again, it ends at once. */
function toldToStop(): Promise<string> {
  return new Promise((resolve) => {
    let firstAt: number | undefined;
    const onSignal = (signal: NodeJS.Signals) => {
      firstAt ??= performance.now();
      if (performance.now() - firstAt > SAME_SIGNAL_MS) process.exit(130);
      resolve(signal);
    };
    process.on("SIGTERM", onSignal);
    process.on("SIGINT", onSignal);
    process.once("disconnect", () => resolve("its parent is gone")); // comes only to whom a parent has given a channel
  });
}
