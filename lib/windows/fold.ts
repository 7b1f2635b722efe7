// Folds one partition's batch into its windows, in memory: what is stored afterwards is one write a window, never one a record.
// Pure: records and the frontier in, windows' shares and late records out.

import type { Decoded } from "../kafka/source.ts";
import type { Aggregates, WindowDeclaration, WindowState } from "./tumbling.ts";
import { windowStart, windowStarts } from "./tumbling.ts";
import { isClosedForGood } from "./watermark.ts";

/** What one batch adds to one window of its partition. */
export interface WindowShare {
  readonly start: number;
  readonly group: string;
  readonly firstOffset: number;
  lastOffset: number;
  state: WindowState;
}

/** Late records of one window, in offset order. */
export interface LateShare<In> {
  readonly start: number;
  readonly group: string;
  readonly records: Decoded<In>[];
}

export interface Folded<In> {
  readonly shares: readonly WindowShare[];
  readonly late: readonly LateShare<In>[];
  /** The greatest event time of the batch; absent where it has no valid record. */
  readonly maxEventTime?: number;
}

/** No key of a keyed window: the group of windows that are not grouped. */
export const NO_GROUP = "";

/**
 * Folds records, in offset order, into shares by window and group. A record all of whose windows the frontier has closed for good is late;
 * one that is late for some of its (hopping) windows counts in the others.
 */
export function fold<In, A extends Aggregates<In>>(
  window: WindowDeclaration<In, A>,
  records: readonly Decoded<In>[],
  frontier: number | undefined,
): Folded<In> {
  const shares = new Map<number | string, WindowShare>();
  const late = new Map<number | string, LateShare<In>>();
  const fields = Object.entries(window.aggregate);
  const single = window.size === window.advance;
  let maxEventTime = Number.NEGATIVE_INFINITY;
  let recent: WindowShare | undefined;

  for (const record of records) {
    const time = window.eventTime(record.value, record);
    if (time > maxEventTime) maxEventTime = time;
    if (window.where !== undefined && !window.where(record.value)) continue;
    const group = window.groupBy === undefined ? NO_GROUP : window.groupBy(record.value);
    if (single) {
      const start = windowStart(window, time);
      if (recent === undefined || recent.start !== start || recent.group !== group) {
        if (isClosedForGood(window, start, frontier)) {
          addLate(late, start, group, record);
          continue;
        }
        recent = shareOf(shares, fields, start, group, record.offset);
      }
      addTo(recent, fields, record);
      continue;
    }
    const open = windowStarts(window, time).filter((start) => !isClosedForGood(window, start, frontier));
    if (open.length === 0) addLate(late, windowStart(window, time), group, record);
    for (const start of open) addTo(shareOf(shares, fields, start, group, record.offset), fields, record);
  }
  return {
    shares: [...shares.values()],
    late: [...late.values()],
    ...(maxEventTime === Number.NEGATIVE_INFINITY ? {} : { maxEventTime }),
  };
}

/** The share of one window again, of the records after an offset only: what is left to add when the store already holds the others. */
export function refold<In, A extends Aggregates<In>>(
  window: WindowDeclaration<In, A>,
  records: readonly Decoded<In>[],
  share: Pick<WindowShare, "start" | "group">,
  afterOffset: number,
): WindowShare | undefined {
  const fresh = records.filter((record) => record.offset > afterOffset);
  return fold(window, fresh, undefined).shares.find(
    ({ start, group }) => start === share.start && group === share.group,
  );
}

type Fields<In> = readonly (readonly [string, Aggregates<In>[string]])[];

function addTo<In>(share: WindowShare, fields: Fields<In>, record: Decoded<In>): void {
  const { state } = share;
  for (const [field, aggregator] of fields) state[field] = aggregator.add(state[field], record.value);
  share.lastOffset = record.offset;
}

function shareOf<In>(
  shares: Map<number | string, WindowShare>,
  fields: Fields<In>,
  start: number,
  group: string,
  firstOffset: number,
): WindowShare {
  const key = keyOf(start, group);
  let share = shares.get(key);
  if (share === undefined) {
    const state = Object.fromEntries(fields.map(([field, aggregator]) => [field, aggregator.zero()]));
    share = { start, group, firstOffset, lastOffset: firstOffset, state };
    shares.set(key, share);
  }
  return share;
}

function addLate<In>(
  late: Map<number | string, LateShare<In>>,
  start: number,
  group: string,
  record: Decoded<In>,
): void {
  const key = keyOf(start, group);
  const share = late.get(key);
  if (share === undefined) late.set(key, { start, group, records: [record] });
  else share.records.push(record);
}

function keyOf(start: number, group: string): number | string {
  return group === NO_GROUP ? start : `${start}/${group}`;
}
