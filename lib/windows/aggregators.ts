// Aggregators: how records become a number, and how two partitions' shares of it become one.
// Their laws (test/lib/windows/aggregators.test.ts): merge is commutative and associative, zero is neutral, how records are spread does not matter,
// and a state survives JSON. Money is added in integer minor units and divided only in `result`.

import { addAt, inKeyOrder, type Keyed, type KeyedRule, mergeKeyed } from "./keyed.ts";

/**
 * One field of a window's result.
 * `add` may change the state it is given and return it: the caller owns it. `merge` changes neither of its arguments.
 */
export interface Aggregator<In, State, Result> {
  /** Names the state's shape: what a later release needs to merge and finish a state that an earlier one stored. */
  readonly kind: string;
  zero(): State;
  add(state: State, value: In): State;
  merge(a: State, b: State): State;
  result(state: State): Result;
}

/** An integer of any size: a number while it is exact, else its decimal digits. */
export type Exact = number | string;

/** How many records. */
export function count<In>(): Aggregator<In, number, number> {
  return {
    kind: "count",
    zero: () => 0,
    add: (state) => state + 1,
    merge: (a, b) => a + b,
    result: (state) => state,
  };
}

/**
 * The sum, exact to two decimals: each value is rounded once to minor units (cents), and those are added as integers.
 * `decimals` is where another precision is needed (0 to 6).
 */
export function sum<In>(value: (record: In) => number, decimals = 2): Aggregator<In, Exact, number> {
  const scale = scaleOf(decimals);
  return {
    kind: `sum/${decimals}`,
    zero: () => 0,
    add: (state, record) => addExact(state, toUnits(value(record), scale)),
    merge: addExact,
    result: (state) => fromUnits(state, scale),
  };
}

export interface MeanState {
  readonly sum: Exact;
  readonly count: number;
}

/** The sum divided by the count, both exact until then; null for no records. */
export function mean<In>(value: (record: In) => number, decimals = 2): Aggregator<In, MeanState, number | null> {
  const scale = scaleOf(decimals);
  return {
    kind: `mean/${decimals}`,
    zero: () => ({ sum: 0, count: 0 }),
    add: (state, record) => ({ sum: addExact(state.sum, toUnits(value(record), scale)), count: state.count + 1 }),
    merge: (a, b) => ({ sum: addExact(a.sum, b.sum), count: a.count + b.count }),
    result: (state) => (state.count === 0 ? null : fromUnits(state.sum, scale) / state.count),
  };
}

/** The least value; null for no records. */
export function min<In>(value: (record: In) => number): Aggregator<In, number | null, number | null> {
  return extreme("min", value, Math.min);
}

/** The greatest value; null for no records. */
export function max<In>(value: (record: In) => number): Aggregator<In, number | null, number | null> {
  return extreme("max", value, Math.max);
}

/** How many keys a map keeps where nothing else is said: some 100 kB of state in the worst case, a few hundred bytes in any real one. */
const MOST_KEYS = 500;

/** The key a record counts under; several, or none. */
export type KeysOf<In> = (record: In) => readonly string[] | string | undefined;

/** How many records by key; a record may count under several. Past `atMost` keys the rest counts under one, see keyed.ts. */
export function countBy<In>(
  keys: KeysOf<In>,
  atMost = MOST_KEYS,
): Aggregator<In, Record<string, number>, Record<string, number>> {
  const rule: KeyedRule<number> = { plus: (a, b) => a + b, atMost: keysOf(atMost) };
  return {
    kind: `countBy/${atMost}`,
    zero: () => ({}),
    add: (state, record) => addUnder(state, keys(record), 1, rule),
    merge: (a, b) => mergeKeyed(a, b, rule),
    result: (state) => inKeyOrder(state, (counted) => counted),
  };
}

/** The sum by key, exact to two decimals as `sum` is; `decimals` and `atMost` where others are needed. */
export function sumBy<In>(
  keys: KeysOf<In>,
  value: (record: In) => number,
  { decimals = 2, atMost = MOST_KEYS } = {},
): Aggregator<In, Record<string, Exact>, Record<string, number>> {
  const scale = scaleOf(decimals);
  const rule: KeyedRule<Exact> = { plus: addExact, atMost: keysOf(atMost) };
  return {
    kind: `sumBy/${decimals}/${atMost}`,
    zero: () => ({}),
    add(state, record) {
      const under = keys(record);
      return under === undefined ? state : addUnder(state, under, addExact(0, toUnits(value(record), scale)), rule);
    },
    merge: (a, b) => mergeKeyed(a, b, rule),
    result: (state) => inKeyOrder(state, (units) => fromUnits(units, scale)),
  };
}

/** The aggregator of a stored shape, for states whose declaration is no longer in the code; it can merge and finish, not add. */
export function aggregatorOfKind(kind: string): Aggregator<never, unknown, unknown> {
  const [name, first, second] = kind.split("/");
  const nothing = () => 0;
  const nowhere = () => undefined;
  const known: Readonly<Record<string, () => unknown>> = {
    count: () => count(),
    sum: () => sum(nothing, Number(first)),
    mean: () => mean(nothing, Number(first)),
    min: () => min(nothing),
    max: () => max(nothing),
    countBy: () => countBy(nowhere, Number(first)),
    sumBy: () => sumBy(nowhere, nothing, { decimals: Number(first), atMost: Number(second) }),
  };
  const make = known[name ?? ""];
  if (make === undefined) {
    throw new Error(
      `A stored window has an aggregate of kind '${kind}', which this release does not know: known are ${Object.keys(known).join(", ")}`,
    );
  }
  return make() as Aggregator<never, unknown, unknown>;
}

function extreme<In>(
  kind: string,
  value: (record: In) => number,
  better: (a: number, b: number) => number,
): Aggregator<In, number | null, number | null> {
  const merge = (a: number | null, b: number | null) => (a === null ? b : b === null ? a : better(a, b));
  return {
    kind,
    zero: () => null,
    add: (state, record) => merge(state, value(record)),
    merge,
    result: (state) => state,
  };
}

function addUnder<T>(
  state: Keyed<T>,
  keys: readonly string[] | string | undefined,
  value: T,
  rule: KeyedRule<T>,
): Keyed<T> {
  if (typeof keys === "string") return addAt(state, keys, value, rule);
  for (const key of keys ?? []) addAt(state, key, value, rule);
  return state;
}

function keysOf(atMost: number): number {
  if (Number.isInteger(atMost) && atMost >= 1) return atMost;
  throw new Error(`A map by key needs room for at least 1 key: got ${atMost}`);
}

function scaleOf(decimals: number): number {
  if (!Number.isInteger(decimals) || decimals < 0 || decimals > 6) {
    throw new Error(`A sum needs 0 to 6 decimals: got ${decimals}`);
  }
  return 10 ** decimals;
}

/** Half away from zero, so that a refund of a payment is its exact opposite. */
function toUnits(value: number, scale: number): number {
  const units = Math.round(Math.abs(value) * scale);
  if (!Number.isSafeInteger(units)) {
    throw new RangeError(
      `A value to be summed needs at most ${Number.MAX_SAFE_INTEGER / scale}: bound it in the schema`,
    );
  }
  return value < 0 ? -units : units;
}

function fromUnits(units: Exact, scale: number): number {
  return Number(units) / scale;
}

function addExact(a: Exact, b: Exact): Exact {
  if (typeof a === "number" && typeof b === "number") {
    const added = a + b;
    if (Number.isSafeInteger(added)) return added;
  }
  const exact = BigInt(a) + BigInt(b);
  const small = Number(exact);
  return Number.isSafeInteger(small) ? small : exact.toString();
}
