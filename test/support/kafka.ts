// What integration suites do with the shared broker: make a topic of their own, write to it, read all of it.
import { randomUUID } from "node:crypto";
import { type Batch, type Consumer, type IHeaders, Kafka, type KafkaMessage, logLevel, type Message } from "kafkajs";
import { inject } from "vitest";
import { committedRecords } from "../../localstack/demo/committed.ts";
import { createTopics, type TopicSettings } from "../../localstack/services/topics.ts";
import { endOffsets } from "./end-offsets.ts";

/** A client of the shared broker. Its retries start soon, for the broker answers CONCURRENT_TRANSACTIONS for a moment after a commit. */
export function kafkaClient(brokers: string = inject("kafkaBrokers")): Kafka {
  return new Kafka({
    clientId: "test",
    brokers: brokers.split(","),
    logLevel: logLevel.NOTHING,
    retry: { initialRetryTime: 5, retries: 12 },
  });
}

export interface FreshTopicSettings extends TopicSettings {
  readonly name?: string;
  /** The topic's further settings, by Kafka's names: there from its first record on, which those that are altered later need not be. */
  readonly config?: Readonly<Record<string, string>>;
}

/** Creates a topic that no other test knows and returns its name. */
export async function freshTopic(settings: FreshTopicSettings = {}): Promise<string> {
  const { name = "test", config, ...topicSettings } = settings;
  const topic = `${name}-${randomUUID().slice(0, 8)}`;
  if (config !== undefined) await createWith(topic, config, topicSettings.partitions);
  await createTopics(inject("kafkaBrokers"), { [topic]: topicSettings });
  return topic;
}

async function createWith(topic: string, config: Readonly<Record<string, string>>, numPartitions = 1): Promise<void> {
  const admin = kafkaClient().admin();
  await admin.connect();
  try {
    const configEntries = Object.entries(config).map(([name, value]) => ({ name, value }));
    await admin.createTopics({ topics: [{ topic, numPartitions, configEntries }], waitForLeaders: false });
  } finally {
    await admin.disconnect();
  }
}

/** Writes records once each; they are in the topic when this resolves. */
export async function produce(topic: string, records: readonly Message[]): Promise<void> {
  const producer = kafkaClient().producer({ idempotent: true }); // not idempotent, a first send to a new topic may write twice
  await producer.connect();
  try {
    await producer.send({ topic, messages: [...records], acks: -1 });
  } finally {
    await producer.disconnect();
  }
}

export interface ReadRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly timestamp: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: IHeaders;
}

export interface ReadOptions {
  /** Default `read_committed`. */
  readonly isolation?: "read_committed" | "read_uncommitted";
  /** Default: the shared broker. */
  readonly brokers?: string;
  /** How long a transaction that seems open is waited for; long unless told, for its marker may be on its way. */
  readonly patienceMs?: number;
}

const longestPollMs = 50;
/** One fetch holds a test's partition whole, and so every transaction with its marker. */
const wholePartition = 64 * 1024 * 1024;
/** A commit's marker reaches the partition a moment after the commit was answered, on a busy machine seconds. */
const longestPatienceMs = 60_000;
/** Of this process, which a busy machine may keep from its heartbeats: a reader that lost its session would begin anew. */
const sessionTimeout = 600_000;

/**
 * Reads the topic from its start to the end it has now, in partition and offset order. Transaction markers and aborted records are passed
 * over; under `read_committed` an open transaction ends the reading of its partition.
 */
export async function readAll(
  topic: string,
  { isolation = "read_committed", brokers, patienceMs = longestPatienceMs }: ReadOptions = {},
): Promise<ReadRecord[]> {
  const client = kafkaClient(brokers);
  const unread = await unreadEnds(client, topic, brokers);
  if (unread.size === 0) return [];
  const consumer = client.consumer({
    groupId: `read-all-${randomUUID()}`,
    readUncommitted: isolation === "read_uncommitted",
    sessionTimeout,
    maxWaitTimeInMs: longestPollMs,
    maxBytesPerPartition: wholePartition,
    maxBytes: wholePartition,
    retry: { initialRetryTime: 20, retries: 12 },
  });
  const records: ReadRecord[] = [];
  try {
    const isRead = readToEnds(consumer, unread, patienceMs);
    await consumer.connect();
    await consumer.subscribe({ topic, fromBeginning: true });
    await consumer.run({
      autoCommit: false,
      eachBatch: async ({ batch }) => {
        const messages = isolation === "read_committed" ? wholeTransactions(batch) : batch.messages;
        for (const { offset, timestamp, key, value, headers = {} } of messages) {
          const at = { topic, partition: batch.partition, offset: Number(offset), timestamp: Number(timestamp) };
          records.push({ ...at, key, value, headers });
        }
      },
    });
    await isRead;
  } finally {
    await consumer.disconnect();
  }
  return records.sort((one, other) => one.partition - other.partition || one.offset - other.offset);
}

/** The batch's committed records. The fetch must hold each transaction whole: a record without its marker is an error. */
function wholeTransactions(batch: Batch): readonly KafkaMessage[] {
  const { records, undecidedFrom } = committedRecords(batch);
  if (undecidedFrom === undefined) return records;
  throw new Error(`The fetch from ${batch.topic}-${batch.partition} ends within a transaction.`);
}

/** The last offset of every partition that holds anything. */
async function unreadEnds(
  client: Kafka,
  topic: string,
  brokers: string = inject("kafkaBrokers"),
): Promise<Map<number, number>> {
  const admin = client.admin();
  await admin.connect();
  try {
    const low = (await admin.fetchTopicOffsets(topic)).map(({ partition, low }) => [partition, Number(low)] as const);
    const ends = await endOffsets(brokers, topic, low.length);
    const filled = low
      .map(([partition, start]) => [partition, start, ends[partition] ?? 0] as const)
      .filter(([, start, end]) => end > start);
    return new Map(filled.map(([partition, , end]) => [partition, end - 1]));
  } finally {
    await admin.disconnect();
  }
}

/**
 * Settles when every partition has been read to its end, or fetches have found nothing for so long that what is left must be an open
 * transaction's. Batches of markers alone reach no `eachBatch`, but this event tells of them.
 */
function readToEnds(consumer: Consumer, unread: Map<number, number>, patienceMs: number): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let emptyInARow = 0;
  consumer.on(consumer.events.END_BATCH_PROCESS, ({ payload }) => {
    emptyInARow = 0;
    if (Number(payload.lastOffset) >= (unread.get(payload.partition) ?? 0)) unread.delete(payload.partition);
    if (unread.size === 0) resolve();
  });
  consumer.on(consumer.events.FETCH, ({ payload }) => {
    const waitedInVain = payload.duration >= longestPollMs;
    emptyInARow = waitedInVain ? emptyInARow + 1 : 0;
    if (emptyInARow >= patienceMs / longestPollMs) resolve();
  });
  consumer.on(consumer.events.CRASH, ({ payload }) => reject(payload.error));
  return promise;
}
