// The wire: what Lambda's Kafka event source mapping sends to a function, and what it reads from the answer.
// Both sides import this file: the functions (through consume.ts) and the local event source.
// https://docs.aws.amazon.com/lambda/latest/dg/with-msk.html  https://docs.aws.amazon.com/lambda/latest/dg/with-kafka.html

/** One header: a single-property object whose value holds the bytes as SIGNED numbers (-128..127); null for a null header value. */
export type WireHeader = Readonly<Record<string, readonly number[] | null>>;

/** One record. A null key or value is an absent property; consumers also accept `null`, which other emulators send. */
export interface WireRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  /** Milliseconds since the epoch. */
  readonly timestamp: number;
  readonly timestampType: "CREATE_TIME" | "LOG_APPEND_TIME" | "NO_TIMESTAMP_TYPE";
  /** Base64 of the key's bytes. */
  readonly key?: string | null;
  /** Base64 of the value's bytes; absent for a tombstone. */
  readonly value?: string | null;
  readonly headers: readonly WireHeader[];
  /** What the key was read with, where the mapping has a schema registry and validates keys. */
  readonly keySchemaMetadata?: SchemaMetadata;
  readonly valueSchemaMetadata?: SchemaMetadata;
}

/** https://docs.aws.amazon.com/lambda/latest/dg/services-consume-kafka-events.html */
export interface SchemaMetadata {
  readonly dataFormat: "AVRO" | "JSON" | "PROTOBUF";
  /** A number for Confluent's registry, a UUID for Glue's. */
  readonly schemaId: string;
}

/** The payload of one invocation: records by `topic-partition`, each list in offset order. */
export interface KafkaEvent {
  readonly eventSource: "aws:kafka" | "SelfManagedKafka";
  /** Present for MSK only. */
  readonly eventSourceArn?: string;
  /** `host:port` list, joined by commas. */
  readonly bootstrapServers: string;
  readonly records: Readonly<Record<string, readonly WireRecord[]>>;
}

/** Names one record in a partial batch response; an object for Kafka, unlike every other source. */
export interface ItemIdentifier {
  /** The key in `records`: `topic-partition`. */
  readonly partition: string;
  readonly offset: number;
}

/**
 * What a function answers where the mapping has `ReportBatchItemFailures`: the records to retry. Only the listed ones are sent again.
 * https://docs.aws.amazon.com/lambda/latest/dg/kafka-retry-configurations.html
 */
export interface PartialBatchResponse {
  readonly batchItemFailures: readonly { readonly itemIdentifier: ItemIdentifier }[];
}

/** The key of a partition's records in an event. Not reversible (topics may contain `-`): read topic and partition from the record. */
export function topicPartition(topic: string, partition: number): string {
  return `${topic}-${partition}`;
}
