import { describe, expect, test } from "vitest";
import { reportedFailures } from "../../../localstack/event-source/partial-response.ts";

const sent = [
  { key: "t-0", records: [{ offset: 10 }, { offset: 11 }] },
  { key: "t-1", records: [{ offset: 5 }] },
];
const listing = (...identifiers: unknown[]) => ({
  batchItemFailures: identifiers.map((itemIdentifier) => ({ itemIdentifier })),
});

test.each([null, undefined, {}, [], { batchItemFailures: [] }, { batchItemFailures: null }, "ok", true, 5])(
  "%j reports nothing",
  (answer) => expect(reportedFailures(answer, sent, "understand")).toEqual({ kind: "nothing" }),
);

test("an identifier twice is one record", () => {
  const twice = listing({ partition: "t-0", offset: 11 }, { partition: "t-0", offset: 11 });
  const reported = reportedFailures(twice, sent, "understand");
  const failed = (offset: number) => reported.kind === "failures" && reported.isFailed("t-0", offset);
  expect([failed(10), failed(11)]).toEqual([false, true]);
});

test("strings that name records exactly are understood, beside objects too", () => {
  const reported = reportedFailures(listing("t-0-10", { partition: "t-1", offset: 5 }), sent, "understand");
  const failed = (key: string, offset: number) => reported.kind === "failures" && reported.isFailed(key, offset);
  expect([failed("t-0", 10), failed("t-0", 11), failed("t-1", 5)]).toEqual([true, false, true]);
});

describe("identifiers that fail the whole batch", () => {
  test.each<[string, unknown]>([
    ["an offset that was not sent", { partition: "t-0", offset: 99 }],
    ["a partition that was not sent", { partition: "t-7", offset: 10 }],
    ["an offset as a string", { partition: "t-0", offset: "10" }],
    ["none", undefined],
    ["null", null],
    ["an empty string", ""],
    ["a string that names no record", "t-0-99"],
    ["a string in another spelling", "t-0:10"],
    ["no partition", { offset: 10 }],
    ["no offset", { partition: "t-0" }],
    ["a fraction", { partition: "t-0", offset: 10.5 }],
  ])("%s", (_what, identifier) => {
    const answer = listing({ partition: "t-0", offset: 11 }, identifier);
    expect(reportedFailures(answer, sent, "understand").kind).toBe("invalid");
  });
});

describe("what whoever wrote the function is told about its answer", () => {
  test("nothing where it is as AWS documents it", () => {
    const reported = reportedFailures(listing({ partition: "t-0", offset: 10 }), sent, "understand");
    expect(reported).toEqual({ kind: "failures", isFailed: expect.any(Function) });
  });

  test("that strings are understood here, and the form that AWS documents", () => {
    const reported = reportedFailures(listing("t-0-10"), sent, "understand");
    expect(reported).toMatchObject({
      kind: "failures",
      remark: expect.stringMatching(/understood here: AWS documents \{ "itemIdentifier": \{ "partition"/),
    });
  });

  test.each<[string, unknown, string]>([
    [
      "a record that was not sent",
      listing({ partition: "t-1", offset: 9 }),
      'names "t-1-9", which the event did not hold',
    ],
    ["a string that names none", listing("t-10-5"), 'names "t-10-5", which the event did not hold'],
    ["another shape", listing({ topic: "t" }), 'an itemIdentifier is {"topic":"t"}: AWS documents'],
    ["no identifier", { batchItemFailures: [{}] }, "an itemIdentifier is missing: AWS documents"],
    ["no list", { batchItemFailures: "x" }, "batchItemFailures is no list"],
  ])("why it fails the whole batch: %s", (_what, answer, why) =>
    expect(reportedFailures(answer, sent, "understand")).toEqual({
      kind: "invalid",
      why: expect.stringContaining(why),
    }),
  );

  test("no more of an identifier than tells what it is", () => {
    const reported = reportedFailures(listing({ row: "x".repeat(5000) }), sent, "understand");
    expect(reported.kind === "invalid" && reported.why.length).toBeLessThan(300);
  });

  test("strings, where they are not understood", () =>
    expect(reportedFailures(listing("t-0-10"), sent, "fail")).toEqual({
      kind: "invalid",
      why: expect.stringContaining('an itemIdentifier is "t-0-10": AWS documents'),
    }));
});
