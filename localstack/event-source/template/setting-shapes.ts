// The names of a mapping's settings and the kind of each value. A parameter's value is always text: "false" and "-1" become what
// they stand for before any rule reads them, as CloudFormation does it.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-lambda-eventsourcemapping.html
import { asObject } from "./template.ts";

type Settings = Readonly<Record<string, unknown>>;
type Kind = "text" | "boolean" | "number" | "epoch seconds";
/** What has rules of its own is `anything` here. */
type Shape = Kind | "anything" | readonly [Shape] | { readonly [name: string]: Shape };

const GROUP = { ConsumerGroupId: "text", SchemaRegistryConfig: "anything" } as const;

const FOREIGN: readonly string[] = [
  "ParallelizationFactor",
  "TumblingWindowInSeconds",
  "ScalingConfig",
  "Queues",
  "DocumentDBEventSourceConfig",
];

const SHAPES: Readonly<Record<string, Shape>> = {
  EventSourceArn: "text",
  SelfManagedEventSource: { Endpoints: { KafkaBootstrapServers: "anything" } },
  Topics: "anything",
  Enabled: "boolean",
  BatchSize: "number",
  MaximumBatchingWindowInSeconds: "number",
  StartingPosition: "text",
  StartingPositionTimestamp: "epoch seconds",
  AmazonManagedKafkaEventSourceConfig: GROUP,
  SelfManagedKafkaEventSourceConfig: { ...GROUP, ConsumptionMode: "text" },
  FilterCriteria: { Filters: [{ Pattern: "text" }] },
  KmsKeyArn: "text",
  FunctionResponseTypes: ["text"],
  BisectBatchOnFunctionError: "boolean",
  MaximumRetryAttempts: "number",
  MaximumRecordAgeInSeconds: "number",
  DestinationConfig: { OnFailure: { Destination: "text" }, OnSuccess: "anything" },
  ProvisionedPollerConfig: { MinimumPollers: "number", MaximumPollers: "number", PollerGroupName: "text" },
  SourceAccessConfigurations: "anything",
  MetricsConfig: { Metrics: "anything" },
  LoggingConfig: { SystemLogLevel: "text" },
  Tags: "anything",
  ...Object.fromEntries(FOREIGN.map((name) => [name, "anything"] as const)),
};
const SAYS: Readonly<Record<Kind, string>> = {
  text: "text",
  boolean: "true or false",
  number: "a number",
  "epoch seconds": "a number, in epoch seconds",
};
const NUMBER = /^[+-]?\d+(\.\d+)?$/;

/** The settings with each value in its own kind; what has another name or kind is refused, and left out. */
export function shaped(settings: Settings): { readonly settings: Settings; readonly refusals: readonly string[] } {
  const refusals: string[] = [];
  return { settings: asObject(shapedAs(settings, SHAPES, { path: "", refusals })) ?? {}, refusals };
}

/** Settings of other sources' mappings, which AWS refuses in words of their own. */
export function foreignSettings(settings: Settings): string[] {
  return Object.keys(settings).filter((name) => FOREIGN.includes(name));
}

interface Place {
  readonly path: string;
  readonly refusals: string[];
}

function shapedAs(value: unknown, shape: Shape, at: Place): unknown {
  if (shape === "anything") return value;
  if (isList(shape)) return listOf(value, shape[0], at);
  if (typeof shape === "object") return objectOf(value, shape, at);
  const read = scalarOf(value, shape);
  if (read === undefined) at.refusals.push(`${at.path} is ${SAYS[shape]}: got ${JSON.stringify(value)}`);
  return read;
}

function objectOf(value: unknown, shape: { readonly [name: string]: Shape }, { path, refusals }: Place): unknown {
  const object = asObject(value);
  if (object === undefined) {
    refusals.push(`${path} is an object of ${Object.keys(shape).join(", ")}: got ${JSON.stringify(value)}`);
    return {};
  }
  const entries = Object.entries(object).flatMap(([name, item]) => {
    const within = Object.hasOwn(shape, name) ? shape[name] : undefined;
    if (within === undefined) refusals.push(unknownName(name, path, Object.keys(shape)));
    const inner = path === "" ? name : `${path}.${name}`;
    return within === undefined ? [] : [[name, shapedAs(item, within, { path: inner, refusals })] as const];
  });
  return Object.fromEntries(entries.filter(([, item]) => item !== undefined));
}

function listOf(value: unknown, shape: Shape, { path, refusals }: Place): unknown {
  if (Array.isArray(value)) {
    return value.map((item, index) => shapedAs(item, shape, { path: `${path}[${index}]`, refusals }));
  }
  refusals.push(`${path} is a list: got ${JSON.stringify(value)}`);
  return [];
}

function unknownName(name: string, path: string, known: readonly string[]): string {
  if (path === "") return `${name} is not a setting of a Kafka event source mapping`;
  return `${path}.${name} is not a setting: ${path} takes ${known.join(", ")}`;
}

function scalarOf(value: unknown, kind: Kind): unknown {
  if (kind === "text") return ["string", "number", "boolean"].includes(typeof value) ? String(value) : undefined;
  if (kind === "boolean") {
    if (typeof value === "boolean") return value;
    return value === "true" ? true : value === "false" ? false : undefined;
  }
  if (typeof value === "number" && Number.isFinite(value)) return value;
  return typeof value === "string" && NUMBER.test(value.trim()) ? Number(value) : undefined;
}

function isList(shape: Shape): shape is readonly [Shape] {
  return Array.isArray(shape);
}
