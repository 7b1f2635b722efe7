// An event source mapping as the template says it. Every setting is either here or refused by name: none is ignored.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-lambda-eventsourcemapping.html
import { type Filter, parseFilter } from "../filter/filter.ts";
import type { FailurePolicy } from "../settle.ts";
import { type FunctionReference, functionReference } from "./function-reference.ts";
import { type CheckContext, check } from "./mapping-rules.ts";
import { readMapping } from "./mapping-settings.ts";
import { arnOf, asObject, type Resource, resolveValue, resourcesOfType, type Template } from "./template.ts";

/** Where reading starts in a partition for which the group has no committed offset. */
export type StartingPosition =
  | { readonly kind: "TRIM_HORIZON" }
  | { readonly kind: "LATEST" }
  | { readonly kind: "AT_TIMESTAMP"; readonly timestamp: number };

/** Where given-up records go. */
export type Destination =
  | { readonly kind: "kafka"; readonly topic: string }
  | { readonly kind: "sqs" | "sns" | "s3"; readonly arn: string };

/** One entry of SourceAccessConfigurations or of a registry's AccessConfigs. */
export interface AccessConfiguration {
  /** AWS's word, such as `SASL_SCRAM_512_AUTH`. */
  readonly type: string;
  /** A secret's ARN, or what else the type takes; empty for types without one. */
  readonly uri: string;
}

/** https://docs.aws.amazon.com/lambda/latest/dg/services-consume-kafka-events.html */
export interface SchemaRegistry {
  /** A Glue registry's ARN, or a Confluent registry's https URL. */
  readonly uri: string;
  readonly format: "JSON" | "SOURCE";
  /** What of a record is validated and deserialized. */
  readonly attributes: readonly ("KEY" | "VALUE")[];
  readonly access: readonly AccessConfiguration[];
}

export type MetricGroup = "EventCount" | "ErrorCount" | "KafkaMetrics";
export type SystemLogLevel = "DEBUG" | "INFO" | "WARN";

export interface Mapping {
  /** The mapping's UUID: the same for the same function and logical id, so the default consumer group survives restarts. */
  readonly id: string;
  readonly logicalId: string;
  readonly functionLogicalId: string;
  /** The alias or version that is invoked, where an endpoint knows any. */
  readonly functionQualifier?: string;
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
  /** Pollers that run from the start; with a backlog more are added, up to the maximum and never more than partitions. */
  readonly minimumPollers: number;
  readonly maximumPollers: number;
  readonly policy: FailurePolicy;
  readonly destination?: Destination;
  readonly filters: readonly Filter[];
  readonly access: readonly AccessConfiguration[];
  readonly schemaRegistry?: SchemaRegistry;
  /** Groups of metrics beyond those that every mapping has. */
  readonly metrics: readonly MetricGroup[];
  readonly systemLogLevel?: SystemLogLevel;
}

/** A setting that AWS or this event source refuses. */
export class MappingError extends Error {}

export interface MappingOptions {
  /** Logical ids of the functions whose mappings are wanted; all when absent. */
  readonly functions?: readonly string[];
  /** Whether access configurations are carried out (default), and so must be such that they can be. */
  readonly access?: "template" | "none";
}

/** The template's Kafka mappings. Throws one error that lists every refusal. */
export function mappingsOf(template: Template, options: MappingOptions = {}): Mapping[] {
  const refusals: string[] = [];
  const mappings: Mapping[] = [];
  for (const resource of resourcesOfType(template, "AWS::Lambda::EventSourceMapping")) {
    if (!isKafka(resource)) continue;
    const reference = functionReference(template, resource.properties.FunctionName) ?? { logicalId: "" };
    if (options.functions?.includes(reference.logicalId) === false) continue;
    const found = mappingOf(template, resource, {
      reference,
      access: options.access ?? "template",
    });
    if ("refusals" in found) refusals.push(...found.refusals.map((why) => `Mapping '${resource.logicalId}': ${why}`));
    else mappings.push(found);
  }
  refusals.push(...conflicts(mappings, template));
  if (refusals.length > 0) throw new MappingError(refusals.join("\n"));
  return mappings;
}

function mappingOf(
  template: Template,
  resource: Resource,
  { reference, access }: { readonly reference: FunctionReference } & Pick<CheckContext, "access">,
): Mapping | { refusals: string[] } {
  const functionLogicalId = reference.logicalId;
  const { qualifier } = reference;
  const settings = settingsOf(template, resource);
  const definition = template.resources.get(functionLogicalId);
  const functionTimeoutSeconds = Number(resolveValue(template, definition?.properties.Timeout) ?? 3);
  const refusals =
    definition === undefined ? ["Function does not exist"] : check(settings, { functionTimeoutSeconds, access });
  const filters: Filter[] = [];
  for (const pattern of patternsOf(settings)) {
    try {
      filters.push(parseFilter(pattern));
    } catch (error) {
      refusals.push(`FilterCriteria: ${error instanceof Error ? error.message : String(error)} in ${pattern}`);
    }
  }
  if (refusals.length > 0 || definition === undefined) return { refusals };
  const mapping = readMapping(settings, filters, {
    resource,
    functionLogicalId,
    functionArn: arnOf(template, definition),
  });
  return qualifier === undefined ? mapping : { ...mapping, functionQualifier: qualifier };
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

function conflicts(mappings: readonly Mapping[], template: Template): string[] {
  return mappings.flatMap((mapping, index) => {
    const earlier = mappings.slice(0, index).find((other) => overlaps(mapping, other));
    if (earlier === undefined) return [];
    const source = mapping.eventSourceArn ?? mapping.bootstrapServers.join(",");
    const functionArn = arnOf(template, template.resources.get(mapping.functionLogicalId)!);
    return `Mapping '${mapping.logicalId}': An event source mapping with event source ("${source}"), function ("${functionArn}"), topics ("${mapping.topic}") already exists. Please update or delete the existing mapping with UUID ${earlier.id}`;
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

function patternsOf(settings: Readonly<Record<string, unknown>>): string[] {
  const filters = asObject(settings.FilterCriteria)?.Filters;
  return Array.isArray(filters) ? filters.map((filter) => String(asObject(filter)?.Pattern ?? "{}")) : [];
}
