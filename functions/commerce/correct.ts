// What becomes of a dead letter: sent back to its topic with what could be mended, or parked with the reason. Pure.

import type { ZodError } from "zod";
import { type Change, type EventContext, isJson, mended } from "./mend.ts";
import { type CommerceEvent, eventSchemas } from "./schema.ts";

/** After so many corrections an event that is still refused is parked. */
export const MOST_CORRECTIONS = 3;

/** What `POST /track` takes, and so the most that is sent back: what is larger came from elsewhere and may not fit its topic again. */
export const MOST_BYTES = 262_144;

export type ParkingReason = "unreadable" | "unmendable" | "corrected-too-often" | "too-large" | "unknown-topic";

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
