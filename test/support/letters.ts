// Dead letters and parked events as records, with the headers that they get.
import type { WireRecord } from "../../lib/kafka/event.ts";
import { wireRecord } from "./kafka-event.ts";

export interface LetterFacts {
  /** topic/partition/offset. */
  readonly origin: string;
  readonly offset: number;
  readonly attempt?: number;
  readonly value?: unknown;
  readonly key?: string;
  readonly reason?: string;
  readonly second?: number;
}

const at = (second: number) => new Date(Date.UTC(2026, 10, 21, 12, 0, second)).toISOString();

export function letterHeaders({ origin, attempt = 1, reason = "schema", second = 0 }: LetterFacts): [string, string][] {
  const [topic = "", partition = "", offset = ""] = origin.split("/");
  return [
    ["origin", origin],
    ["dead-letter.topic", topic],
    ["dead-letter.partition", partition],
    ["dead-letter.offset", String(Number(offset) + (attempt - 1) * 100)],
    ["dead-letter.timestamp", "1795262400000"],
    ["dead-letter.reason", reason],
    ["dead-letter.message", `refused at attempt ${attempt}`],
    ["dead-letter.attempt", String(attempt)],
    ["dead-letter.time", at(second)],
  ];
}

export function parkedHeaders(facts: LetterFacts): [string, string][] {
  return [
    ...letterHeaders(facts),
    ["parked.reason", "unmendable"],
    ["parked.message", "event_details.price: must be a number"],
    ["parked.time", at((facts.second ?? 0) + 1)],
  ];
}

export function letter(facts: LetterFacts): WireRecord {
  const { offset, value = "{", key = "user-1" } = facts;
  return wireRecord({ topic: "events_dlq", partition: 0 }, { offset, value, key, headers: letterHeaders(facts) });
}

export function parked(facts: LetterFacts): WireRecord {
  const { offset, value = "{", key = "user-1" } = facts;
  return wireRecord({ topic: "events_parked", partition: 0 }, { offset, value, key, headers: parkedHeaders(facts) });
}
