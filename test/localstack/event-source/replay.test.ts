import { describe, expect, test } from "vitest";
import { parseSpan } from "../../../localstack/event-source/replay.ts";

const now = Date.parse("2026-11-21T12:00:00Z");
const at = (text: string) => new Date(text).getTime();

describe("the span of a replay", () => {
  test.each([
    ["2026-11-20T10:00Z", "10:30", at("2026-11-20T10:00Z"), at("2026-11-20T10:30Z")],
    ["2026-11-20T10:00", "10:30", at("2026-11-20T10:00"), at("2026-11-20T10:30")],
    ["2026-11-20T10:00+01:00", "10:30", at("2026-11-20T09:00Z"), at("2026-11-20T09:30Z")],
    ["2026-11-20T09:00:05.250Z", "9:30", at("2026-11-20T09:00:05.250Z"), at("2026-11-20T09:30Z")],
    ["2026-11-20T23:00Z", "2026-11-21T01:00Z", at("2026-11-20T23:00Z"), at("2026-11-21T01:00Z")],
    ["2026-11-20T10:00Z", undefined, at("2026-11-20T10:00Z"), now],
  ])("%s to %s", (from, to, fromMs, toMs) => expect(parseSpan(from, to, now)).toEqual({ fromMs, toMs }));

  test.each([
    ["yesterday", undefined, "--from takes a time such as 2026-11-20T10:00 (local)"],
    ["2026-11-20", undefined, "--from takes a time such as"],
    ["2026-13-20T10:00", undefined, "--from takes a time such as"],
    ["2026-02-31T10:00", undefined, "--from takes a time such as"],
    ["2026-02-29T10:00Z", undefined, "--from takes a time such as"],
    ["2026-02-28T10:00Z", "2026-02-30T10:00Z", "--to takes a time such as"],
    ["2026-11-20T10:00Z", "10", "--to takes a time such as"],
    ["2026-11-20T10:00Z", "09:30", "--to must be later than --from: got 2026-11-20T10:00Z to 09:30."],
    ["2026-11-21T12:01Z", undefined, "--from 2026-11-21T12:01Z lies in the future: there is nothing to replay yet."],
  ])("%s to %s is refused with a sentence", (from, to, sentence) =>
    expect(() => parseSpan(from, to, now)).toThrow(sentence),
  );
});
