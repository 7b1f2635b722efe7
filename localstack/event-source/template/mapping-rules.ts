// The rules of a mapping's settings: bounds, what excludes what, what needs provisioned mode, and what this event source
// does not carry out. Gives refusals as text, AWS's own where it is known.
// https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html
import { accessRules } from "./access-rules.ts";
import { registryRules } from "./registry-rules.ts";
import { foreignSettings } from "./setting-shapes.ts";
import { asObject } from "./template.ts";

type Settings = Readonly<Record<string, unknown>>;

export interface CheckContext {
  readonly functionTimeoutSeconds: number;
  /** Whether access configurations are carried out. */
  readonly access: "template" | "none";
}

/** Why settings of known names and kinds are refused; empty when they are carried out as they are. */
export function check(settings: Settings, { functionTimeoutSeconds, access }: CheckContext): string[] {
  return [
    ...foreignSettings(settings).flatMap(unsupported),
    ...sourceRules(settings),
    ...bounds(settings),
    ...startRules(settings),
    ...provisionedRules(settings),
    ...destinationRules(settings),
    ...accessRules(settings, access),
    ...registryRules(groupConfig(settings)?.SchemaRegistryConfig),
    ...notCarriedOut(settings),
    ...(functionTimeoutSeconds > 840
      ? [`Kafka event sources support functions with a timeout up to 840 seconds, got ${functionTimeoutSeconds}`]
      : []),
  ];
}

function sourceRules(settings: Settings): string[] {
  const refusals: string[] = [];
  const isSelfManaged = settings.SelfManagedEventSource !== undefined;
  if (!isSelfManaged && settings.EventSourceArn === undefined) refusals.push("Unrecognized event source.");
  if (isSelfManaged && settings.EventSourceArn !== undefined) {
    refusals.push("EventSourceArn and SelfManagedEventSource exclude each other: give one");
  }
  if (isSelfManaged && settings.SourceAccessConfigurations === undefined) {
    refusals.push("Required 'sourceAccessConfigurations' parameter is missing.");
  }
  const arn = settings.EventSourceArn;
  if (arn !== undefined && !/^arn:[\w-]+:kafka:/.test(String(arn)) && !isDynamic(String(arn))) {
    refusals.push(
      `EventSourceArn is the ARN of an MSK cluster or of a VPC connection to one, such as arn:aws:kafka:us-east-1:123456789012:cluster/demo/1: got ${JSON.stringify(arn)}`,
    );
  }
  const servers = asObject(asObject(settings.SelfManagedEventSource)?.Endpoints)?.KafkaBootstrapServers;
  if (isSelfManaged && (!Array.isArray(servers) || servers.length < 1 || servers.length > 10)) {
    refusals.push("SelfManagedEventSource.Endpoints.KafkaBootstrapServers lists 1 to 10 host:port addresses");
  }
  for (const server of Array.isArray(servers) ? servers : []) {
    if (isAddress(String(server))) continue;
    refusals.push(
      `SelfManagedEventSource.Endpoints.KafkaBootstrapServers: each entry is one broker's host:port, such as broker.example:9092: got ${JSON.stringify(server)}`,
    );
  }
  const topics = settings.Topics;
  if (!Array.isArray(topics) || topics.length !== 1 || !/^[^.][a-zA-Z0-9\-_.]{1,248}$/.test(String(topics[0]))) {
    refusals.push(
      `Topics names exactly one topic of 2 to 249 letters, digits, '-', '_' or '.': got ${JSON.stringify(topics)}`,
    );
  }
  if (isSelfManaged && settings.AmazonManagedKafkaEventSourceConfig !== undefined) {
    refusals.push(...unsupported("AmazonManagedKafkaEventSourceConfig"));
  }
  if (!isSelfManaged && settings.SelfManagedKafkaEventSourceConfig !== undefined) {
    refusals.push(...unsupported("SelfManagedKafkaEventSourceConfig"));
  }
  return refusals;
}

const HOST_AND_PORT = /^(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]*[a-z0-9])?:\d{1,5}$/i;

/** A dynamic reference is resolved inside AWS only; a local run's brokers are given then. */
function isAddress(server: string): boolean {
  return (server.length <= 300 && HOST_AND_PORT.test(server)) || isDynamic(server);
}

function isDynamic(text: string): boolean {
  return text.includes("{{resolve:");
}

function bounds(settings: Settings): string[] {
  const pollers = asObject(settings.ProvisionedPollerConfig) ?? {};
  const minimum = Number(pollers.MinimumPollers ?? 1);
  const age = settings.MaximumRecordAgeInSeconds;
  const group = groupConfig(settings)?.ConsumerGroupId;
  const filters = asObject(settings.FilterCriteria)?.Filters;
  const types = settings.FunctionResponseTypes;
  const pollerGroup = pollers.PollerGroupName;
  return [
    ...whole("BatchSize", settings.BatchSize, [1, 10_000]),
    ...whole("MaximumBatchingWindowInSeconds", settings.MaximumBatchingWindowInSeconds, [0, 300]),
    ...whole("MaximumRetryAttempts", settings.MaximumRetryAttempts, [-1, 10_000]),
    ...(age === -1 ? [] : whole("MaximumRecordAgeInSeconds", age, [60, 604_800])),
    ...whole("ProvisionedPollerConfig.MinimumPollers", pollers.MinimumPollers, [1, 200]),
    ...whole("ProvisionedPollerConfig.MaximumPollers", pollers.MaximumPollers, [minimum, 2000]),
    ...(group === undefined || /^[a-zA-Z0-9-/*:_+=.@ ]{1,200}$/.test(String(group))
      ? []
      : [`ConsumerGroupId has 1 to 200 letters, digits or any of -/*:_+=.@ but is '${String(group)}'`]),
    ...(pollerGroup === undefined || /^[\w-]{0,128}$/.test(String(pollerGroup))
      ? []
      : [`ProvisionedPollerConfig.PollerGroupName has at most 128 letters, digits, - or _ but is '${pollerGroup}'`]),
    ...oneOf("SelfManagedKafkaEventSourceConfig.ConsumptionMode", groupConfig(settings)?.ConsumptionMode, [
      "Stream",
      "Queue",
    ]),
    ...(Array.isArray(filters) && filters.length > 10
      ? [`FilterCriteria has at most 10 filters (5 without a raised quota), got ${filters.length}`]
      : []),
    ...observationRules(settings),
    ...(Array.isArray(types)
      ? types.flatMap((type) => oneOf("FunctionResponseTypes", type, ["ReportBatchItemFailures"]))
      : []),
  ];
}

function observationRules(settings: Settings): string[] {
  const groups = ["EventCount", "ErrorCount", "KafkaMetrics"];
  const metrics = asObject(settings.MetricsConfig)?.Metrics ?? [];
  const level = asObject(settings.LoggingConfig)?.SystemLogLevel;
  return [
    ...(Array.isArray(metrics)
      ? metrics.flatMap((group) => oneOf("MetricsConfig.Metrics", group, groups))
      : [`MetricsConfig.Metrics is a list of ${groups.join(", ")}: got ${JSON.stringify(metrics)}`]),
    ...(Array.isArray(metrics) && metrics.length > groups.length
      ? [`MetricsConfig.Metrics has at most ${groups.length} entries, got ${metrics.length}`]
      : []),
    ...oneOf("LoggingConfig.SystemLogLevel", level, ["DEBUG", "INFO", "WARN"]),
  ];
}

function startRules(settings: Settings): string[] {
  const { StartingPosition: position, StartingPositionTimestamp: timestamp } = settings;
  const refusals = oneOf("StartingPosition", position, ["AT_TIMESTAMP", "LATEST", "TRIM_HORIZON"]);
  if (position === "AT_TIMESTAMP" && timestamp === undefined) {
    refusals.push("StartingPosition AT_TIMESTAMP needs StartingPositionTimestamp, in epoch seconds");
  }
  if (position !== "AT_TIMESTAMP" && timestamp !== undefined) {
    refusals.push("StartingPositionTimestamp is read only with StartingPosition AT_TIMESTAMP");
  }
  if (Number(timestamp) < 0) {
    refusals.push(`StartingPositionTimestamp is 0 or more, in epoch seconds: got ${timestamp}`);
  }
  if (timestamp !== undefined && Number(timestamp) * 1000 > Date.now()) {
    refusals.push(`StartingPositionTimestamp ${String(timestamp)} lies in the future (it is in epoch seconds)`);
  }
  return refusals;
}

function provisionedRules(settings: Settings): string[] {
  if (settings.ProvisionedPollerConfig !== undefined) return [];
  const types = settings.FunctionResponseTypes;
  const asked = [
    (settings.MaximumRetryAttempts ?? -1) !== -1 && "MaximumRetryAttempts",
    (settings.MaximumRecordAgeInSeconds ?? -1) !== -1 && "MaximumRecordAgeInSeconds",
    (settings.BisectBatchOnFunctionError ?? false) !== false && "BisectBatchOnFunctionError",
    Array.isArray(types) && types.length > 0 && "FunctionResponseTypes",
    destination(settings)?.startsWith("kafka://") && "DestinationConfig",
    settings.LoggingConfig !== undefined && "LoggingConfig",
    groupConfig(settings)?.SchemaRegistryConfig !== undefined && "SchemaRegistryConfig",
  ].filter((name) => typeof name === "string");
  return asked.map(
    (name) => `${unsupported(name)[0]} It needs provisioned mode: add ProvisionedPollerConfig, or leave it out.`,
  );
}

function destinationRules(settings: Settings): string[] {
  const config = asObject(settings.DestinationConfig);
  if (config?.OnSuccess !== undefined)
    return ["Unsupported DestinationConfig parameter for given event source mapping type."];
  const target = destination(settings);
  if (target === undefined || target === "") return [];
  if (!target.startsWith("kafka://")) return arnRules(target);
  const topic = target.slice("kafka://".length);
  if (!DESTINATION_TOPIC.test(topic)) {
    return [
      `DestinationConfig.OnFailure.Destination is kafka:// and a topic of 4 to 249 letters, digits, '-', '_' or '.': got '${target}'`,
    ];
  }
  const source = Array.isArray(settings.Topics) ? settings.Topics[0] : undefined;
  return topic === source ? [`DestinationConfig.OnFailure: kafka://${topic} is the mapping's own topic`] : [];
}

// CloudFormation's least is 12 characters together with kafka://.
const DESTINATION_TOPIC = /^[a-zA-Z0-9\-_][a-zA-Z0-9\-_.]{3,248}$/;
const DESTINATION_ARN = /^arn:aws[\w-]*:(?:(?:sqs|sns):[\w-]+:\d{12}:[\w.-]+|s3:::[a-z0-9.-]+)$/;

function arnRules(target: string): string[] {
  if (!DESTINATION_ARN.test(target)) {
    return [
      `DestinationConfig.OnFailure.Destination is the ARN of an SQS queue, an SNS topic or an S3 bucket, or kafka://TOPIC: got '${target}'`,
    ];
  }
  if (!target.endsWith(".fifo")) return [];
  const kind = target.split(":")[2] === "sqs" ? "queue" : "topic";
  return [`DestinationConfig.OnFailure: FIFO ${kind}s are not supported as failure destinations: got ${target}`];
}

function notCarriedOut(settings: Settings): string[] {
  const config = groupConfig(settings);
  return [config?.ConsumptionMode === "Queue" && "ConsumptionMode Queue (Kafka share groups)"]
    .filter((what) => typeof what === "string")
    .map((what) => `${what} is not carried out by the local event source yet: leave it out of this stage`);
}

function groupConfig(settings: Settings): Record<string, unknown> | undefined {
  return asObject(settings.SelfManagedKafkaEventSourceConfig ?? settings.AmazonManagedKafkaEventSourceConfig);
}

function destination(settings: Settings): string | undefined {
  const target = asObject(asObject(settings.DestinationConfig)?.OnFailure)?.Destination;
  return typeof target === "string" ? target : undefined;
}

function whole(name: string, value: unknown, [least, most]: readonly [number, number]): string[] {
  if (value === undefined) return [];
  const number = Number(value);
  return Number.isInteger(number) && number >= least && number <= most
    ? []
    : [`${name} is a whole number from ${least} to ${most}: got ${String(value)}`];
}

function oneOf(name: string, value: unknown, allowed: readonly string[]): string[] {
  if (value === undefined || allowed.includes(String(value))) return [];
  return [
    `1 validation error detected: Value '${String(value)}' at '${camelCase(name)}' failed to satisfy constraint: Member must satisfy enum value set: [${allowed.join(", ")}]`,
  ];
}

function unsupported(name: string): string[] {
  return [`Unsupported '${camelCase(name)}' parameter for given event source mapping type.`];
}

/** Each part of a path, as AWS's messages have it. */
function camelCase(name: string): string {
  return name.replace(/(^|\.)[A-Z]/g, (start) => start.toLowerCase());
}
