// Serverless plugin: a stage's dashboard and, where custom.watch asks for them, its alarms. What they are is in alarms.ts and dashboard.ts.
// List it after kafka-mapping.ts, which decides what each event becomes in the stage.

import { METRIC_NAMESPACE } from "../metric-namespace.ts";
import { alarmsOf, type Watched, type WatchedMapping } from "./alarms.ts";
import { dashboardOf } from "./dashboard.ts";

interface ServerlessFunction {
  readonly name?: string;
  readonly handler?: string;
  readonly events?: readonly Readonly<Record<string, Readonly<Record<string, unknown>> | undefined>>[];
}

/** The part of osls that this plugin touches. */
interface Serverless {
  readonly service: {
    readonly service: string;
    readonly provider: { readonly stage: string };
    readonly custom?: { readonly watch?: WatchSettings };
    readonly functions?: Readonly<Record<string, ServerlessFunction>>;
    resources?: {
      Resources?: Record<string, { readonly Type: string }>;
      extensions?: Record<string, { Properties?: MappingProperties }>;
    };
  };
}

/** Of a mapping, as far as watching it needs. */
interface MappingProperties {
  readonly DestinationConfig?: object;
  readonly MetricsConfig?: { readonly Metrics?: readonly string[] };
}

interface WatchSettings {
  /** `on` or `off`; parameters.ts has looked. */
  readonly alarms: unknown;
  /** The SNS topic that alarms tell; empty for none. */
  readonly topicArn?: unknown;
}

const EMITTERS = "functions/windows/";

export default class Watch {
  readonly hooks: Readonly<Record<string, () => void>>;

  constructor(serverless: Serverless) {
    this.hooks = { initialize: () => addTo(serverless) };
  }
}

function addTo({ service }: Serverless): void {
  const { alarms, topicArn = "" } = service.custom?.watch ?? { alarms: "off" };
  const watched = watchedIn(service);
  if (alarms === "on") askForMetrics(service, watched.mappings);
  const resources = {
    ...dashboardOf(watched),
    ...(alarms === "on" ? alarmsOf(watched, topicArn === "" ? undefined : String(topicArn)) : {}),
  };
  service.resources ??= {};
  service.resources.Resources = { ...service.resources.Resources, ...resources };
}

/** What the stage's mappings have become, which kafka-mapping.ts has left there. */
function mappingsIn({ resources }: Serverless["service"]): readonly WatchedMapping[] {
  return Object.entries(resources?.extensions ?? {})
    .filter(([id]) => id.includes("EventSourceMapping"))
    .map(([id, { Properties }]) => ({ id, hasDestination: Properties?.DestinationConfig !== undefined }));
}

/** The alarms' metrics are given where they are asked for, beside those that a mapping asks for itself. */
function askForMetrics({ resources }: Serverless["service"], mappings: readonly WatchedMapping[]): void {
  for (const { id } of mappings) {
    const extension = resources?.extensions?.[id];
    if (extension === undefined) continue;
    const asked = extension.Properties?.MetricsConfig?.Metrics ?? [];
    const Metrics = [...new Set([...asked, "EventCount"])];
    extension.Properties = { ...extension.Properties, MetricsConfig: { Metrics } };
  }
}

function watchedIn(service: Serverless["service"]): Watched {
  const { functions = {}, resources } = service;
  const idsOf = (wanted: string) =>
    Object.entries(resources?.Resources ?? {}).flatMap(([id, { Type }]) => (Type === wanted ? [id] : []));
  return {
    functions: Object.entries(functions).map(([key, declared]) => {
      const events = declared.events ?? [];
      return {
        key,
        name: declared.name ?? key,
        readsKafka: events.some(({ kafka, msk }) => (kafka ?? msk) !== undefined),
        emits: declared.handler?.startsWith(EMITTERS) ?? false,
        answersHttp: events.some(({ httpApi }) => httpApi !== undefined),
      };
    }),
    tables: idsOf("AWS::DynamoDB::Table"),
    queues: idsOf("AWS::SQS::Queue"),
    mappings: mappingsIn(service),
    stack: `${service.service}-${service.provider.stage}`,
    namespace: METRIC_NAMESPACE,
  };
}
