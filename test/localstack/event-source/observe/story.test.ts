// What a journal's lines come to, where a broker would be in the way: files that are cut off, lines that are gone, ranges.
import { describe, expect, test } from "vitest";
import type { JournalLine } from "../../../../localstack/event-source/observe/journal-line.ts";
import { isInRanges, rangesOf } from "../../../../localstack/event-source/observe/offset-ranges.ts";
import { storyOf } from "../../../../localstack/event-source/observe/story.ts";
import { tell } from "../../../../localstack/event-source/observe/tell.ts";

const started: JournalLine = {
  at: 0,
  run: "a",
  kind: "started",
  mapping: "M",
  function: "f",
  topic: "t-1",
  group: "g",
  pid: 7,
  filters: [],
};
const target = (offset: number) => ({ topic: "t-1", partition: 0, offset });
const assigned: JournalLine = {
  at: 0,
  run: "a",
  kind: "assigned",
  poller: 0,
  member: "m",
  generation: 1,
  offsets: { "0": 0 },
};
const polled = (from: number, to: number, more: object = {}): JournalLine => ({
  at: 1,
  run: "a",
  kind: "polled",
  partition: 0,
  from,
  to,
  ...more,
});
const batched = (first: number, last: number): JournalLine => ({
  at: 2,
  run: "a",
  kind: "batched",
  batch: "0.1",
  closedBy: "size",
  parts: { "0": [first, last, last - first + 1] },
});
const sent = (first: number, last: number): JournalLine => ({
  at: 3,
  run: "a",
  kind: "sent",
  batch: "0.1",
  bytes: 10,
  parts: { "0": [first, last, last - first + 1] },
});
const succeeded: JournalLine = {
  at: 4,
  run: "a",
  kind: "answered",
  batch: "0.1",
  request: "r",
  ms: 1,
  answer: { kind: "success" },
  next: "commit",
};
const verdict = (lines: readonly JournalLine[], offset: number) => tell(storyOf(target(offset), lines)).at(-1)?.verdict;

describe("a story", () => {
  test("whose reading is in a file that is gone begins with its batch", () => {
    const story = storyOf(target(5), [started, batched(4, 6), sent(4, 6), succeeded]);
    expect(story.readings[0]?.steps.map(({ line }) => line.kind)).toEqual(["batched", "sent", "answered"]);
    expect(verdict([started, batched(4, 6), sent(4, 6), succeeded], 5)).toBe(
      "Processed the first time it was sent. Its offset was not committed here.",
    );
  });

  test("is not begun again when a new file repeats how its run began", () => {
    const lines = [started, assigned, polled(0, 3), started, assigned, batched(0, 2), sent(0, 2), succeeded];
    expect(storyOf(target(1), lines).readings.length).toBe(1);
  });

  test("of a record that can't be read with its schema ends before any batch, with the reason", () => {
    const discarded: JournalLine = {
      ...{ at: 2, run: "a", kind: "discarded", offsets: { "0": "1" }, condition: "SCHEMA_NOT_FOUND" },
      ...{ reason: "the value: the registry has no schema 8", invokes: 1, request: "r", outcome: "no-destination" },
    };
    const lines = [started, assigned, polled(0, 3), discarded, batched(0, 2), sent(0, 2), succeeded];
    const story = storyOf(target(1), lines);
    expect(story.readings[0]?.steps.map(({ line }) => line.kind)).toEqual(["polled", "discarded"]);
    expect(JSON.stringify(tell(story))).toContain("the registry has no schema 8");
  });

  test("of a record that a filter left out of the middle of a batch is not the batch's", () => {
    const lines = [started, polled(0, 3, { filteredOut: "1" }), batched(0, 2), sent(0, 2), succeeded];
    expect(storyOf(target(1), lines).readings.map(({ fate, steps }) => [fate, steps.length])).toEqual([
      ["filtered", 1],
    ]);
  });

  test("of a second half that waits while the first is tried counts only what carried the record", () => {
    const split: JournalLine = {
      ...succeeded,
      answer: { kind: "function-error", type: "E", message: "m" },
      next: "split",
      afterMs: 5,
    };
    const lines = [started, polled(0, 4), batched(0, 3), sent(0, 3), split, sent(0, 1), succeeded];
    expect(storyOf(target(3), lines).readings[0]).toMatchObject({ fate: "unsettled", attempts: 1 });
    expect(storyOf(target(0), lines).readings[0]).toMatchObject({ fate: "processed", attempts: 2 });
  });

  test("tells a function's answer that came after its partition was lost", () => {
    const lost: JournalLine = { at: 3, run: "a", kind: "lost", poller: 0, partition: 0 };
    const [reading] = storyOf(target(0), [started, polled(0, 1), batched(0, 0), sent(0, 0), lost, succeeded]).readings;
    expect(reading?.fate).toBe("lost");
    expect(reading?.steps.at(-1)?.line).toEqual(succeeded);
  });

  test("of a group that was set back says that the record had been committed", () => {
    const committed: JournalLine = { at: 5, run: "a", kind: "committed", to: { "0": 1 } };
    const lines = [started, polled(0, 1), batched(0, 0), sent(0, 0), succeeded, committed, polled(0, 1)];
    expect(tell(storyOf(target(0), lines))[0]?.verdict).toBe(
      "Processed the first time it was sent. Committed 4 ms after it was read. Read again all the same: the group's offsets were set back, or the topic was made anew.",
    );
  });

  test("of a record that can't be read has its reason, and no batch", () => {
    const discarded: JournalLine = {
      ...{ at: 2, run: "a", kind: "discarded", offsets: { "0": "1" }, condition: "SCHEMA_NOT_FOUND" },
      ...{ reason: "the registry has no schema 9", invokes: 1, request: "r", outcome: "no-destination" },
    };
    const told = tell(storyOf(target(1), [started, polled(0, 3), discarded]));
    expect(told[0]?.lines.at(-1)?.text).toBe(
      "given up (SCHEMA_NOT_FOUND): the registry has no schema 9; dropped, for the mapping has no failure destination",
    );
    expect(told[0]?.verdict).toContain("Not processed, and kept nowhere else");
    expect(storyOf(target(2), [started, polled(0, 3), discarded]).readings[0]?.fate).toBe("waiting");
  });

  test("of a replay says so, and that a record is not of its time", () => {
    const replay = { ...started, replay: { from: "2026-11-20T10:00:00.000Z", to: "2026-11-20T10:30:00.000Z" } };
    const lines = [replay, assigned, polled(0, 3, { read: "1" })];
    expect(tell(storyOf(target(1), lines))[0]?.heading).toContain("t-1-0@1: replayed by M");
    expect(verdict(lines, 2)).toContain("It is not of the time that was replayed, 2026-11-20T10:00:00.000Z to ");
  });

  test("of a topic whose name ends like a partition is that topic's", () => {
    const other = { ...started, run: "b", topic: "t" };
    expect(storyOf(target(0), [other, { ...polled(0, 1), run: "b" }]).readings).toEqual([]);
  });

  test.each([
    ["no line at all", [], "The journal is empty: nothing was written to it yet."],
    [
      "nothing read yet",
      [started, assigned],
      "It was not read yet: nothing of its partition was. The journal begins at 1970-01-01T00:00:00.000Z.",
    ],
    [
      "a hole",
      [started, assigned, polled(0, 9, { read: "0-4,6-8" })],
      expect.stringContaining("No record is at this offset"),
    ],
    [
      "a gap",
      [started, assigned, polled(0, 3), polled(9, 12)],
      expect.stringContaining("It lies before offset 12, where reading stands,"),
    ],
  ])("with %s says why there is nothing to tell", (_what, lines, text) => {
    expect(verdict(lines as JournalLine[], 5)).toEqual(text);
  });
});

describe("ranges of offsets", () => {
  test.each([
    [[], ""],
    [[3], "3"],
    [[0, 1, 2], "0-2"],
    [[0, 1, 5, 7, 8], "0-1,5,7-8"],
  ])("%j is '%s', and holds these and no others", (offsets, text) => {
    expect(rangesOf(offsets)).toBe(text);
    const held = Array.from({ length: 12 }, (_, offset) => offset).filter((offset) => isInRanges(text, offset));
    expect(held).toEqual(offsets);
  });
});
