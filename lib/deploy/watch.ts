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
    resources?: { Resources?: Record<string, { readonly Type: string }> };
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
  const resources = {
    ...dashboardOf(watched, `${service.service}-${service.provider.stage}`),
    ...(alarms === "on" ? alarmsOf(watched, topicArn === "" ? undefined : String(topicArn)) : {}),
  };
  service.resources ??= {};
  service.resources.Resources = { ...service.resources.Resources, ...resources };
}

function watchedIn({ functions = {}, resources }: Serverless["service"]): Watched {
  const tables = Object.entries(resources?.Resources ?? {}).filter(([, { Type }]) => Type === "AWS::DynamoDB::Table");
  return {
    functions: Object.entries(functions).map(([key, declared]) => {
      const mappings = (declared.events ?? []).map(({ kafka, msk }) => kafka ?? msk).filter((one) => one !== undefined);
      return {
        key,
        name: declared.name ?? key,
        readsKafka: mappings.length > 0,
        hasDestination: mappings.some(({ onFailureDestination }) => onFailureDestination !== undefined),
        emits: declared.handler?.startsWith(EMITTERS) ?? false,
      };
    }),
    tables: tables.map(([id]) => id),
    namespace: METRIC_NAMESPACE,
  };
}
