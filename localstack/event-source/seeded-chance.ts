// Coin tosses that come out the same for the same seed and thing: faults on purpose can be had again.
import { createHash } from "node:crypto";

/** Answers true for the given share of things. What is tossed for a thing depends on the seed and its name alone. */
export function seededChance(probability: number, seed: number): (key: string, offset: number) => boolean {
  return (key, offset) => {
    if (probability <= 0) return false;
    const hash = createHash("sha256").update(`${seed}/${key}@${offset}`).digest();
    return hash.readUInt32BE(0) / 4_294_967_296 < probability;
  };
}
