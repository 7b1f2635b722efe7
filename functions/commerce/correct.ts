// What becomes of a dead letter: sent back to its topic with what could be mended, or parked with the reason. Pure.

import type { ZodError } from "zod";
import type { Letter } from "./letter.ts";
import { type Change, type EventContext, isJson, mended } from "./mend.ts";
import { type CommerceEvent, type EventType, eventSchemas, isEventType } from "./schema.ts";

/** After so many corrections an event that is still refused is parked. */
export const MOST_CORRECTIONS = 3;

/** What `POST /track` takes, and so the most that is sent back: what is larger came from elsewhere and may not fit its topic again. */
export const MOST_BYTES = 262_144;

export type ParkingReason = "unreadable" | "unmendable" | "corrected-too-often" | "too-large" | "unknown-topic";

export interface Parked {
  readonly kind: "parked";
  readonly reason: ParkingReason;
  /** Paths and rules, never values. */
  readonly message: string;
}

export interface SentBack {
  readonly kind: "sent-back";
  readonly topic: string;
  readonly event: CommerceEvent;
  /** None where the event was valid as it is. */
  readonly changes: readonly Change[];
  /** Which attempt the event gets. */
  readonly attempt: number;
}

/** What was read out of a letter's bytes. */
export type Content =
  | { readonly kind: "read"; readonly value: unknown }
  | { readonly kind: "unreadable"; readonly message: string };

export interface CorrectionContext {
  readonly key: string | null;
  /** The topics of events, by type. */
  readonly topics: Readonly<Record<EventType, string>>;
}

/** Where a letter goes. */
export function outcomeOf(letter: Letter, content: Content, { key, topics }: CorrectionContext): SentBack | Parked {
  const { topic } = letter.origin;
  const type = Object.entries(topics).find(([, name]) => name === topic)?.[0];
  if (!isEventType(type)) return parked("unknown-topic", `it first came to '${topic}', which is no topic of events`);
  if (letter.attempt > MOST_CORRECTIONS) {
    return parked("corrected-too-often", `sent back ${MOST_CORRECTIONS} times and refused again: ${letter.message}`);
  }
  if (content.kind === "unreadable") return parked("unreadable", content.message);
  const correction = correct(content.value, { type, key });
  if (correction.kind === "unmendable") return parked("unmendable", correction.message);
  const { event, changes } = correction;
  return { kind: "sent-back", topic, event, changes, attempt: letter.attempt + 1 };
}

export function parked(reason: ParkingReason, message: string): Parked {
  return { kind: "parked", reason, message };
}

export type Correction =
  /** Valid now. Without changes it was valid already, and what refused it was not its value: it gets another try. */
  | { readonly kind: "mended"; readonly event: CommerceEvent; readonly changes: readonly Change[] }
  | {
      readonly kind: "unmendable";
      /** What is still wrong: paths and rules, never values. */
      readonly message: string;
      readonly changes: readonly Change[];
    };

/** Mends what was sent and validates it again. */
export function correct(sent: unknown, context: EventContext): Correction {
  const schema = eventSchemas[context.type];
  const asItIs = schema.safeParse(sent);
  if (asItIs.success) return { kind: "mended", event: asItIs.data, changes: [] };
  if (!isJson(sent)) return { kind: "unmendable", message: issuesOf(asItIs.error), changes: [] };
  const { event, changes } = mended(sent, context);
  const result = schema.safeParse(event);
  if (result.success) return { kind: "mended", event: result.data, changes };
  return { kind: "unmendable", message: issuesOf(result.error), changes };
}

function issuesOf({ issues }: ZodError): string {
  return issues.map(({ path, message }) => `${path.join(".") || "value"}: ${message}`).join("; ");
}
