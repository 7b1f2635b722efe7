// The Kafka mappings of a template: found, checked, and read into what they mean.
import { type Filter, parseFilter } from "../filter/filter.ts";
import { timeoutSecondsOf } from "./function-definition.ts";
import { doesNotExist, type FunctionReference, functionReference, isElsewhere } from "./function-reference.ts";
import { type Mapping, MappingError } from "./mapping.ts";
import { type CheckContext, check } from "./mapping-rules.ts";
import { readMapping } from "./mapping-settings.ts";
import { shaped } from "./setting-shapes.ts";
import { arnOf, asObject, type Resource, resolveValue, resourcesOfType, type Template } from "./template.ts";

export interface MappingOptions {
  /** Logical ids of the functions whose mappings are wanted, and of no others; all when absent. */
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
    const { FunctionName } = resource.properties;
    const reference = functionReference(template, FunctionName);
    if (isLeftOut(template, FunctionName, { reference, wanted: options.functions })) continue;
    const found = mappingOf(template, resource, {
      reference,
      access: options.access ?? "template",
    });
    if ("refusals" in found) refusals.push(...found.refusals.map((why) => `Mapping '${resource.logicalId}': ${why}`));
    else mappings.push(found);
  }
  refusals.push(...conflicts(mappings, template), ...sharedGroups(mappings));
  if (refusals.length > 0) throw new MappingError(refusals.join("\n"));
  return mappings;
}

/** Only of a function that is known not to be wanted; one that nobody has may be the wanted one, misspelt. */
function isLeftOut(
  template: Template,
  functionName: unknown,
  {
    reference,
    wanted,
  }: { readonly reference: FunctionReference | undefined; readonly wanted: readonly string[] | undefined },
): boolean {
  if (wanted === undefined) return false;
  return reference === undefined ? isElsewhere(template, functionName) : !wanted.includes(reference.logicalId);
}

function mappingOf(
  template: Template,
  resource: Resource,
  { reference, access }: { readonly reference: FunctionReference | undefined } & Pick<CheckContext, "access">,
): Mapping | { refusals: string[] } {
  const definition = resourcesOfType(template, "AWS::Lambda::Function").find(
    ({ logicalId }) => logicalId === reference?.logicalId,
  );
  if (reference === undefined || definition === undefined) {
    return { refusals: [doesNotExist(template, resource.properties.FunctionName)] };
  }
  const { logicalId: functionLogicalId, qualifier } = reference;
  const { settings, refusals: misshapen } = shaped(settingsOf(template, resource));
  const functionTimeoutSeconds = timeoutSecondsOf(template, definition);
  const refusals = [...misshapen, ...check(settings, { functionTimeoutSeconds, access })];
  const filters: Filter[] = [];
  for (const pattern of patternsOf(settings)) {
    try {
      filters.push(parseFilter(pattern));
    } catch (error) {
      refusals.push(`FilterCriteria: ${error instanceof Error ? error.message : String(error)} in ${pattern}`);
    }
  }
  if (refusals.length > 0) return { refusals };
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

/** Also one that lacks its Topics, or misspells them: it is refused then, not left alone. */
function isKafka({ properties }: Resource): boolean {
  const { Topics, SelfManagedEventSource, EventSourceArn, AmazonManagedKafkaEventSourceConfig } = properties;
  if ([Topics, SelfManagedEventSource, AmazonManagedKafkaEventSourceConfig].some((setting) => setting !== undefined)) {
    return true;
  }
  return /^arn:[\w-]+:kafka:/.test(String(EventSourceArn));
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

// Members of one group share its partitions out among them, so that each mapping would get only some of its topic's.
// https://docs.aws.amazon.com/lambda/latest/dg/kafka-consumer-group-id.html
function sharedGroups(mappings: readonly Mapping[]): string[] {
  return mappings.flatMap(({ logicalId, consumerGroup }, index) => {
    const earlier = mappings.slice(0, index).find((other) => other.consumerGroup === consumerGroup);
    if (earlier === undefined) return [];
    return `Mapping '${logicalId}': ConsumerGroupId '${consumerGroup}' is that of mapping '${earlier.logicalId}' already: each mapping needs one of its own`;
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
