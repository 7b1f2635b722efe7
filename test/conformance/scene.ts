// What most cases begin with: a topic of their own with records in it, and an event source that reads it in a group of the topic's name.
import type { KafkaEvent } from "../../lib/kafka/event.ts";
import type { Counters } from "../../localstack/event-source/counters.ts";
import type { EventSource } from "../../localstack/event-source/event-source.ts";
import type { EventSourceOptions } from "../../localstack/event-source/event-source-options.ts";
import type { TopicSettings } from "../../localstack/services/topics.ts";
import {
  type Answering,
  committed,
  RecordingInvoker,
  recordsOf,
  run,
  textOf,
} from "../localstack/event-source/running.ts";
import { freshTopic, kafkaClient, produce, type ReadRecord, readAll } from "../support/kafka.ts";
import { until } from "../support/until.ts";

type Settings = Readonly<Record<string, unknown>>;
type Produced = Parameters<typeof produce>[1];

export interface SceneOptions extends Omit<Partial<EventSourceOptions>, "invoker"> {
  readonly partitions?: number;
  /** In the topic before the event source starts. */
  readonly records?: Produced;
  readonly settings?: Settings;
  readonly answer?: Answering;
  /** Where it is given, the topic and its group are there already. */
  readonly topic?: string;
}

export interface Scene {
  readonly topic: string;
  readonly source: EventSource;
  readonly invoker: RecordingInvoker;
  /** What the event source logged, oldest first. */
  readonly logged: readonly (Readonly<Record<string, unknown>> & { readonly message: string })[];
  send(...records: Produced): Promise<void>;
  counters(): Readonly<Counters>;
  committed(): Promise<number[]>;
  /** Resolves once the group has committed these offsets, one a partition, and the event source has heard that it has. */
  untilCommitted(...offsets: number[]): Promise<void>;
  /** Resolves once that many invocations were begun. */
  untilInvoked(times: number): Promise<void>;
  /** Resolves once that many records were polled, filtered ones included. */
  untilPolled(records: number): Promise<void>;
  /** The offsets of every invocation so far, by partition number. */
  invoked(): Readonly<Record<number, readonly number[]>>[];
  /** The offsets of every invocation so far, where there is one partition. */
  batches(): readonly (readonly number[])[];
  /** The values that reached the function, in order. */
  values(): readonly string[];
}

export const PROVISIONED: Settings = { ProvisionedPollerConfig: { MinimumPollers: 1 } };
export const PARTIAL: Settings = { ...PROVISIONED, FunctionResponseTypes: ["ReportBatchItemFailures"] };
export const AT_ONCE: Settings = { MaximumBatchingWindowInSeconds: 0 };
export const MSK_ARN = "arn:aws:kafka:us-east-1:123456789012:cluster/demo/751d2973-a626-431c-9d4e-d7975eb44dd7-2";
/** Laid over a self-managed mapping, these make it one of MSK. */
export const MSK: Settings = {
  SelfManagedEventSource: undefined,
  SourceAccessConfigurations: undefined,
  SelfManagedKafkaEventSourceConfig: undefined,
  EventSourceArn: MSK_ARN,
};

/** The time of tests that move the clock. */
export const NOW = Date.parse("2026-11-21T12:00:00Z");

export async function scene(options: SceneOptions = {}): Promise<Scene> {
  const { partitions = 1, records = [], settings = {}, answer, topic: given, ...rest } = options;
  const topic = given ?? (await freshTopic({ partitions }));
  if (records.length > 0) await produce(topic, records);
  const invoker = new RecordingInvoker(answer);
  const logged: (Readonly<Record<string, unknown>> & { readonly message: string })[] = [];
  const ownFunctions = options.functions === undefined ? { invoker } : {};
  const source = await run({
    topic,
    ...ownFunctions,
    settings: { ...inGroup(topic, settings), ...settings },
    log: (message, facts) => logged.push({ message, ...facts }),
    ...rest,
  });
  const counters = () => source.status().mappings[0]!.counters;
  return {
    topic,
    source,
    invoker,
    logged,
    counters,
    send: (...more) => produce(topic, more),
    committed: () => committed(topic, topic),
    untilCommitted: (...offsets) =>
      until(async () => {
        if (String(await committed(topic, topic)) !== String(offsets)) return false;
        const { partitions: own } = source.status().mappings[0]!;
        return own.every((at) => at.committed === offsets[at.partition]);
      }, `the commit of ${offsets}`),
    untilInvoked: (times) => until(() => invoker.events.length >= times, `invocation ${times}`),
    untilPolled: (count) => until(() => counters().polledEventCount >= count, `${count} records polled`),
    invoked: () => invoker.events.map(offsetsOf),
    batches: () => invoker.events.map((event) => recordsOf(event).map(({ offset }) => offset)),
    values: () => invoker.events.flatMap(recordsOf).map(textOf),
  };
}

/** Records of these values, in partition 0 unless said. */
export function valued(...values: readonly string[]): { readonly value: string }[] {
  return values.map((value) => ({ value }));
}

/** So many records with their number as value, in one partition. */
export function count(records: number, { partition = 0 }: { readonly partition?: number } = {}) {
  return Array.from({ length: records }, (_, i) => ({ partition, value: String(i) }));
}

/** A mapping's settings that send failures to this destination. */
export function failuresTo(destination: string): Settings {
  return { DestinationConfig: { OnFailure: { Destination: destination } } };
}

/** A new topic for failure records, and what it holds, parsed. */
export async function failureTopic(settings: TopicSettings = {}): Promise<{
  readonly settings: Settings;
  messages(): Promise<readonly ReadRecord[]>;
  // biome-ignore lint/suspicious/noExplicitAny: a failure record is looked into by tests, property by property.
  bodies(): Promise<readonly any[]>;
}> {
  const topic = await freshTopic({ partitions: 1, name: "failures", ...settings });
  const messages = () => readAll(topic);
  const bodies = async () => (await messages()).map(({ value }) => JSON.parse(String(value)));
  return { settings: failuresTo(`kafka://${topic}`), messages, bodies };
}

/** The client ids of a group's members, in order. */
export async function clientsOf(groupId: string): Promise<string[]> {
  const admin = kafkaClient().admin();
  await admin.connect();
  try {
    const { groups } = await admin.describeGroups([groupId]);
    return groups.flatMap(({ members }) => members.map(({ clientId }) => clientId)).sort();
  } finally {
    await admin.disconnect();
  }
}

function offsetsOf(event: KafkaEvent): Record<number, number[]> {
  return Object.fromEntries(
    Object.values(event.records).map((records) => [records[0]!.partition, records.map(({ offset }) => offset)]),
  );
}

function inGroup(topic: string, settings: Settings): Settings {
  const name =
    "EventSourceArn" in settings ? "AmazonManagedKafkaEventSourceConfig" : "SelfManagedKafkaEventSourceConfig";
  return { [name]: { ConsumerGroupId: topic } };
}
