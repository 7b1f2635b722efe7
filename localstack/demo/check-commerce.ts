// Whether every commerce event ended in exactly one of processed_events and events_parked, the right one, and is there as it was meant.

import type { CommerceFacts, End } from "../../events/generate/commerce-facts.ts";
import { endOf } from "../../events/generate/commerce-kinds.ts";
import type { GeneratedRecord } from "../../events/generate/generator.ts";
import type { Received } from "./records.ts";

/** An event that Kafka has, by where it first stood: `topic/partition/offset`. */
export interface SentEvent extends GeneratedRecord<CommerceFacts> {
  readonly origin: string;
}

/** A row of processed_events. */
export interface EventRow {
  readonly origin: string;
  readonly event_name: string;
  readonly event_type: string;
  /** Milliseconds since the epoch. */
  readonly triggered_at: number;
  /** As JSON, its fields in the order of their names. */
  readonly user_details: string;
  readonly event_details: string;
}

export interface CommerceOutputs {
  readonly rows: readonly EventRow[];
  readonly parked: readonly Received[];
}

/** One sentence for each event that is not where it should be, or not only there; none when all are. */
export function checkPlaces(sent: readonly SentEvent[], { rows, parked }: CommerceOutputs): string[] {
  const found = new Map<string, End[]>();
  const add = (origin: string, end: End) => found.set(origin, [...(found.get(origin) ?? []), end]);
  for (const { origin } of rows) add(origin, "processed_events");
  for (const record of parked) add(originOf(record), "events_parked");
  const known = new Set(sent.map(({ origin }) => origin));
  const strangers = [...found.keys()].filter((origin) => !known.has(origin));
  return [
    ...sent.flatMap(({ origin, kind }) =>
      checkPlace(`the ${kind} event ${origin}`, endOf(kind), found.get(origin) ?? []),
    ),
    ...strangers.map((origin) => `${origin} is in ${found.get(origin)}, and was never sent`),
  ];
}

/** One sentence for each column that is not what was meant, whatever was sent of it. */
export function checkRows(sent: readonly SentEvent[], rows: readonly EventRow[]): string[] {
  const meant = new Map(sent.map((event) => [event.origin, event]));
  return rows.flatMap((row) => {
    const event = meant.get(row.origin);
    if (event === undefined || isOdd(event)) return [];
    return Object.entries(rowOf(event))
      .filter(([column, value]) => row[column as keyof EventRow] !== value)
      .map(([column, value]) => `${row.origin} has ${column} ${row[column as keyof EventRow]}: it should be ${value}`);
  });
}

/** The row of an event, written down here once more without the pipeline's code. */
export function rowOf({ origin, facts: { event } }: SentEvent): EventRow {
  return {
    origin,
    event_name: event.event_name,
    event_type: event.event_type,
    triggered_at: Date.parse(event.triggered_at),
    user_details: sorted(event.user_details),
    event_details: sorted(event.event_details),
  };
}

/** An object's JSON with its fields in the order of their names, as the rows are read. */
export function sorted(details: object): string {
  return JSON.stringify(Object.fromEntries(Object.entries(details).sort(([one], [other]) => (one < other ? -1 : 1))));
}

export function originOf({ headers, topic, partition, offset }: Received): string {
  return headers.origin ?? `${topic}/${partition}/${offset}`;
}

/** Whether some text in it was made very long or odd on purpose. */
function isOdd({ kind }: SentEvent): boolean {
  return kind === "sql-text" || kind === "long-text";
}

function checkPlace(name: string, wanted: End, found: readonly End[]): string[] {
  if (found.length === 0) return [`${name} is nowhere: it should be in ${wanted}`];
  if (found.length > 1) return [`${name} is there ${found.length} times: in ${found.join(" and ")}`];
  return found[0] === wanted ? [] : [`${name} is in ${found[0]}: it should be in ${wanted}`];
}
