// The kinds of broken and odd commerce events, and where an event of each should end.
import type { End } from "./commerce-facts.ts";

const ends = {
  // Mended by correction.
  flattened: "processed_events",
  "missing-user": "processed_events",
  "numbers-as-text": "processed_events",
  "wrong-case": "processed_events",
  "epoch-time": "processed_events",
  "spaced-time": "processed_events",
  aliases: "processed_events",
  "bare-json": "processed_events",
  "other-schema": "processed_events",
  // Nothing is wrong with these.
  "json-schema": "processed_events",
  "sql-text": "processed_events",
  "long-text": "processed_events",
  // Beyond mending.
  "random-bytes": "events_parked",
  "unknown-schema": "events_parked",
  truncated: "events_parked",
  "not-an-id": "events_parked",
  "missing-details": "events_parked",
  "huge-number": "events_parked",
  "nul-text": "events_parked",
  "other-topic": "events_parked",
  "long-and-broken": "events_parked",
  tombstone: "events_parked",
} as const satisfies Readonly<Record<string, End>>;

export type CommerceKind = keyof typeof ends;

const allKinds = Object.keys(ends) as CommerceKind[];
/** A megabyte each: enough of them are a few. */
const large: readonly CommerceKind[] = ["long-text", "long-and-broken"];

/** The kinds to draw from, the large ones more rarely than the others. */
export const commerceKinds: readonly CommerceKind[] = [
  ...Array(5)
    .fill(allKinds.filter((kind) => !large.includes(kind)))
    .flat(),
  ...large,
];

/** Where an event of this kind should end. */
export function endOf(kind: string): End {
  const known: Readonly<Record<string, End | undefined>> = ends;
  return known[kind] ?? "processed_events";
}
