// What a mapping's settings mean, once they are known to be valid: AWS's defaults filled in, this program's names and units.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-lambda-eventsourcemapping.html
import { createHash } from "node:crypto";
import type { Filter } from "../filter/filter.ts";
import type { FailurePolicy } from "../settle.ts";
import type {
  AccessConfiguration,
  Destination,
  Mapping,
  MetricGroup,
  SchemaRegistry,
  StartingPosition,
  SystemLogLevel,
} from "./mapping.ts";
import { asObject, type Resource } from "./template.ts";

type Settings = Readonly<Record<string, unknown>>;

const DEFAULT_WINDOW_MS = 500;
const DEFAULT_MAXIMUM_POLLERS = 200;
const RETRIES_WITH_DESTINATION = 10;

export interface Origin {
  readonly resource: Resource;
  readonly functionLogicalId: string;
  readonly functionArn: string;
}

/** The mapping of settings that `check` found nothing wrong with. */
export function readMapping(settings: Settings, filters: readonly Filter[], origin: Origin): Mapping {
  const id = uuidOf(`${origin.functionArn}/${origin.resource.logicalId}`);
  const kind = settings.SelfManagedEventSource === undefined ? "msk" : "kafka";
  const config = asObject(settings.SelfManagedKafkaEventSourceConfig ?? settings.AmazonManagedKafkaEventSourceConfig);
  const endpoints = asObject(asObject(settings.SelfManagedEventSource)?.Endpoints);
  const destination = destinationOf(settings);
  const registry = registryOf(asObject(config?.SchemaRegistryConfig));
  const level = asObject(settings.LoggingConfig)?.SystemLogLevel as SystemLogLevel | undefined;
  const seconds = settings.MaximumBatchingWindowInSeconds;
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
    ...pollersOf(settings),
    policy: policyOf(settings, destination !== undefined),
    ...(destination === undefined ? {} : { destination }),
    filters,
    access: accessOf(settings.SourceAccessConfigurations),
    ...(registry === undefined ? {} : { schemaRegistry: registry }),
    metrics: (asObject(settings.MetricsConfig)?.Metrics as MetricGroup[] | undefined) ?? [],
    ...(level === undefined ? {} : { systemLogLevel: level }),
  };
}

/** Type and URI of each entry of SourceAccessConfigurations or AccessConfigs. */
function accessOf(entries: unknown): AccessConfiguration[] {
  if (!Array.isArray(entries)) return [];
  return entries.map((entry) => {
    const { Type, URI } = asObject(entry) ?? {};
    return { type: String(Type), uri: String(URI ?? "") };
  });
}

function registryOf(config: Record<string, unknown> | undefined): SchemaRegistry | undefined {
  if (config === undefined) return undefined;
  const validated = Array.isArray(config.SchemaValidationConfigs) ? config.SchemaValidationConfigs : [];
  return {
    uri: String(config.SchemaRegistryURI),
    format: config.EventRecordFormat === "SOURCE" ? "SOURCE" : "JSON",
    attributes: validated.map((entry) => (asObject(entry)?.Attribute === "KEY" ? "KEY" : "VALUE")),
    access: accessOf(config.AccessConfigs),
  };
}

function pollersOf(settings: Settings): Pick<Mapping, "mode" | "minimumPollers" | "maximumPollers"> {
  const config = asObject(settings.ProvisionedPollerConfig);
  const minimumPollers = Number(config?.MinimumPollers ?? 1);
  const maximumPollers = Number(config?.MaximumPollers ?? Math.max(DEFAULT_MAXIMUM_POLLERS, minimumPollers));
  return { mode: config === undefined ? "on-demand" : "provisioned", minimumPollers, maximumPollers };
}

function policyOf(settings: Settings, hasDestination: boolean): FailurePolicy {
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

function startingPositionOf(settings: Settings): StartingPosition {
  const kind = settings.StartingPosition;
  if (kind === "LATEST") return { kind };
  if (kind === "AT_TIMESTAMP") return { kind, timestamp: Number(settings.StartingPositionTimestamp) * 1000 };
  return { kind: "TRIM_HORIZON" };
}

function destinationOf(settings: Settings): Destination | undefined {
  const target = asObject(asObject(settings.DestinationConfig)?.OnFailure)?.Destination;
  if (typeof target !== "string" || target === "") return undefined;
  if (target.startsWith("kafka://")) return { kind: "kafka", topic: target.slice("kafka://".length) };
  return { kind: target.split(":")[2] as "sqs" | "sns" | "s3", arn: target };
}

// A digest, so that the default consumer group survives restarts.
function uuidOf(name: string): string {
  const hex = createHash("sha256").update(name).digest("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-5${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
