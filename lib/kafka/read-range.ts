// Reads a stretch of a topic, as it is now, to its end: for looking something up, not for consuming.

import type { Kafka, KafkaMessage } from "kafkajs";
import type { WireRecord } from "./event.ts";

export interface RangeOptions {
  readonly topic: string;
  /** Records from this Kafka timestamp on, milliseconds; from the topic's start unless given. */
  readonly since?: number;
  /** Names the consumer group that is used for the time of reading. */
  readonly name: string;
  readonly readUncommitted?: boolean;
}

/** The records in partition and offset order, as a poller hands them out. Whatever is appended meanwhile is left out. */
export async function readRange(kafka: Kafka, options: RangeOptions): Promise<readonly WireRecord[]> {
  const ranges = await rangesOf(kafka, options);
  const left = new Map([...ranges].filter(([, { start, end }]) => end > start));
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
  let emptyInARow = 0;
  // Batches of markers alone reach no eachBatch, but this event tells of them.
  consumer.on(consumer.events.END_BATCH_PROCESS, ({ payload }) => {
    emptyInARow = 0;
    const range = left.get(payload.partition);
    if (range !== undefined && Number(payload.lastOffset) + 1 >= range.end) left.delete(payload.partition);
    if (left.size === 0) isRead.resolve();
  });
  consumer.on(consumer.events.FETCH, ({ payload }) => {
    emptyInARow = payload.duration >= longestPollMs ? emptyInARow + 1 : 0;
    if (emptyInARow >= emptyFetches) isRead.resolve();
  });
  consumer.on(consumer.events.CRASH, ({ payload }) => isRead.reject(payload.error));
  try {
    await consumer.connect();
    await consumer.subscribe({ topics: [topic], fromBeginning: true });
    await consumer.run({
      autoCommit: false,
      eachBatch: async ({ batch: { partition, messages } }) => {
        for (const message of messages) {
          const record = wireRecord(topic, partition, message);
          if (isWithin(ranges.get(partition), record.offset)) records.push(record);
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
/** After so many fetches that found nothing, what is left below the end can't be read: it belongs to an open transaction. */
const emptyFetches = 4;

/** Offsets from `start` up to, not including, `end`. */
interface Range {
  readonly start: number;
  readonly end: number;
}

/** The stretch of each partition; an empty one starts where it ends. */
async function rangesOf(kafka: Kafka, { topic, since }: RangeOptions): Promise<Map<number, Range>> {
  const admin = kafka.admin();
  await admin.connect();
  try {
    const offsets = await admin.fetchTopicOffsets(topic);
    const first = since === undefined ? [] : await admin.fetchTopicOffsetsByTimestamp(topic, since);
    const ranges = offsets.map(({ partition, low, high }): [number, Range] => {
      const start = first.find((one) => one.partition === partition)?.offset ?? low;
      return [partition, { start: Math.min(Number(high), Math.max(Number(low), Number(start))), end: Number(high) }];
    });
    return new Map(ranges);
  } finally {
    await admin.disconnect();
  }
}

function isWithin(range: Range | undefined, offset: number): boolean {
  return range !== undefined && offset >= range.start && offset < range.end;
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
