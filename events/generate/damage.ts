// The ways a record can be bad, each made out of a good one.
import type { CommerceKind } from "./commerce-kinds.ts";
import { type Draw, integer, pick } from "./random.ts";

export type BadKind =
  | CommerceKind
  | "not-json"
  | "random-bytes"
  | "unknown-schema"
  | "other-schema"
  | "truncated"
  | "wrong-type"
  | "missing-field"
  | "not-a-number"
  | "huge-number"
  | "sql"
  | "huge-text"
  | "tombstone"
  | "far-future";

/** The value that is sent for a record of this kind. What isn't damage (also `far-future`: its time is what is wrong) stays. */
export function damage(
  kind: string,
  value: string,
  checkedFields: readonly string[],
  draw: Draw,
): string | Buffer | null {
  switch (kind) {
    case "tombstone":
      return null;
    case "not-json":
      return noise(draw);
    case "truncated":
      return value.slice(0, integer(draw, 1, value.length));
    case "wrong-type":
      return changeField(value, pick(draw, checkedFields), (was) => (typeof was === "string" ? 42 : "forty-two"));
    case "missing-field":
      return changeField(value, pick(draw, checkedFields), () => undefined);
    default:
      return value;
  }
}

// Not even UTF-8: whoever keeps these bytes as text doesn't keep them.
export function noise(draw: Draw): Buffer {
  const bytes = Buffer.alloc(integer(draw, 8, 64), 0xff);
  for (let at = 2; at < bytes.length; at++) bytes[at] = draw();
  return bytes;
}

function changeField(value: string, field: string, change: (was: unknown) => unknown): string {
  const fields = JSON.parse(value);
  return JSON.stringify({ ...fields, [field]: change(fields[field]) });
}
