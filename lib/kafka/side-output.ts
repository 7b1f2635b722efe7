// What leaves a pipeline beside its results, each record once: dead letters and why, late records.

import type { WireRecord } from "./event.ts";
import type { SourcePartition } from "./source.ts";

/** `not-stored`: the database refuses the row, and will again. */
export type PoisonReason =
  | "not-json"
  | "wire-format"
  | "unknown-schema"
  | "not-avro"
  | "schema"
  | "tombstone"
  | "far-future"
  | "not-stored";

/** A record that can never succeed. The message names paths and rules, never values. */
export interface Poison {
  readonly record: WireRecord;
  readonly reason: PoisonReason;
  readonly message: string;
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
  /** Renews the committed offset of a source partition: without members a group's offsets expire (after 7 days by default). */
  refresh(source: SourcePartition): Promise<void>;
}
