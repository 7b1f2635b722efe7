// A mapping's system log, as AWS's event pollers write it to the function's log group; provisioned mode only.
// https://docs.aws.amazon.com/lambda/latest/dg/esm-logging.html
import { closeSync, mkdirSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import type { Clock } from "../clock.ts";
import type { Cluster } from "../kafka/kafka-connection.ts";
import type { PartitionStatus } from "../mapping-status.ts";
import type { Mapping, SystemLogLevel } from "../template/mapping.ts";
import type { Account } from "../template/template.ts";
import type { Happening, Observe } from "./happening.ts";

export interface SystemLogOptions {
  readonly functionName: string;
  readonly logsFolder: string;
  readonly cluster: Cluster;
  readonly account: Account;
  readonly totalPartitions: number;
  readonly clock: Clock;
  /** The partitions of each poller, by its number. */
  partitions(): ReadonlyMap<number, readonly PartitionStatus[]>;
}

export interface SystemLog {
  readonly observe: Observe;
  stop(): void;
}

const STATUS_PERIOD_MS = 60_000;
const DETAIL: Readonly<Record<SystemLogLevel, number>> = { WARN: 0, INFO: 1, DEBUG: 2 };

/** The mapping's log, when it asks for one: `FUNCTION.esm.log` beside the function's own. */
export function openSystemLog(mapping: Mapping, options: SystemLogOptions): SystemLog | undefined {
  const { systemLogLevel: level } = mapping;
  if (level === undefined || !mapping.isEnabled) return undefined;
  const { logsFolder, functionName, clock, partitions } = options;
  mkdirSync(logsFolder, { recursive: true });
  const fd = openSync(join(logsFolder, `${functionName}.esm.log`), "a");
  let isStopped = false;
  const write = (poller: number, entry: Entry) => {
    // An invocation that was not waited for may answer later.
    if (isStopped || DETAIL[entry.logLevel] > DETAIL[level]) return;
    writeSync(fd, `${JSON.stringify(lineOf(entry, { mapping, poller, at: clock.now(), account: options.account }))}\n`);
  };
  let cancel = () => {};
  const status = () => {
    for (const [poller, states] of partitions()) {
      for (const state of states) write(poller, kafkaStatus(mapping.topic, state));
    }
    cancel = clock.at(clock.now() + STATUS_PERIOD_MS, status);
  };
  if (level === "DEBUG") cancel = clock.at(clock.now() + STATUS_PERIOD_MS, status);
  return {
    observe(happening) {
      for (const entry of entriesOf(happening, mapping, options)) write(pollerOf(happening), entry);
    },
    stop() {
      cancel();
      isStopped = true;
      closeSync(fd);
    },
  };
}

export type Entry = { readonly eventType: string; readonly logLevel: SystemLogLevel } & Readonly<
  Record<string, unknown>
>;

/** An entry as it is written, with what all have in common. */
export function lineOf(
  { eventType, logLevel, ...facts }: Entry,
  {
    mapping,
    poller,
    at,
    account,
  }: { readonly mapping: Mapping; readonly poller: number; readonly at: number; readonly account: Account },
): object {
  return {
    eventType,
    timestamp: at,
    resourceArn: `arn:aws:lambda:${account.region}:${account.accountId}:event-source-mapping:${mapping.id}`,
    ...(mapping.eventSourceArn === undefined ? {} : { eventSourceArn: mapping.eventSourceArn }),
    eventProcessorId: `${mapping.id}/${poller}`,
    logLevel,
    ...facts,
  };
}

/** What is said of a happening; of most nothing. */
export function entriesOf(
  happening: Happening,
  mapping: Mapping,
  around: Pick<SystemLogOptions, "cluster" | "totalPartitions">,
): Entry[] {
  switch (happening.kind) {
    case "assigned":
      return [
        {
          eventType: "POLLER_STATUS_EVENT",
          logLevel: "INFO",
          kafkaEventSourceConnection: connection(happening, mapping, around),
        },
      ];
    case "polling-failed":
    case "registry-failed":
    case "commit-failed":
      return [warning(happening.error.message, codeOf(happening.error))];
    case "answered": {
      const { result } = happening;
      if (result.kind === "function-error") return [warning(result.error.errorMessage, result.error.errorType)];
      if (result.kind === "success") return [];
      return [warning(result.reason, result.isThrottled ? "TooManyRequestsException" : "ServiceException")];
    }
    case "discarded": {
      const { condition, outcome } = happening;
      if (outcome.kind === "delivered") return [];
      const why = outcome.kind === "refused" ? `: the failure destination did not take them: ${outcome.error}` : "";
      return [warning(`Records were dropped${why}`, condition)];
    }
    default:
      return [];
  }
}

/** One partition's offsets; consumed and processed are the last ones, committed and end the next. */
export function kafkaStatus(topic: string, { partition, end, readTo, doneTo, committed }: PartitionStatus): Entry {
  const offsets = {
    partition: `${topic}-${partition}`,
    endOffset: end,
    consumedOffset: readTo - 1,
    processedOffset: doneTo - 1,
    committedOffset: committed,
  };
  return { eventType: "KAFKA_STATUS_EVENT", logLevel: "DEBUG", kafkaPartitionOffsets: offsets };
}

function connection(
  { poller, membership, offsets }: Extract<Happening, { kind: "assigned" }>,
  mapping: Mapping,
  { cluster, totalPartitions }: Pick<SystemLogOptions, "cluster" | "totalPartitions">,
): object {
  const { ssl = false, sasl } = cluster;
  const places = (type: string) =>
    mapping.access.filter((entry) => entry.type === type).map(({ uri }) => uri.replace(/^\w+:/, ""));
  return {
    brokerEndpoints: cluster.brokers,
    consumerId: `${mapping.id}-${poller}`,
    topics: [mapping.topic],
    consumerGroupId: mapping.consumerGroup,
    securityProtocol: `${sasl === undefined ? "" : "SASL_"}${ssl === false ? "PLAINTEXT" : "SSL"}`,
    saslMechanism: sasl?.mechanism.toUpperCase() ?? null,
    totalPartitionCount: totalPartitions,
    assignedPartitionCount: offsets.size,
    partitionsAssignmentGeneration: membership.generation,
    assignedPartitions: [...offsets.keys()].sort((a, b) => a - b).map((partition) => `${mapping.topic}-${partition}`),
    networkConfig: { subnets: places("VPC_SUBNET"), securityGroups: places("VPC_SECURITY_GROUP") },
  };
}

function warning(errorMessage: string, errorCode: string): Entry {
  return { eventType: "ESM_PROCESSING_EVENT", logLevel: "WARN", error: { errorMessage, errorCode } };
}

function codeOf(error: Error): string {
  const type = "type" in error ? error.type : undefined;
  return typeof type === "string" ? type : error.name;
}

/** Pollers don't share what they do: only commits don't say whose they are, and those are the first's to tell. */
function pollerOf(happening: Happening): number {
  if ("poller" in happening) return happening.poller;
  const [poller] = "batch" in happening && happening.batch !== undefined ? happening.batch.split(".") : [];
  return Number(poller ?? 0);
}
