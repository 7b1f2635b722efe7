// Maps from a key to a number, as aggregators keep them: plain JSON objects that any key is safe in and that stay small whatever is sent.
//
// A map holds at most so many keys; the rest is kept under `OTHERS`, so nothing goes uncounted. Which keys stay is decided by the keys alone
// (the shortest, then by the alphabet), so it does not depend on what came first or where: a key that stays in the whole stayed in every share
// of it, hence its number is exact, and maps merge in any order. Names that mean something are short; what an attacker sends need not be.

export type Keyed<T> = Record<string, T>;

/** Where the numbers of the keys are that a map has no room for. */
export const OTHERS = "(others)";

/** A longer key is one of the others; so is one that takes more bytes in JSON than letters of any script do. */
export const LONGEST_KEY = 64;
const LONGEST_IN_JSON = 3 * LONGEST_KEY + 2;

/** How two numbers are added, and how many keys are kept. */
export interface KeyedRule<T> {
  readonly plus: (a: T, b: T) => T;
  readonly atMost: number;
}

/** Adds a number at a key. Changes the map it is given and returns it. */
export function addAt<T>(map: Keyed<T>, key: string, value: T, rule: KeyedRule<T>): Keyed<T> {
  const name = Object.hasOwn(map, key) || isShort(key) ? key : OTHERS;
  if (Object.hasOwn(map, name)) return put(map, name, rule.plus(map[name] as T, value));
  return makeRoom(put(map, name, value), rule);
}

/** Two maps as one; neither is changed. */
export function mergeKeyed<T>(a: Keyed<T>, b: Keyed<T>, rule: KeyedRule<T>): Keyed<T> {
  const merged = { ...a };
  for (const [key, value] of Object.entries(b)) {
    put(merged, key, Object.hasOwn(merged, key) ? rule.plus(merged[key] as T, value) : value);
  }
  return makeRoom(merged, rule);
}

/** The map in the alphabet's order, each number as `present` says: the same text however it came about. */
export function inKeyOrder<T, R>(map: Keyed<T>, present: (value: T) => R): Keyed<R> {
  const entries = Object.entries(map).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, value]) => [key, present(value)]));
}

/** Control characters take six bytes each, by which a state would outgrow the item it is stored in. */
function isShort(key: string): boolean {
  return key.length <= LONGEST_KEY && Buffer.byteLength(JSON.stringify(key)) <= LONGEST_IN_JSON;
}

function makeRoom<T>(map: Keyed<T>, { plus, atMost }: KeyedRule<T>): Keyed<T> {
  const names = Object.keys(map);
  if (names.length <= atMost) return map;
  for (const name of names
    .filter((one) => one !== OTHERS)
    .sort(byLength)
    .slice(atMost)) {
    const value = map[name] as T;
    delete map[name];
    map[OTHERS] = Object.hasOwn(map, OTHERS) ? plus(map[OTHERS] as T, value) : value;
  }
  return map;
}

function byLength(a: string, b: string): number {
  return a.length - b.length || (a < b ? -1 : 1);
}

/** Assigning to `__proto__` would set the object's prototype; defining it makes it a key like any other, also in JSON. */
function put<T>(map: Keyed<T>, key: string, value: T): Keyed<T> {
  if (key !== "__proto__") map[key] = value;
  else Object.defineProperty(map, key, { value, enumerable: true, writable: true, configurable: true });
  return map;
}
