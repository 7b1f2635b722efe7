// The demo's check of logins finds what is wrong: every way in which an interval can differ from what was sent.

import { describe, expect, it } from "vitest";
import type { LoginFacts } from "../../../events/generate/logins.ts";
import { checkLogins } from "../../../localstack/demo/check-logins.ts";
import type { Received, Sent } from "../../../localstack/demo/records.ts";

function login(index: number, intervalStart: number, facts: Partial<LoginFacts> = {}): Sent<LoginFacts> {
  return {
    index,
    kind: "good",
    eventTime: intervalStart * 1000,
    key: `user-${index}`,
    value: "{}",
    partition: 0,
    offset: index,
    facts: { intervalStart, missing: [], deviceType: "iOS", ...facts },
  };
}

function result(
  start: number,
  interval: number,
  total: number,
  options: { revision?: number; missing?: number; offset?: number } = {},
): Received {
  const { revision = 1, missing = 0, offset = start } = options;
  const fields = missing === 0 ? {} : { ip: missing };
  const value = {
    timestamp_start: start,
    timestamp_end: start + 10,
    interval_messages_consumed: interval,
    total_messages_consumed: total,
    interval_missing_field_count: fields,
    total_missing_field_count: fields,
    interval_device_type_count: { iOS: interval },
    total_device_type_count: { iOS: total },
  };
  return {
    topic: "user-login-processed",
    partition: 0,
    offset,
    key: String(start),
    value: Buffer.from(JSON.stringify(value)),
    headers: { revision: String(revision) },
    receivedAt: 0,
  };
}

const late = (offset: number): Received => ({
  ...result(0, 0, 0),
  topic: "logins_late",
  headers: { "late.topic": "user-login", "late.partition": "0", "late.offset": String(offset) },
});

const sent = [login(0, 100), login(1, 100), login(2, 110)];

describe("logins", () => {
  it("that came out as sent are right", () => {
    const { differences, missing } = checkLogins(sent, [result(100, 2, 2), result(110, 1, 3)], []);
    expect([differences, missing]).toEqual([[], 0]);
  });

  it("that are revised or too late are right too", () => {
    const results = [result(100, 1, 1), result(110, 1, 2), result(100, 1, 1, { revision: 2, offset: 200 })];
    expect(checkLogins(sent, results, [late(1)]).differences).toEqual([]);
  });

  it.each([
    { why: "one is lost", results: [result(100, 1, 1), result(110, 1, 2)], sentence: "interval 100: 1 logins" },
    { why: "one counts twice", results: [result(100, 3, 3), result(110, 1, 4)], sentence: "interval 100: 3 logins" },
    { why: "an interval is missing", results: [result(100, 2, 2)], sentence: "interval 110: 0 logins" },
    {
      why: "a field's count is wrong",
      results: [result(100, 2, 2, { missing: 1 }), result(110, 1, 3, { missing: 1 })],
      sentence: 'missing {"ip":1}',
    },
    {
      why: "a total does not follow",
      results: [result(100, 2, 2), result(110, 1, 4)],
      sentence: "interval 110 has the total 4 logins",
    },
    {
      why: "a revision is sent twice",
      results: [result(100, 2, 2), result(100, 2, 2, { offset: 300 }), result(110, 1, 3)],
      sentence: "revisions 1, 1",
    },
  ])("are wrong when $why", ({ results, sentence }) => {
    expect(checkLogins(sent, results, []).differences.join("\n")).toContain(sentence);
  });

  it("not yet out are missing", () => {
    expect(checkLogins(sent, [result(100, 1, 1)], []).missing).toBe(2);
  });
});
