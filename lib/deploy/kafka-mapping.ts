// Serverless plugin: Kafka events in functions.yml may use AWS's own words, one setting chooses a stage's pollers, and functions' topics reach the template.
// It only wires: what the words mean is in mapping-settings.ts, service-mappings.ts and kafka-topics.ts.

import { type TopicDeclaration, type TopicSettings, topicFaults, topicsOf } from "./kafka-topics.ts";
import { oslsWords, settingWords } from "./mapping-settings.ts";
import type { EventSource, FunctionDeclaration, PreparedEvent } from "./service-mappings.ts";
import { functionFaults, impliedTopics, kafkaEventOf, prepare, readsPartialResponses } from "./service-mappings.ts";

interface ServerlessFunction extends FunctionDeclaration {
  /** As deployed. */
  readonly name?: string;
  events?: Record<string, unknown>[];
  environment?: Record<string, unknown>;
  topics?: Record<string, TopicSettings>;
}

interface Resources {
  extensions?: Record<string, { Properties?: Record<string, unknown> }>;
  Metadata?: Record<string, unknown>;
}

/** The part of osls that this plugin touches. */
interface Serverless {
  readonly service: {
    readonly custom?: { readonly eventSource?: EventSource };
    readonly functions?: Record<string, ServerlessFunction>;
    resources?: Resources;
  };
  readonly classes: { readonly Error: new (message: string, code: string) => Error };
  readonly configSchemaHandler: {
    defineFunctionEventProperties(provider: "aws", event: string, schema: object): void;
    defineFunctionProperties(provider: "aws", schema: object): void;
  };
  getProvider(name: "aws"): { readonly naming: Naming };
}

interface Naming {
  getKafkaEventLogicalId(functionName: string, topic: string): string;
  getMSKEventLogicalId(functionName: string, cluster: string, topic: string): string;
}

interface Tools {
  readonly log: { notice(message: string): void };
}

export default class KafkaMapping {
  readonly hooks: Readonly<Record<string, () => void>>;
  readonly #serverless: Serverless;
  readonly #notices: string[] = [];

  constructor(serverless: Serverless, _options: unknown, { log }: Tools) {
    this.#serverless = serverless;
    defineWords(serverless);
    this.hooks = {
      initialize: () => this.#prepareService(),
      "before:package:initialize": () => {
        for (const notice of this.#notices) log.notice(notice);
      },
    };
  }

  #prepareService(): void {
    const { service } = this.#serverless;
    const source = service.custom?.eventSource ?? { pollers: "provisioned" };
    const functions = Object.entries(service.functions ?? {});
    this.#refuse(functions.flatMap(([name, declared]) => functionFaults(name, declared, source)));

    const topics = functions.map(([name, declared]) => this.#prepareFunction(name, declared, source));
    this.#refuse(topicFaults(topics));
    fillKeptPlaces(functions.map(([, declared]) => declared));
    const resources = this.#resources();
    resources.Metadata = { ...resources.Metadata, KafkaTopics: topicsOf(topics) };
  }

  #prepareFunction(name: string, declared: ServerlessFunction, source: EventSource): TopicDeclaration {
    const prepared: PreparedEvent[] = [];
    for (const event of declared.events ?? []) {
      const kafkaEvent = kafkaEventOf(event);
      if (kafkaEvent === undefined) continue;
      const ready = prepare(kafkaEvent, source, declared.name ?? name);
      delete event[kafkaEvent.kind];
      event[ready.kind] = ready.declaration;
      this.#extend(logicalId(this.#serverless.getProvider("aws").naming, name, ready), ready);
      this.#noteDropped(name, ready);
      prepared.push(ready);
    }
    if (prepared.length > 0) {
      declared.environment = {
        ...declared.environment,
        PARTIAL_BATCH_RESPONSES: String(readsPartialResponses(prepared)),
      };
    }
    return { functionName: name, declared: declared.topics ?? {}, implied: prepared.flatMap(impliedTopics) };
  }

  #extend(id: string, { properties }: PreparedEvent): void {
    const resources = this.#resources();
    const extensions = { ...resources.extensions };
    // A hand-written extension of the same mapping has the last word.
    extensions[id] = { ...extensions[id], Properties: { ...properties, ...extensions[id]?.Properties } };
    resources.extensions = extensions;
  }

  #noteDropped(name: string, { declaration, dropped }: PreparedEvent): void {
    if (dropped.length === 0) return;
    this.#notices.push(
      `Pollers are on-demand in this stage: '${name}' reads '${declaration.topic}' without ${dropped.join(", ")}, which need provisioned pollers.`,
    );
  }

  #resources(): Resources {
    this.#serverless.service.resources ??= {};
    return this.#serverless.service.resources;
  }

  #refuse(faults: readonly string[]): void {
    if (faults.length > 0) throw new this.#serverless.classes.Error(faults.join("\n"), "KAFKA_MAPPING_INVALID");
  }
}

/** Tells the function that renews committed offsets whose they are: `function=topic`, one for each function that reads Kafka. */
function fillKeptPlaces(functions: readonly ServerlessFunction[]): void {
  const places = functions.flatMap(({ name, events = [] }) =>
    events.flatMap((event) => kafkaEventOf(event) ?? []).map(({ declaration }) => `${name}=${declaration.topic}`),
  );
  for (const { environment } of functions) {
    if (environment?.KEPT_PLACES !== undefined) environment.KEPT_PLACES = places.join(",");
  }
}

/** Teaches osls's schema the words it lacks. Their values are checked here, with sentences, and not by the schema. */
function defineWords({ configSchemaHandler }: Serverless): void {
  for (const kind of ["kafka", "msk"] as const) {
    const lacking = settingWords.filter((word) => !oslsWords[kind].includes(word));
    const properties = Object.fromEntries(lacking.map((word) => [word, {}]));
    configSchemaHandler.defineFunctionEventProperties("aws", kind, { properties });
  }
  configSchemaHandler.defineFunctionProperties("aws", {
    properties: { topics: { type: "object", additionalProperties: { type: "object" } } },
  });
}

function logicalId(naming: Naming, functionName: string, { kind, declaration }: PreparedEvent): string {
  if (kind === "kafka") return naming.getKafkaEventLogicalId(functionName, declaration.topic);
  return naming.getMSKEventLogicalId(functionName, clusterName(declaration.arn), declaration.topic);
}

/** As osls names a cluster in a logical id: the second part of its ARN, or what an import or a reference names. */
function clusterName(arn: unknown): string {
  if (typeof arn === "string") return arn.split("/")[1] ?? arn;
  return String(Object.values(arn ?? {})[0]);
}
