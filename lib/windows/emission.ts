// What is to be sent: windows whose partials hold more than what was last emitted of them, merged over their partitions.
// Pure: stored values in, results out.

import { NO_GROUP } from "./fold.ts";
import type { FrozenResult, StoredPartial } from "./store.ts";
import { mergeStates, resultOf, type WindowShape, type WindowState } from "./tumbling.ts";

/** A window's record on the output topic. */
export interface OutputRecord {
  readonly key: string;
  readonly value: Readonly<Record<string, unknown>>;
}

/** One window's result, as an output format sees it. */
export interface WindowOutput {
  /** Epoch ms, inclusive. */
  readonly start: number;
  /** Epoch ms, exclusive. */
  readonly end: number;
  readonly group: string;
  readonly result: Readonly<Record<string, unknown>>;
  /** With running totals: the same fields over all windows up to this one. */
  readonly total?: Readonly<Record<string, unknown>>;
}

export type OutputFormat = (window: WindowOutput) => OutputRecord;

/** `window_start`, `window_end` and the declared fields, keyed by the window's start so that compaction keeps the last revision. */
export const windowRecord: OutputFormat = ({ start, end, group, result }) => ({
  key: group === NO_GROUP ? String(start) : `${start}/${group}`,
  value: { window_start: start, window_end: end, ...(group === NO_GROUP ? {} : { group }), ...result },
});

/**
 * The results that are due: one for each window whose partials differ from what was emitted of it, in order of window and group,
 * with the revision that follows. A window no record was counted in has none.
 */
export function resultsDue(
  shape: WindowShape,
  partials: readonly StoredPartial[],
  emitted: readonly FrozenResult[],
  dueAt: (start: number) => number,
): readonly FrozenResult[] {
  const before = new Map(emitted.map((result) => [windowName(result), result]));
  const results: FrozenResult[] = [];
  for (const window of byWindow(partials)) {
    const last = before.get(windowName(window));
    if (last !== undefined && holdsTheSame(last.offsets, window.offsets)) continue;
    const state = mergeAll(shape, window.states);
    results.push({
      start: window.start,
      group: window.group,
      revision: (last?.revision ?? 0) + 1,
      offsets: window.offsets,
      state,
      result: resultOf(shape, state),
      dueAt: dueAt(window.start),
    });
  }
  return results.sort((a, b) => a.start - b.start || (a.group < b.group ? -1 : 1));
}

/** Splits results so that each part's frozen form stays well under DynamoDB's 400 KB an item. */
export function inParts(results: readonly FrozenResult[], maxBytes = 200_000): readonly (readonly FrozenResult[])[] {
  const parts: FrozenResult[][] = [];
  let size = Number.POSITIVE_INFINITY;
  for (const result of results) {
    const bytes = Buffer.byteLength(JSON.stringify(result)) + 1;
    if (size + bytes > maxBytes) {
      parts.push([]);
      size = 0;
    }
    parts.at(-1)?.push(result);
    size += bytes;
  }
  return parts;
}

interface CollectedWindow {
  readonly start: number;
  readonly group: string;
  readonly offsets: Record<string, number>;
  readonly states: WindowState[];
}

function byWindow(partials: readonly StoredPartial[]): Iterable<CollectedWindow> {
  const windows = new Map<string, CollectedWindow>();
  for (const { start, group, partition, lastOffset, state } of partials) {
    if (state === undefined) continue;
    const name = windowName({ start, group });
    let window = windows.get(name);
    if (window === undefined) {
      window = { start, group, offsets: {}, states: [] };
      windows.set(name, window);
    }
    if (window.offsets[partition] !== undefined) continue;
    window.offsets[partition] = lastOffset;
    window.states.push(state);
  }
  return windows.values();
}

function holdsTheSame(emitted: Readonly<Record<string, number>>, stored: Readonly<Record<string, number>>): boolean {
  const partitions = Object.keys(stored);
  return (
    partitions.length === Object.keys(emitted).length &&
    partitions.every((partition) => emitted[partition] === stored[partition])
  );
}

function mergeAll(shape: WindowShape, states: readonly WindowState[]): WindowState {
  return states.reduce((a, b) => mergeStates(shape, a, b));
}

function windowName({ start, group }: { readonly start: number; readonly group: string }): string {
  return `${start}/${group}`;
}
