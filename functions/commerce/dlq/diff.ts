// What correction would change in an event, as lines for a person to read. Pure.

import type { Change } from "../mend.ts";

export interface DiffLine {
  readonly sign: "-" | "+";
  readonly path: string;
  readonly value: string;
  /** What was done, beside the new value. */
  readonly note?: string;
}

const LONGEST = 120;

/** Two lines a change: what stood there, and what would. A field that was not there has one. */
export function diffOf(changes: readonly Change[]): readonly DiffLine[] {
  return changes.flatMap(({ path, from, to, rule }): DiffLine[] => [
    ...(from === undefined ? [] : [{ sign: "-" as const, path, value: shown(from) }]),
    { sign: "+", path, value: shown(to), note: rule },
  ]);
}

/** A value as JSON, cut where it gets long. */
export function shown(value: unknown): string {
  const text = jsonOf(value);
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}… (${text.length} characters)` : text;
}

function jsonOf(value: unknown): string {
  try {
    return JSON.stringify(value) ?? "nothing";
  } catch {
    return "(nested too deeply to be shown)";
  }
}
