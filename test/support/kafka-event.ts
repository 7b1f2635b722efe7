// Kafka events as Lambda sends them, from plain records: what suites of handlers hand in.
import { type KafkaEvent, topicPartition, type WireHeader, type WireRecord } from "../../lib/kafka/event.ts";

export interface PlainRecord {
  readonly offset: number;
  /** Text is sent as it is, anything else as JSON; null is a tombstone. */
  readonly value: unknown;
  readonly key?: string | null;
  readonly timestamp?: number;
  readonly headers?: readonly (readonly [name: string, value: string | null])[];
}

export interface Source {
  readonly topic: string;
  readonly partition: number;
}

export function wireRecord({ topic, partition }: Source, record: PlainRecord): WireRecord {
  const { offset, value, key, timestamp = 1_700_000_000_000 + offset, headers = [] } = record;
  return {
    topic,
    partition,
    offset,
    timestamp,
    timestampType: "CREATE_TIME",
    ...(key == null ? {} : { key: base64(Buffer.from(key)) }),
    ...(value === null ? {} : { value: base64(bytesOf(value)) }),
    headers: headers.map(([name, text]): WireHeader => ({ [name]: text === null ? null : signed(Buffer.from(text)) })),
  };
}

/** One event with several partitions' records. */
export function kafkaEvent(...shares: readonly (readonly WireRecord[])[]): KafkaEvent {
  const records = shares.map((share) => [topicPartition(share[0]!.topic, share[0]!.partition), share] as const);
  return { eventSource: "SelfManagedKafka", bootstrapServers: "broker:9092", records: Object.fromEntries(records) };
}

function bytesOf(value: unknown): Buffer {
  if (Buffer.isBuffer(value)) return value;
  return Buffer.from(typeof value === "string" ? value : JSON.stringify(value));
}

function base64(bytes: Buffer): string {
  return bytes.toString("base64");
}

function signed(bytes: Buffer): number[] {
  return [...new Int8Array(bytes)];
}
