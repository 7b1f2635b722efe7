import fc from "fast-check";
import { expect, test } from "vitest";
import { TradeIds } from "../../../../events/generate/live/trade-ids.ts";

test("ids of a symbol count up by one; symbols know nothing of each other", () => {
  const ids = new TradeIds();
  expect([ids.follow("A", 5), ids.follow("B", 100), ids.follow("A", 6)].map(({ kind }) => kind)).toEqual([
    "first",
    "first",
    "next",
  ]);
  expect(ids.follow("A", 10)).toEqual({ kind: "gap", from: 7, to: 9 });
  expect([ids.follow("A", 10), ids.follow("A", 8), ids.follow("A", 11)].map(({ kind }) => kind)).toEqual([
    "repeat",
    "repeat",
    "next",
  ]);
});

test("what is missed and what came make up all there was, whatever is cut out and repeated", () => {
  const seen = fc.array(fc.boolean(), { minLength: 1, maxLength: 60 });
  fc.assert(
    fc.property(seen, fc.nat(5), (cameThrough, back) => {
      const ids = new TradeIds();
      const all = cameThrough.flatMap((came, id) => (came ? [id] : []));
      const played = all.flatMap((id, i) => (i % 7 === 6 ? [id, ...all.slice(Math.max(0, i - back), i + 1)] : [id]));
      const missed = new Set<number>();
      for (const id of played) {
        const following = ids.follow("A", id);
        if (following.kind === "gap") for (let gone = following.from; gone <= following.to; gone++) missed.add(gone);
      }
      const [first = 0, last = -1] = [all[0], all.at(-1)];
      const expected = cameThrough.flatMap((came, id) => (!came && id > first && id < last ? [id] : []));
      expect([...missed].sort((one, other) => one - other)).toEqual(expected);
    }),
    { numRuns: 2_000 },
  );
});
