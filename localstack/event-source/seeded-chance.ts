// Coin tosses that come out the same for the same seed: faults on purpose can be had again.

/** Answers true with the given probability; the sequence depends on the seed alone. */
export function seededChance(probability: number, seed: number): () => boolean {
  let state = seed | 0;
  return () => {
    if (probability <= 0) return false;
    // mulberry32
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296 < probability;
  };
}
