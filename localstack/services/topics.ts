// Creates the topics that the functions name. Doing it again changes nothing; a topic that is there with other settings is left as it is
// and said.
import { setTimeout as wait } from "node:timers/promises";
import { Kafka, logLevel } from "kafkajs";
import { READY_WITHIN_MS } from "./service.ts";

/** What a template says of a topic: `Metadata.KafkaTopics`. */
export interface TopicSettings {
  /** Default 3. */
  readonly partitions?: number;
  /** Default `delete`. */
  readonly cleanupPolicy?: "compact" | "delete";
  /** The largest record; default the broker's, which is about 1 MiB. */
  readonly maxMessageBytes?: number;
}

export interface CreatedTopics {
  readonly created: readonly string[];
  readonly existing: readonly string[];
  /** One sentence for each setting of an existing topic that is not the wanted one. */
  readonly differences: readonly string[];
}

const defaults = { partitions: 3, cleanupPolicy: "delete" } as const;

/** Creates the topics that don't exist; they have leaders when this resolves. */
export async function createTopics(
  brokers: string,
  topics: Readonly<Record<string, TopicSettings>>,
): Promise<CreatedTopics> {
  const client = new Kafka({ clientId: "topics", brokers: brokers.split(","), logLevel: logLevel.NOTHING });
  const admin = client.admin();
  await admin.connect();
  try {
    const there = new Set(await admin.listTopics());
    const wanted = Object.entries(topics).map(([topic, settings]) => ({ topic, ...defaults, ...settings }));
    const missing = wanted.filter(({ topic }) => !there.has(topic));
    const existing = wanted.filter(({ topic }) => there.has(topic));
    if (missing.length > 0)
      await admin.createTopics({ topics: missing.map(toCreate), waitForLeaders: false, timeout: READY_WITHIN_MS });
    await untilLed(admin, wanted);
    const differences = existing.length > 0 ? await differencesOf(admin, existing) : [];
    return { created: missing.map(({ topic }) => topic), existing: existing.map(({ topic }) => topic), differences };
  } finally {
    await admin.disconnect();
  }
}

type Admin = ReturnType<Kafka["admin"]>;
/** `ConfigResourceTypes.TOPIC`: of kafkajs's exports Node finds by name only the first seven. */
const TOPIC_RESOURCE = 2;

type Wanted = TopicSettings &
  Required<Pick<TopicSettings, "partitions" | "cleanupPolicy">> & { readonly topic: string };

/**
 * Resolves once every partition's leader answers for it. kafkajs's own waiting fails where the broker has not heard yet of a topic that its
 * controller has made, and metadata name a leader a moment before it takes its part.
 */
async function untilLed(admin: Admin, topics: readonly Wanted[]): Promise<void> {
  const deadline = Date.now() + READY_WITHIN_MS;
  for (const { topic } of topics) {
    while (!(await isLed(admin, topic))) {
      if (Date.now() > deadline)
        throw new Error(`Topic '${topic}' has no leader after ${READY_WITHIN_MS} ms: see the broker's log`);
      await wait(10);
    }
  }
}

async function isLed(admin: Admin, topic: string): Promise<boolean> {
  try {
    await admin.fetchTopicOffsets(topic);
    return true;
  } catch (error) {
    if (error instanceof Error && "retriable" in error && error.retriable === true) return false;
    throw error;
  }
}

function toCreate(wanted: Wanted) {
  return {
    topic: wanted.topic,
    numPartitions: wanted.partitions,
    replicationFactor: -1,
    configEntries: configOf(wanted),
  };
}

/** The topic's settings under Kafka's names; what is not asked for stays the broker's. */
function configOf({ cleanupPolicy, maxMessageBytes }: Wanted): { readonly name: string; readonly value: string }[] {
  const size = maxMessageBytes === undefined ? [] : [{ name: "max.message.bytes", value: String(maxMessageBytes) }];
  return [{ name: "cleanup.policy", value: cleanupPolicy }, ...size];
}

async function differencesOf(admin: Admin, existing: readonly Wanted[]): Promise<string[]> {
  const { topics } = await admin.fetchTopicMetadata({ topics: existing.map(({ topic }) => topic) });
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: existing.map(({ topic }) => ({
      type: TOPIC_RESOURCE,
      name: topic,
      configNames: ["cleanup.policy", "max.message.bytes"],
    })),
  });
  return existing.flatMap((wanted) => {
    const partitions = topics.find(({ name }) => name === wanted.topic)?.partitions.length;
    const config = resources.find(({ resourceName }) => resourceName === wanted.topic)?.configEntries;
    const has = (what: string, present: unknown, value: unknown) =>
      present === value
        ? []
        : [`Topic '${wanted.topic}' exists with ${what} ${present}, not ${value}: delete it to have it made anew`];
    return [
      ...has("partitions", partitions, wanted.partitions),
      ...configOf(wanted).flatMap(({ name, value }) =>
        has(name, config?.find(({ configName }) => configName === name)?.configValue, value),
      ),
    ];
  });
}
