// What a dead letter says of itself, in the headers that lib/kafka/dead-letter.ts gave it. Pure.

import { ATTEMPT_HEADER, ORIGIN_HEADER, type Origin, originOf } from "../../lib/kafka/origin.ts";
import type { Provenance } from "../../lib/kafka/repeats.ts";
import type { RecordHeader, SourceRecord } from "../../lib/kafka/source.ts";

export interface Letter {
  /** Where the event first entered Kafka: its identity. */
  readonly origin: Origin;
  /** Where the record stood that was refused, and its Kafka timestamp; undefined for a record that nobody refused. */
  readonly refused: (Origin & { readonly timestamp: number }) | undefined;
  readonly reason: string;
  /** Paths and rules. */
  readonly message: string;
  /** The attempt that failed: 1 for an event that has never been corrected. */
  readonly attempt: number;
  /** When it was refused, ISO 8601. */
  readonly time: string | undefined;
}

/** Reads the headers of a dead letter. A record that came to the topic in another way is one that says nothing. */
export function letterOf(record: Pick<SourceRecord, "topic" | "partition" | "offset" | "headers">): Letter {
  const { headers } = record;
  const topic = textIn(headers, "dead-letter.topic");
  const [partition, offset, timestamp] = ["partition", "offset", "timestamp"].map((name) =>
    wholeNumber(textIn(headers, `dead-letter.${name}`)),
  );
  const isWhole = topic !== undefined && partition !== undefined && offset !== undefined && timestamp !== undefined;
  return {
    origin: originOf(record),
    refused: isWhole ? { topic, partition, offset, timestamp } : undefined,
    reason: textIn(headers, "dead-letter.reason") ?? "unknown",
    message: textIn(headers, "dead-letter.message") ?? "",
    attempt: Math.max(1, wholeNumber(textIn(headers, "dead-letter.attempt")) ?? 1),
    time: textIn(headers, "dead-letter.time"),
  };
}

/**
 * By which a letter that was written twice is known. A function hands on a partition's poison in ascending offsets, and the rows that the
 * database refuses in ascending offsets of their own.
 */
export function provenanceOf({ refused, reason }: Letter): Provenance | undefined {
  if (refused === undefined) return undefined;
  const { topic, partition, offset, timestamp } = refused;
  const source = `${topic}/${partition}${reason === "not-stored" ? "/stored" : ""}`;
  return { source, offset, timestamp };
}

/** The event's own headers: those of its being refused and sent again left out. */
export function ownHeaders(headers: readonly RecordHeader[]): readonly RecordHeader[] {
  return headers.filter(
    ({ name }) =>
      !/^(dead-letter|parked|replay|original)\./.test(name) && name !== ORIGIN_HEADER && name !== ATTEMPT_HEADER,
  );
}

/** The last of a header's values: those before it are of an earlier time. */
function textIn(headers: readonly RecordHeader[], name: string): string | undefined {
  return headers.findLast((header) => header.name === name)?.value?.toString("utf8");
}

function wholeNumber(text: string | undefined): number | undefined {
  const number = /^\d{1,16}$/.test(text ?? "") ? Number(text) : undefined;
  return Number.isSafeInteger(number) ? number : undefined;
}
