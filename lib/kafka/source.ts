// What a function is handed of a topic: records where they stand in Kafka, and a partition's share of an event.

import type { WireRecord } from "./event.ts";

/** A record as it came: where it stands in Kafka, and its key and headers, read only when asked for. */
export interface SourceRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  /** The broker's own time of the record, milliseconds since the epoch. */
  readonly timestamp: number;
  readonly key: Buffer | null;
  /** In order, repeated names kept; a header's value may be null. */
  readonly headers: readonly RecordHeader[];
  readonly wire: WireRecord;
}

export interface RecordHeader {
  readonly name: string;
  readonly value: Buffer | null;
}

/** A record whose value has been decoded and validated. */
export interface Decoded<V> extends SourceRecord {
  readonly value: V;
}

/** One partition's share of an event. */
export interface Batch<V> {
  readonly topic: string;
  readonly partition: number;
  /** Offset of the first record that came, poison included. */
  readonly firstOffset: number;
  /** Offset of the last record that came, poison included. */
  readonly lastOffset: number;
  /** The valid records, in offset order; may be empty. */
  readonly records: readonly Decoded<V>[];
  /** All records as they came, poison included. */
  readonly wire: readonly WireRecord[];
}

/** A partition of a source topic. */
export interface SourcePartition {
  readonly topic: string;
  readonly partition: number;
}
