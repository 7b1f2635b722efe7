// A number as settings are written: plain decimal notation (`5.42`, `-1`, `1e3`), and no other of JavaScript's. Pure.

/** NaN where it is none. */
export function plainNumber(text: string): number {
  return /^\s*$/.test(text) || /^\s*[+-]?0[xob]/i.test(text) || !Number.isFinite(Number(text))
    ? Number.NaN
    : Number(text);
}
