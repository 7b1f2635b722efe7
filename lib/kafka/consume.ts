// One Kafka event in, its partitions side by side and each in offset order: decode once, set poison aside, process, answer.
// Nothing is ever reported done that was not done: a failed partition is answered as a suffix, or thrown where answers are not read.

import type { ZodType } from "zod";
import type { PartialBatchResponse, WireRecord } from "./event.ts";

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
}

export type PoisonReason = "not-json" | "schema" | "tombstone" | "far-future";

/** A record that can never succeed. The message names paths and rules, never values. */
export interface Poison {
  readonly record: WireRecord;
  readonly reason: PoisonReason;
  readonly message: string;
}

/** A source partition: what a side output's exactly-once bookkeeping is kept by. */
export interface SourcePartition {
  readonly topic: string;
  readonly partition: number;
}

export interface SideRecord {
  readonly record: WireRecord;
  /** Added after the record's own headers. */
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * Publishes original bytes to another topic, each record once however often it is handed in.
 * Items come in offset order, and a record that was once handed in must not be joined later by one of a lower offset:
 * whatever lies below the last one published counts as published.
 */
export interface SideOutput {
  readonly topic: string;
  publish(source: SourcePartition, items: readonly SideRecord[]): Promise<void>;
}

export interface Consumer<V> {
  readonly input: ZodType<V>;
  readonly poison: SideOutput;
  /** Refuses a record that is valid by itself; what it returns goes to the dead-letter topic. */
  readonly accept?: (value: V, record: SourceRecord) => Pick<Poison, "reason" | "message"> | undefined;
  readonly process: (batch: Batch<V>) => Promise<void>;
}

export type Handler = (event: unknown) => Promise<PartialBatchResponse | undefined>;

/** Makes the handler of a function that is bound to a Kafka topic. */
export function consume<V>(_consumer: Consumer<V>): Handler {
  throw new Error("consume is not built yet");
}
