// What the demo sends and what it reads back, as its checks see them.
import type { GeneratedRecord } from "../../events/generate/generator.ts";

/** A record that the broker has taken, and where it put it. */
export interface Sent<Facts = unknown> extends GeneratedRecord<Facts> {
  readonly partition: number;
  readonly offset: number;
}

/** A record that a `read_committed` reader got. */
export interface Received {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly key: string | null;
  readonly value: Buffer | null;
  readonly headers: Readonly<Record<string, string>>;
  /** Milliseconds since the epoch, on the reader's clock. */
  readonly receivedAt: number;
}

/** Where a record stands, as people write it. */
export function place({ topic, partition, offset }: { topic: string; partition: number; offset: number }): string {
  return `${topic}-${partition} at ${offset}`;
}

/** The records one by one in each topic-partition's order. */
export function inOrder(received: readonly Received[]): Received[] {
  return received.toSorted((one, other) => one.partition - other.partition || one.offset - other.offset);
}

/** An object's JSON, or undefined for anything else. */
export function jsonObject(value: Buffer | null): Readonly<Record<string, unknown>> | undefined {
  try {
    const read: unknown = JSON.parse(String(value));
    return typeof read === "object" && read !== null ? { ...read } : undefined;
  } catch {
    return undefined;
  }
}

/** Keeps what the broker has taken, with where it put it: for a sender to tell. */
export function keepIn<Facts>(kept: Sent<Facts>[]) {
  return (records: readonly GeneratedRecord<Facts>[], partition: number, baseOffset: number) => {
    kept.push(...records.map((record, at) => ({ ...record, partition, offset: baseOffset + at })));
  };
}
