import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { Repeats } from "../../../lib/kafka/repeats.ts";

const at = (offset: number, timestamp = 1_000 + offset, source = "event_order/0") => ({ source, offset, timestamp });

describe("a repeat", () => {
  const seen = () => {
    const repeats = new Repeats(undefined);
    for (const offset of [3, 5, 9]) repeats.isRepeat(at(offset));
    return repeats;
  };
  it.each([
    { why: "the last one again", record: at(9), is: true },
    { why: "the first of a transaction that was tried again", record: at(3), is: true },
    { why: "one further on", record: at(10), is: false },
    { why: "the same offset of another partition", record: at(9, 1_009, "event_order/1"), is: false },
    { why: "a lower offset, but newer: the topic has been made anew", record: at(2, 5_000), is: false },
    { why: "one further on with an older timestamp: producers' clocks differ", record: at(10, 1), is: false },
  ])("$why: $is", ({ record, is }) => {
    expect(seen().isRepeat(record)).toBe(is);
    expect(new Repeats(seen().memo()).isRepeat(record)).toBe(is);
  });
});

test("transactions that are tried again, with memos between batches, leave each record once and in order", () => {
  // Every round hands on a few more offsets; the first `attempts` of it are aborted and left behind, cut short anywhere.
  const round = fc.record({
    offsets: fc.integer({ min: 1, max: 5 }),
    aborted: fc.array(fc.integer({ min: 0, max: 5 }), { maxLength: 2 }),
  });
  fc.assert(
    fc.property(fc.array(round, { maxLength: 20 }), fc.infiniteStream(fc.boolean()), (rounds, restarts) => {
      let next = 0;
      const topic: number[] = [];
      for (const { offsets, aborted } of rounds) {
        const batch = Array.from({ length: offsets }, (_, i) => next + i * 2);
        for (const cut of aborted) topic.push(...batch.slice(0, cut));
        topic.push(...batch);
        next += offsets * 2;
      }
      let repeats = new Repeats(undefined);
      const kept = topic.filter((offset) => {
        if (restarts.next().value) repeats = new Repeats(repeats.memo());
        return !repeats.isRepeat(at(offset));
      });
      expect(kept).toEqual([...new Set(topic)].sort((a, b) => a - b));
    }),
  );
});

test("a memo fits beside an offset, and forgets who has been silent for longest", () => {
  const repeats = new Repeats(undefined);
  for (let partition = 0; partition < 1_000; partition++) {
    repeats.isRepeat({ source: `event_purchase/${partition}`, offset: 1_000_000_000, timestamp: 1_795_262_400_000 });
  }
  const memo = repeats.memo();
  expect(JSON.stringify(memo).length).toBeLessThan(4_000);
  expect(memo).toContain("event_purchase/999");
  expect(memo).not.toContain('event_purchase/0"');
});

test("a memo that another tool wrote counts as none", () => {
  for (const memo of ["", "{", "null", "7", '[["a"]]', '[["a",["1",2]]]']) {
    expect(new Repeats(memo).isRepeat(at(1))).toBe(false);
  }
});
