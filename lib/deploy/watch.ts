// Serverless plugin: a stage's dashboard and, where custom.watch asks for them, its alarms. What they are is in alarms.ts and dashboard.ts.
// List it after kafka-mapping.ts, which decides what each event becomes in the stage.

import { METRIC_NAMESPACE } from "../metric-namespace.ts";
import { alarmsOf, type Watched } from "./alarms.ts";
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
      extensions?: Record<string, { Properties?: Record<string, unknown> }>;
    };
  };
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
  if (alarms === "on") countGivenUp(service);
  const resources = {
    ...dashboardOf(watched),
    ...(alarms === "on" ? alarmsOf(watched, topicArn === "" ? undefined : String(topicArn)) : {}),
  };
  service.resources ??= {};
  service.resources.Resources = { ...service.resources.Resources, ...resources };
}

/** Mappings with a failure destination; kafka-mapping.ts has left there what is the stage's. */
function withDestination({ resources }: Serverless["service"]) {
  return Object.entries(resources?.extensions ?? {}).filter(([, { Properties }]) => Properties?.DestinationConfig);
}

/** Their alarm's metric is given where it is asked for. */
function countGivenUp(service: Serverless["service"]): void {
  for (const [, extension] of withDestination(service)) {
    extension.Properties = { MetricsConfig: { Metrics: ["EventCount"] }, ...extension.Properties };
  }
}

function watchedIn(service: Serverless["service"]): Watched {
  const { functions = {}, resources } = service;
  const idsOf = (wanted: string) =>
    Object.entries(resources?.Resources ?? {}).flatMap(([id, { Type }]) => (Type === wanted ? [id] : []));
  return {
    functions: Object.entries(functions).map(([key, declared]) => {
      const mappings = (declared.events ?? []).map(({ kafka, msk }) => kafka ?? msk).filter((one) => one !== undefined);
      return {
        key,
        name: declared.name ?? key,
        readsKafka: mappings.length > 0,
        hasDestination: mappings.some(({ onFailureDestination }) => onFailureDestination !== undefined),
        emits: declared.handler?.startsWith(EMITTERS) ?? false,
        answersHttp: (declared.events ?? []).some(({ httpApi }) => httpApi !== undefined),
      };
    }),
    tables: idsOf("AWS::DynamoDB::Table"),
    queues: idsOf("AWS::SQS::Queue"),
    mappings: withDestination(service).map(([id]) => id),
    stack: `${service.service}-${service.provider.stage}`,
    namespace: METRIC_NAMESPACE,
  };
}
