// Reads a stretch of a topic, as it is now, to its end: for looking something up, not for consuming.

import type { Kafka, KafkaMessage } from "kafkajs";
import type { WireRecord } from "./event.ts";

export interface RangeOptions {
  readonly topic: string;
  /** Records from this Kafka timestamp on, milliseconds; from the topic's start unless given. */
  readonly since?: number;
  /** The newest so many offsets of each partition; all of them unless given. */
  readonly newest?: number;
  /** Names the consumer group that is used for the time of reading. */
  readonly name: string;
  /** Reads what belongs to transactions whatever becomes of them, and what stands behind one that is open. */
  readonly readUncommitted?: boolean;
}

/** The records in partition and offset order, as a poller hands them out. Whatever is appended meanwhile may be left out. */
export async function readRange(kafka: Kafka, options: RangeOptions): Promise<readonly WireRecord[]> {
  const ranges = await rangesOf(kafka, options);
  const left = new Map([...ranges].filter(([, { start, end = Number.POSITIVE_INFINITY }]) => end > start));
  if (left.size === 0) return [];
  const { topic, name, readUncommitted = false } = options;
  const records: WireRecord[] = [];
  const consumer = kafka.consumer({
    groupId: `${name}-${crypto.randomUUID()}`,
    maxWaitTimeInMs: longestPollMs,
    readUncommitted,
    retry: { initialRetryTime: 20, retries: 10 },
  });
  const isRead = Promise.withResolvers<void>();
  // By broker: one that is slow to answer for the first time may have all of the records.
  const emptyInARow = new Map<number, number>();
  // Batches of markers alone reach no eachBatch, but this event tells of them.
  consumer.on(consumer.events.END_BATCH_PROCESS, ({ payload: { partition, lastOffset, highWatermark } }) => {
    for (const broker of emptyInARow.keys()) emptyInARow.set(broker, 0);
    const range = left.get(partition);
    if (range === undefined) return;
    range.end ??= Number(highWatermark);
    if (Number(lastOffset) + 1 < range.end) return;
    left.delete(partition);
    consumer.pause([{ topic, partitions: [partition] }]);
    if (left.size === 0) isRead.resolve();
  });
  // Every broker's first fetch starts before any of them ends.
  consumer.on(consumer.events.FETCH_START, ({ payload: { nodeId } }) => {
    emptyInARow.set(nodeId, emptyInARow.get(nodeId) ?? 0);
  });
  consumer.on(consumer.events.FETCH, ({ payload: { nodeId, duration } }) => {
    emptyInARow.set(nodeId, duration >= longestPollMs ? (emptyInARow.get(nodeId) ?? 0) + 1 : 0);
    if ([...emptyInARow.values()].every((count) => count >= emptyFetches)) isRead.resolve();
  });
  consumer.on(consumer.events.CRASH, ({ payload }) => isRead.reject(payload.error));
  try {
    await consumer.connect();
    await consumer.subscribe({ topics: [topic], fromBeginning: true });
    await consumer.run({
      autoCommit: false,
      eachBatch: async ({ batch: { partition, messages } }) => {
        const range = ranges.get(partition);
        for (const message of messages) {
          const record = wireRecord(topic, partition, message);
          if (range === undefined || !isWithin(range, record.offset)) continue;
          records.push(record);
          range.start = record.offset + 1; // a group that had to be joined again reads from the start
        }
      },
    });
    for (const [partition, { start }] of ranges) consumer.seek({ topic, partition, offset: String(start) });
    await isRead.promise;
  } finally {
    await consumer.disconnect();
  }
  return records.sort((one, other) => one.partition - other.partition || one.offset - other.offset);
}

const longestPollMs = 50;
/** After so many fetches from each broker that found nothing, or failed, there is nothing more: a compacted topic has gaps at its end too. */
const emptyFetches = 20;

/** Offsets from `start`, the next one to be read, up to, not including, `end`. */
interface Range {
  start: number;
  /** Undefined until the first batch tells: kafkajs's own answer is the last stable offset, where an open transaction begins. */
  end: number | undefined;
}

/** The stretch of each partition; an empty one starts where it ends. */
async function rangesOf(
  kafka: Kafka,
  { topic, since, newest = Number.POSITIVE_INFINITY, readUncommitted = false }: RangeOptions,
): Promise<Map<number, Range>> {
  const admin = kafka.admin();
  await admin.connect();
  try {
    const offsets = await admin.fetchTopicOffsets(topic);
    const first = since === undefined ? [] : await admin.fetchTopicOffsetsByTimestamp(topic, since);
    const ranges = offsets.map(({ partition, low, high }): [number, Range] => {
      const from = Number(first.find((one) => one.partition === partition)?.offset ?? low);
      const end = Number(high);
      const range = { start: Math.min(end, Math.max(Number(low), from, end - newest)), end };
      return [partition, readUncommitted ? { ...range, end: undefined } : range];
    });
    return new Map(ranges);
  } finally {
    await admin.disconnect();
  }
}

function isWithin({ start, end = Number.POSITIVE_INFINITY }: Range, offset: number): boolean {
  return offset >= start && offset < end;
}

function wireRecord(topic: string, partition: number, message: KafkaMessage): WireRecord {
  const { offset, timestamp, key, value, headers = {} } = message;
  return {
    ...{ topic, partition, offset: Number(offset), timestamp: Number(timestamp), timestampType: "CREATE_TIME" },
    ...(key === null ? {} : { key: key.toString("base64") }),
    ...(value === null ? {} : { value: value.toString("base64") }),
    headers: Object.entries(headers).flatMap(([name, values]) =>
      [values].flat().map((one) => ({ [name]: one == null ? null : [...new Int8Array(Buffer.from(one))] })),
    ),
  };
}
