// An event source mapping as the template says it. Every setting is either here or refused by name: none is ignored.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-lambda-eventsourcemapping.html
import { createHash } from "node:crypto";
import { type Filter, parseFilter } from "./filter.ts";
import { check } from "./mapping-rules.ts";
import type { FailurePolicy } from "./settle.ts";
import {
  arnOf,
  asObject,
  type Resource,
  referencedLogicalId,
  resolveValue,
  resourcesOfType,
  type Template,
} from "./template.ts";

/** Where reading starts in a partition for which the group has no committed offset. */
export type StartingPosition =
  | { readonly kind: "TRIM_HORIZON" }
  | { readonly kind: "LATEST" }
  | { readonly kind: "AT_TIMESTAMP"; readonly timestamp: number };

export interface Mapping {
  /** The mapping's UUID: the same for the same function and logical id, so the default consumer group survives restarts. */
  readonly id: string;
  readonly logicalId: string;
  readonly functionLogicalId: string;
  readonly kind: "kafka" | "msk";
  /** The cluster's ARN; MSK only. */
  readonly eventSourceArn?: string;
  /** Brokers of the template; empty for MSK, whose brokers only AWS can look up. */
  readonly bootstrapServers: readonly string[];
  readonly topic: string;
  readonly isEnabled: boolean;
  readonly batchSize: number;
  readonly windowMs: number;
  readonly startingPosition: StartingPosition;
  readonly consumerGroup: string;
  readonly mode: "on-demand" | "provisioned";
  /** Pollers that run from the start. Scaling up to MaximumPollers is not carried out: one process gains nothing from it. */
  readonly pollers: number;
  readonly maximumPollers: number;
  readonly policy: FailurePolicy;
  readonly destination?: { readonly kind: "kafka"; readonly topic: string };
  readonly filters: readonly Filter[];
}

/** A setting that AWS or this event source refuses. */
export class MappingError extends Error {}

const DEFAULT_WINDOW_MS = 500;
const RETRIES_WITH_DESTINATION = 10;

export interface MappingOptions {
  /** Logical ids of the functions whose mappings are wanted; all when absent. */
  readonly functions?: readonly string[];
  /** Brokers are given by the caller, so the deployed ones' authentication doesn't apply. */
  readonly areBrokersGiven?: boolean;
}

/** The template's Kafka mappings. Throws one error that lists every refusal. */
export function mappingsOf(template: Template, options: MappingOptions = {}): Mapping[] {
  const refusals: string[] = [];
  const mappings: Mapping[] = [];
  for (const resource of resourcesOfType(template, "AWS::Lambda::EventSourceMapping")) {
    const functionLogicalId = referencedLogicalId(template, resource.properties.FunctionName) ?? "";
    if (!isKafka(resource) || options.functions?.includes(functionLogicalId) === false) continue;
    const found = mappingOf(template, resource, {
      functionLogicalId,
      areBrokersGiven: options.areBrokersGiven ?? false,
    });
    if ("refusals" in found) refusals.push(...found.refusals.map((why) => `Mapping '${resource.logicalId}': ${why}`));
    else mappings.push(found);
  }
  refusals.push(...conflicts(mappings));
  if (refusals.length > 0) throw new MappingError(refusals.join("\n"));
  return mappings;
}

function mappingOf(
  template: Template,
  resource: Resource,
  { functionLogicalId, areBrokersGiven }: { readonly functionLogicalId: string; readonly areBrokersGiven: boolean },
): Mapping | { refusals: string[] } {
  const settings = settingsOf(template, resource);
  const definition = template.resources.get(functionLogicalId);
  const functionTimeoutSeconds = Number(resolveValue(template, definition?.properties.Timeout) ?? 3);
  const refusals =
    definition === undefined
      ? ["Function does not exist"]
      : check(settings, { functionTimeoutSeconds, areBrokersGiven });
  const filters: Filter[] = [];
  for (const pattern of patternsOf(settings)) {
    try {
      filters.push(parseFilter(pattern));
    } catch (error) {
      refusals.push(`FilterCriteria: ${error instanceof Error ? error.message : String(error)} in ${pattern}`);
    }
  }
  if (refusals.length > 0 || definition === undefined) return { refusals };
  return build(settings, filters, { resource, functionLogicalId, functionArn: arnOf(template, definition) });
}

function build(
  settings: Readonly<Record<string, unknown>>,
  filters: readonly Filter[],
  origin: { readonly resource: Resource; readonly functionLogicalId: string; readonly functionArn: string },
): Mapping {
  const id = uuidOf(`${origin.functionArn}/${origin.resource.logicalId}`);
  const kind = settings.SelfManagedEventSource === undefined ? "msk" : "kafka";
  const config = asObject(settings.SelfManagedKafkaEventSourceConfig ?? settings.AmazonManagedKafkaEventSourceConfig);
  const pollers = asObject(settings.ProvisionedPollerConfig);
  const endpoints = asObject(asObject(settings.SelfManagedEventSource)?.Endpoints);
  const destination = destinationOf(settings);
  const seconds = settings.MaximumBatchingWindowInSeconds;
  const minimumPollers = Number(pollers?.MinimumPollers ?? 1);
  return {
    id,
    logicalId: origin.resource.logicalId,
    functionLogicalId: origin.functionLogicalId,
    kind,
    ...(kind === "msk" ? { eventSourceArn: String(settings.EventSourceArn) } : {}),
    bootstrapServers: (endpoints?.KafkaBootstrapServers as string[] | undefined) ?? [],
    topic: String((settings.Topics as unknown[])[0]),
    isEnabled: settings.Enabled !== false,
    batchSize: Number(settings.BatchSize ?? 100),
    windowMs: seconds === undefined ? DEFAULT_WINDOW_MS : Number(seconds) * 1000,
    startingPosition: startingPositionOf(settings),
    consumerGroup: String(config?.ConsumerGroupId ?? id),
    mode: pollers === undefined ? "on-demand" : "provisioned",
    pollers: minimumPollers,
    maximumPollers: Number(pollers?.MaximumPollers ?? Math.max(200, minimumPollers)),
    policy: policyOf(settings, destination !== undefined),
    ...(destination === undefined ? {} : { destination: { kind: "kafka", topic: destination } }),
    filters,
  };
}

function policyOf(settings: Readonly<Record<string, unknown>>, hasDestination: boolean): FailurePolicy {
  const retries = Number(settings.MaximumRetryAttempts ?? -1);
  const age = Number(settings.MaximumRecordAgeInSeconds ?? -1);
  const types = settings.FunctionResponseTypes as string[] | undefined;
  // AWS caps endless retries at 10 beside a destination: https://docs.aws.amazon.com/lambda/latest/dg/kafka-retry-configurations.html
  const endless = hasDestination ? RETRIES_WITH_DESTINATION : Number.POSITIVE_INFINITY;
  return {
    maxRetries: retries < 0 ? endless : retries,
    maxAgeMs: age < 0 ? Number.POSITIVE_INFINITY : age * 1000,
    bisects: settings.BisectBatchOnFunctionError === true,
    readsPartialResponses: types?.includes("ReportBatchItemFailures") ?? false,
  };
}

function startingPositionOf(settings: Readonly<Record<string, unknown>>): StartingPosition {
  const kind = settings.StartingPosition;
  if (kind === "LATEST") return { kind };
  if (kind === "AT_TIMESTAMP") return { kind, timestamp: Number(settings.StartingPositionTimestamp) * 1000 };
  return { kind: "TRIM_HORIZON" };
}

function destinationOf(settings: Readonly<Record<string, unknown>>): string | undefined {
  const target = asObject(asObject(settings.DestinationConfig)?.OnFailure)?.Destination;
  return typeof target === "string" && target !== "" ? target.replace("kafka://", "") : undefined;
}

function patternsOf(settings: Readonly<Record<string, unknown>>): string[] {
  const filters = asObject(settings.FilterCriteria)?.Filters;
  return Array.isArray(filters) ? filters.map((filter) => String(asObject(filter)?.Pattern ?? "{}")) : [];
}

// A cluster's ARN often comes from another stack; events then carry one that says so.
function settingsOf(template: Template, resource: Resource): Record<string, unknown> {
  const { FunctionName: _resolvedApart, EventSourceArn: arn, ...rest } = resource.properties;
  const settings = asObject(resolveValue(template, rest)) ?? {};
  if (arn === undefined) return settings;
  const { region, accountId } = template.account;
  try {
    return { ...settings, EventSourceArn: resolveValue(template, arn) };
  } catch {
    return {
      ...settings,
      EventSourceArn: `arn:aws:kafka:${region}:${accountId}:cluster/${resource.logicalId}/local-1`,
    };
  }
}

function isKafka({ properties }: Resource): boolean {
  return properties.Topics !== undefined || properties.SelfManagedEventSource !== undefined;
}

function conflicts(mappings: readonly Mapping[]): string[] {
  return mappings.flatMap((mapping, index) => {
    const earlier = mappings.slice(0, index).find((other) => overlaps(mapping, other));
    if (earlier === undefined) return [];
    const source = mapping.eventSourceArn ?? mapping.bootstrapServers.join(",");
    return `Mapping '${mapping.logicalId}': An event source mapping with event source ("${source}"), function ("${mapping.functionLogicalId}"), topics ("${mapping.topic}") already exists. Please update or delete the existing mapping with UUID ${earlier.id}`;
  });
}

function overlaps(a: Mapping, b: Mapping): boolean {
  const sameSource =
    a.kind === b.kind &&
    (a.kind === "msk"
      ? a.eventSourceArn === b.eventSourceArn
      : a.bootstrapServers.some((server) => b.bootstrapServers.includes(server)));
  return sameSource && a.functionLogicalId === b.functionLogicalId && a.topic === b.topic;
}

function uuidOf(name: string): string {
  const hex = createHash("sha256").update(name).digest("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-5${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
