// The Kafka events of a whole service, made ready for osls: on the stage's cluster, with the stage's pollers, checked. Pure.
// What osls can compile stays in the event; what it has no word for is returned as properties of the mapping.

import type { KafkaAuth } from "../kafka/auth.ts";
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
  /** How pollers prove to Kafka who they are; absent: they don't. */
  readonly auth?: KafkaAuth;
  /** What they prove it with. */
  readonly secretArn?: string;
  /** The certificate of the authority that signed the brokers'. */
  readonly authoritySecretArn?: string;
  /** From where pollers reach self-managed Kafka; absent or empty: as the event says. */
  readonly subnets?: string;
  readonly securityGroups?: string;
  /** Mappings under one name share pollers and their price; absent or empty: each has its own. */
  readonly pollerGroup?: string;
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

/** The event as this stage's event source carries it out. `reader` is the function's name as deployed. */
export function prepare(
  event: { kind: EventKind; declaration: MappingDeclaration },
  source: EventSource,
  reader: string,
): PreparedEvent {
  const declaration = inGroup(event.declaration, source);
  const dropped = droppedWords(declaration, source.pollers);
  const kept = Object.entries(declaration).filter(([word]) => !dropped.includes(word));
  const placed = onCluster(
    { kind: event.kind, declaration: { ...Object.fromEntries(kept), topic: declaration.topic } },
    source,
    reader,
  );
  const properties = { ...mappingProperties(declaration, source.pollers), ...certificateOf(placed.kind, source) };
  return { ...placed, properties, dropped };
}

/** The declaration with the stage's poller group, unless it names its own. */
function inGroup(declaration: MappingDeclaration, { pollerGroup }: EventSource): MappingDeclaration {
  const { provisionedPollerConfig } = declaration;
  if (!pollerGroup || typeof provisionedPollerConfig !== "object" || provisionedPollerConfig === null)
    return declaration;
  return { ...declaration, provisionedPollerConfig: { pollerGroupName: pollerGroup, ...provisionedPollerConfig } };
}

/** Whether every mapping of a function asks for partial batch responses, which is when its code may answer with them. */
export function readsPartialResponses(prepared: readonly PreparedEvent[]): boolean {
  return prepared.length > 0 && prepared.every(({ properties }) => properties.FunctionResponseTypes !== undefined);
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

function onCluster(event: { kind: EventKind; declaration: MappingDeclaration }, source: EventSource, reader: string) {
  if (event.kind === "msk") return event;
  const { bootstrapServers, accessConfigurations, ...rest } = event.declaration;
  const { mskClusterArn, auth, secretArn } = source;
  if (mskClusterArn) {
    // By role the group has to be named in the role, so it can't be named after the mapping's own id.
    const group = auth === "iam" ? { consumerGroupId: `${reader}-mapping-${rest.topic}` } : {};
    const secret = auth === "scram-512" ? { saslScram512: secretArn } : {};
    return { kind: "msk" as const, declaration: { ...group, ...rest, arn: mskClusterArn, ...secret } };
  }
  return {
    kind: "kafka" as const,
    declaration: {
      ...rest,
      bootstrapServers: listed(bootstrapServers),
      accessConfigurations: { ...eachListed(accessConfigurations), ...wayIn(source) },
    },
  };
}

const secretWords: Readonly<Partial<Record<KafkaAuth, string>>> = {
  "scram-512": "saslScram512Auth",
  "scram-256": "saslScram256Auth",
  plain: "saslPlainAuth",
  mtls: "clientCertificateTlsAuth",
};

/** From where self-managed Kafka is reached, and what it is shown and checked with. */
function wayIn(source: EventSource): Readonly<Record<string, readonly unknown[]>> {
  const { auth = "none", secretArn, authoritySecretArn, subnets, securityGroups } = source;
  const word = secretWords[auth];
  return {
    ...(subnets ? { vpcSubnet: listed(subnets) } : {}),
    ...(securityGroups ? { vpcSecurityGroup: listed(securityGroups) } : {}),
    ...(word === undefined ? {} : { [word]: [secretArn] }),
    ...(auth !== "none" && authoritySecretArn ? { serverRootCaCertificate: [authoritySecretArn] } : {}),
  };
}

/** osls has no word for a client's certificate at MSK. */
function certificateOf(kind: EventKind, { auth, secretArn }: EventSource): MappingProperties {
  if (kind !== "msk" || auth !== "mtls") return {};
  return { SourceAccessConfigurations: [{ Type: "CLIENT_CERTIFICATE_TLS_AUTH", URI: secretArn }] };
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

function repeated<T extends { declaration: MappingDeclaration }>(events: readonly T[]): readonly T[] {
  return events.filter(
    (event, index) => events.findIndex((other) => other.declaration.topic === event.declaration.topic) < index,
  );
}

function isMapping(value: unknown): value is MappingDeclaration {
  return typeof value === "object" && value !== null && "topic" in value && typeof value.topic === "string";
}
