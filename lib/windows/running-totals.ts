// Running totals: each emitted window also carries the total of all windows up to it, frozen with it, so that it is exact too.
// A window that changes changes the totals of all that were emitted after it; those are sent again, with a higher revision.
//
//   windows     [a]  [b]  [c]        each keeps the total before it:  a: 0   b: a   c: a+b
//   late for b       [b'] [c']       b' = b + late, before: a;  c' is sent again, before: a + b'
//
// Pure: what is emitted and what changed in, what is to be sent out.

import type { FrozenResult, RunningTotal } from "./store.ts";
import { mergeStates, type WindowShape, type WindowState } from "./tumbling.ts";

export interface EmittedSince {
  /** What was last emitted of the first changed window and of all after it, in order of start. */
  readonly emitted: readonly FrozenResult[];
  readonly total?: RunningTotal | undefined;
}

/**
 * Adds to the changed results, in order of start, the total before each, and to their number the later windows whose totals they change.
 * Whether a later window has to be sent again is decided by the total it was sent with, so that a chain that was cut off by a crash is gone on with.
 */
export function withRunningTotals(
  shape: WindowShape,
  changed: readonly FrozenResult[],
  { emitted, total }: EmittedSince,
): readonly FrozenResult[] {
  const changedStarts = new Map(changed.map((result) => [result.start, result]));
  const untouched = emitted.filter(({ start }) => !changedStarts.has(start));
  const chain = [...changed, ...untouched].sort((a, b) => a.start - b.start);
  // The first emitted window at or after the first changed one knows the total before both: nothing was emitted between them.
  let before = emitted.length > 0 ? emitted[0]?.before : total?.state;
  const results: FrozenResult[] = [];
  for (const window of chain) {
    const isChanged = changedStarts.has(window.start);
    if (isChanged || !isSameState(window.before, before)) {
      const revision = isChanged ? window.revision : window.revision + 1;
      const { before: _, ...rest } = window;
      results.push({ ...rest, revision, ...(before === undefined ? {} : { before }) });
    }
    before = totalAfter(shape, { ...window, before });
  }
  return results;
}

/** The total up to and with a window. */
export function totalAfter(
  shape: WindowShape,
  { before, state }: { readonly before?: WindowState | undefined; readonly state: WindowState },
): WindowState {
  return before === undefined ? state : mergeStates(shape, before, state);
}

/** The running total once these results are emitted: it moves with the newest window only. */
export function totalWith(
  shape: WindowShape,
  total: RunningTotal | undefined,
  results: readonly FrozenResult[],
): RunningTotal | undefined {
  const last = results.at(-1);
  if (last === undefined || (total !== undefined && last.start < total.start)) return total;
  return { start: last.start, state: totalAfter(shape, last) };
}

function isSameState(a: WindowState | undefined, b: WindowState | undefined): boolean {
  return canonical(a) === canonical(b);
}

/** One text for equal states, whatever order their keys came in. */
function canonical(value: unknown): string {
  return JSON.stringify(value ?? null, (_key, at: unknown) =>
    at !== null && typeof at === "object" && !Array.isArray(at)
      ? Object.fromEntries(Object.entries(at).sort(([a], [b]) => (a < b ? -1 : 1)))
      : at,
  );
}
