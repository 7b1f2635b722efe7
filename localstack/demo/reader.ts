// Reads what the pipelines put out, as a downstream team would: committed records only, from where the topics ended before the run.
import { randomUUID } from "node:crypto";
import { setTimeout as wait } from "node:timers/promises";
import { type Batch, type Consumer, type IHeaders, Kafka, type KafkaMessage, logLevel } from "kafkajs";
import { committedRecords } from "./committed.ts";
import type { Received } from "./records.ts";

export interface Reader {
  /** Everything that came, by topic, in the order it came. */
  of(topic: string): readonly Received[];
  /** When the last record came, in milliseconds since the epoch. */
  lastReceivedAt(): number;
  /** Stops reading and leaves nothing behind on the broker. */
  stop(): Promise<void>;
}

/** Starts reading; records written from now on are not missed. */
export async function startReader(brokers: string, topics: readonly string[]): Promise<Reader> {
  const kafka = new Kafka({ clientId: "demo", brokers: brokers.split(","), logLevel: logLevel.NOTHING });
  const groupId = `demo-${randomUUID()}`;
  const places = await endsOf(kafka, topics);

  const received = new Map<string, Received[]>(topics.map((topic) => [topic, []]));
  let lastReceivedAt = Date.now();
  const consumer = kafka.consumer({
    groupId,
    readUncommitted: false,
    maxWaitTimeInMs: 100,
    maxBytesPerPartition: WHOLE_TRANSACTIONS,
    maxBytes: WHOLE_TRANSACTIONS,
  });
  await consumer.connect();
  await consumer.subscribe({ topics: [...topics], fromBeginning: true });
  await consumer.run({
    autoCommit: false,
    eachBatchAutoResolve: false,
    eachBatch: async (payload) => {
      const { batch, resolveOffset } = payload;
      const place = placeOf(places, batch);
      const { records: committed, undecidedFrom } = committedRecords(batch);
      const readTo = undecidedFrom === undefined ? batch.lastOffset() : String(undecidedFrom - 1);
      if (Number(readTo) >= Number(batch.firstOffset())) resolveOffset(readTo);
      const records = recordsOf(batch, committed, Date.now()).filter(({ offset }) => offset >= place.next);
      if (records.length === 0) return;
      lastReceivedAt = Date.now();
      received.get(payload.batch.topic)?.push(...records);
      place.next = records.at(-1)!.offset + 1; // a batch that is fetched again is not read again
    },
  });
  for (const { topic, partition, next } of places) consumer.seek({ topic, partition, offset: String(next) });
  return {
    of: (topic) => received.get(topic) ?? [],
    lastReceivedAt: () => lastReceivedAt,
    stop: () => stopReading(kafka, consumer, groupId),
  };
}

/** A fetch that holds every transaction whole, as far as they are this long; a longer one is fetched again until its marker is there. */
const WHOLE_TRANSACTIONS = 64 * 1024 * 1024;

interface Place {
  readonly topic: string;
  readonly partition: number;
  /** The next offset to read. */
  next: number;
}

/** Where every topic-partition ends now. */
async function endsOf(kafka: Kafka, topics: readonly string[]): Promise<Place[]> {
  const admin = kafka.admin();
  await admin.connect();
  try {
    const ends = topics.map(async (topic) => {
      const partitions = await retried(() => admin.fetchTopicOffsets(topic));
      return partitions.map(({ partition, high }) => ({ topic, partition, next: Number(high) }));
    });
    return (await Promise.all(ends)).flat();
  } finally {
    await admin.disconnect();
  }
}

/** For a moment after a topic was made its broker may not know yet that it leads it. */
async function retried<T>(ask: () => Promise<T>): Promise<T> {
  const deadline = Date.now() + 60_000;
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await wait(50);
    }
  }
}

function placeOf(places: readonly Place[], batch: { topic: string; partition: number }): Place {
  const found = places.find(({ topic, partition }) => topic === batch.topic && partition === batch.partition);
  if (!found) throw new Error(`${batch.topic}-${batch.partition} came up after reading began`);
  return found;
}

async function stopReading(kafka: Kafka, consumer: Consumer, groupId: string): Promise<void> {
  await consumer.disconnect();
  const admin = kafka.admin();
  await admin.connect();
  try {
    await admin.deleteGroups([groupId]);
  } finally {
    await admin.disconnect();
  }
}

function recordsOf({ topic, partition }: Batch, messages: readonly KafkaMessage[], receivedAt: number): Received[] {
  return messages.map(({ offset, key, value, headers }) => ({
    topic,
    partition,
    offset: Number(offset),
    key: key === null ? null : key.toString(),
    value,
    headers: textHeaders(headers),
    receivedAt,
  }));
}

/** The last value of each header. */
function textHeaders(headers: IHeaders = {}): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, String([value].flat().at(-1) ?? "")]),
  );
}
