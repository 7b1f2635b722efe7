// Random numbers that depend on (seed, index) alone: whoever makes record i, in whatever order, gets the same ones.

/** The next random number, uniform over the integers from 0 up to, not including, 2^32. */
export type Draw = () => number;

/**
 * The numbers of one record. With the same seed, two indexes never draw the same number at the same position
 * (every step is a bijection of 32 bits), so an identifier that starts with a whole draw is unique.
 */
export function draws(seed: number, index: number): Draw {
  let state = scramble(index ^ scramble(seed + 0x9e3779b9));
  return () => {
    state = (state + 0x9e3779b9) | 0;
    return scramble(state);
  };
}

/** A uniform number from 0 up to, not including, 1. */
export function fraction(draw: Draw): number {
  return draw() / 2 ** 32;
}

/** A uniform integer from `low` up to, not including, `high`. */
export function integer(draw: Draw, low: number, high: number): number {
  return low + Math.floor(fraction(draw) * (high - low));
}

/** One of `choices`, which are not empty. */
export function pick<T>(draw: Draw, choices: readonly T[]): T {
  return choices[integer(draw, 0, choices.length)] as T;
}

/** A version 4 UUID, unique among the records of a seed when it is drawn at the same position in each. */
export function uuid(draw: Draw): string {
  const [a, b, c, d] = [draw(), draw(), draw(), draw()];
  const variant = (c & 0x3fffffff) | 0x80000000;
  return `${hex(a)}-${hex4(b >>> 16)}-4${hex(b).slice(5)}-${hex4(variant >>> 16)}-${hex4(variant)}${hex(d)}`;
}

// murmur3's finalizer: https://github.com/aappleby/smhasher/blob/master/src/MurmurHash3.cpp
function scramble(value: number): number {
  let hash = value | 0;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

const bytes = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

function hex4(value: number): string {
  return `${bytes[(value >>> 8) & 255]}${bytes[value & 255]}`;
}

function hex(value: number): string {
  return hex4(value >>> 16) + hex4(value);
}
