// The Kafka events of a whole service, made ready for osls: on the stage's cluster, with the stage's pollers, checked. Pure.
// What osls can compile stays in the event; what it has no word for is returned as properties of the mapping.

import type { MappingProperties, Pollers } from "./mapping-settings.ts";
import {
  destinationTopic,
  droppedWords,
  type MappingDeclaration,
  mappingFaults,
  mappingProperties,
} from "./mapping-settings.ts";

/** Where a stage's mappings read, and how they are polled. */
export interface EventSource {
  readonly pollers: Pollers;
  /** Given: Amazon MSK, `msk` mappings. Absent or empty: self-managed Kafka, `kafka` mappings. */
  readonly mskClusterArn?: string | undefined;
  readonly bootstrapServers?: readonly string[];
}

/** A function as osls holds it, as far as mappings are concerned. */
export interface FunctionDeclaration {
  readonly timeout?: number;
  readonly events?: readonly EventDeclaration[];
}

export type EventDeclaration = Readonly<Record<string, unknown>>;
export type EventKind = "kafka" | "msk";

export interface PreparedEvent {
  readonly kind: EventKind;
  /** What osls compiles. */
  readonly declaration: MappingDeclaration;
  /** What is laid over it. */
  readonly properties: MappingProperties;
  readonly dropped: readonly string[];
}

// Lambda polls Kafka only for functions that answer in time: https://docs.aws.amazon.com/lambda/latest/dg/with-msk-configure.html
const LONGEST_TIMEOUT_SECONDS = 14 * 60;

/** The declared Kafka event, or undefined for an event of another kind. */
export function kafkaEventOf(
  event: EventDeclaration,
): { kind: EventKind; declaration: MappingDeclaration } | undefined {
  for (const kind of ["kafka", "msk"] as const) {
    const declaration = event[kind];
    if (isMapping(declaration)) return { kind, declaration };
  }
  return undefined;
}

/** The event as this stage's event source carries it out. */
export function prepare(
  event: { kind: EventKind; declaration: MappingDeclaration },
  source: EventSource,
): PreparedEvent {
  const dropped = droppedWords(event.declaration, source.pollers);
  const kept = Object.entries(event.declaration).filter(([word]) => !dropped.includes(word));
  const placed = onCluster(
    { kind: event.kind, declaration: { ...Object.fromEntries(kept), topic: event.declaration.topic } },
    source,
  );
  return { ...placed, properties: mappingProperties(event.declaration, source.pollers), dropped };
}

/** Whether every mapping of a function asks for partial batch responses, which is when its code may answer with them. */
export function readsPartialResponses(prepared: readonly PreparedEvent[]): boolean {
  return prepared.length > 0 && prepared.every(({ properties }) => properties.FunctionResponseTypes !== undefined);
}

/** What is wrong with the stage's own settings, a sentence each; empty when nothing is. */
export function sourceFaults({ pollers, mskClusterArn }: EventSource): readonly string[] {
  const faults: string[] = [];
  if (pollers !== "provisioned" && pollers !== "on-demand") {
    faults.push(
      `custom.eventSource.pollers must be provisioned or on-demand: got ${JSON.stringify(pollers)}. Set params.<stage>.pollers.`,
    );
  }
  if (mskClusterArn && !/^arn:[\w-]+:kafka:[\w-]+:\d{12}:(cluster|vpc-connection)\/[^/]+\/.+$/.test(mskClusterArn)) {
    faults.push(
      `custom.eventSource.mskClusterArn must be the ARN of an MSK cluster, or empty for self-managed Kafka: got ${JSON.stringify(mskClusterArn)}.`,
    );
  }
  return faults;
}

/** What keeps a stage from being deployed although it can be packaged; empty when nothing does. */
export function deployFaults({ bootstrapServers = [] }: EventSource): readonly string[] {
  return listed(bootstrapServers)
    .filter((server) => /^(127\.|localhost\b|\[::1\])/.test(String(server)))
    .map(
      (server) =>
        `Kafka at ${server} is this machine's own, which Lambda can't reach: set params.<stage>.bootstrapServers in serverless.yml, ` +
        'or give --param="bootstrapServers=b-1.example:9092,b-2.example:9092".',
    );
}

/** What is wrong with a function's Kafka events, a sentence each; empty when nothing is. */
export function functionFaults(
  name: string,
  declaration: FunctionDeclaration,
  { pollers }: EventSource,
): readonly string[] {
  const events = (declaration.events ?? []).flatMap((event) => kafkaEventOf(event) ?? []);
  const at = (kind: EventKind, topic: string) => `Function '${name}', ${kind} event '${topic}'`;
  const faults = events.flatMap(({ kind, declaration: mapping }) =>
    mappingFaults(mapping, pollers).map((fault) => `${at(kind, mapping.topic)}: ${fault}.`),
  );
  const timeout = declaration.timeout ?? 0;
  if (events.length > 0 && timeout > LONGEST_TIMEOUT_SECONDS) {
    faults.push(
      `Function '${name}': timeout must be at most ${LONGEST_TIMEOUT_SECONDS} seconds where Kafka invokes it: got ${timeout}.`,
    );
  }
  for (const { kind, declaration: mapping } of repeated(events)) {
    faults.push(`${at(kind, mapping.topic)}: this topic is read twice. A function has one event a topic.`);
  }
  const asking = events.filter(({ declaration: mapping }) => mapping.functionResponseTypes != null).length;
  if (asking > 0 && asking < events.length) {
    faults.push(
      `Function '${name}': functionResponseTypes must be on all of its Kafka events or on none, since its code answers one way.`,
    );
  }
  return faults;
}

/** The topics an event needs: the one it reads, and the one its failures go to while its pollers can send them. */
export function impliedTopics({ declaration, dropped }: PreparedEvent): readonly string[] {
  const destination = dropped.includes("onFailureDestination")
    ? undefined
    : destinationTopic(declaration.onFailureDestination);
  return destination === undefined ? [declaration.topic] : [declaration.topic, destination];
}

function onCluster(event: { kind: EventKind; declaration: MappingDeclaration }, { mskClusterArn }: EventSource) {
  if (event.kind === "msk") return event;
  const { bootstrapServers, accessConfigurations, ...rest } = event.declaration;
  if (mskClusterArn) {
    const secret = firstSecret(accessConfigurations);
    return {
      kind: "msk" as const,
      declaration: { ...rest, arn: mskClusterArn, ...(secret ? { saslScram512: secret } : {}) },
    };
  }
  const servers = listed(bootstrapServers);
  return {
    kind: "kafka" as const,
    declaration: { ...rest, bootstrapServers: servers, accessConfigurations: eachListed(accessConfigurations) },
  };
}

/** Parameters given on the command line are text: `a,b` is two entries. */
function listed(value: unknown): readonly unknown[] {
  const entries = Array.isArray(value) ? value : [value];
  return entries.flatMap((entry) =>
    typeof entry === "string" ? entry.split(",").map((part) => part.trim()) : [entry],
  );
}

function eachListed(configurations: unknown): Readonly<Record<string, readonly unknown[]>> {
  return Object.fromEntries(Object.entries(configurations ?? {}).map(([kind, values]) => [kind, listed(values)]));
}

function firstSecret(configurations: unknown): unknown {
  return eachListed(configurations).saslScram512Auth?.[0];
}

function repeated<T extends { declaration: MappingDeclaration }>(events: readonly T[]): readonly T[] {
  return events.filter(
    (event, index) => events.findIndex((other) => other.declaration.topic === event.declaration.topic) < index,
  );
}

function isMapping(value: unknown): value is MappingDeclaration {
  return typeof value === "object" && value !== null && "topic" in value && typeof value.topic === "string";
}
