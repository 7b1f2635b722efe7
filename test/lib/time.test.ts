import fc from "fast-check";
import { expect, test } from "vitest";
import { eventTime, formatEventTime, hours, minutes, parseEventTime, seconds } from "../../lib/time.ts";

test("durations are milliseconds", () => {
  expect([seconds(3), minutes(1), hours(2)]).toEqual([3_000, 60_000, 7_200_000]);
});

const read = [
  { text: "1970-01-01 00:00:00.000", time: 0, why: "the epoch" },
  { text: "2026-11-21 13:00:00.123", time: Date.UTC(2026, 10, 21, 13, 0, 0, 123), why: "any time" },
  { text: "2024-02-29 23:59:59.999", time: Date.UTC(2024, 1, 29, 23, 59, 59, 999), why: "a leap day" },
  { text: "2000-02-29 00:00:00.000", time: Date.UTC(2000, 1, 29), why: "every 400 years a century leaps" },
  { text: "1969-12-31 23:59:59.999", time: -1, why: "before the epoch" },
  { text: "0000-03-01 00:00:00.000", time: Date.parse("0000-03-01T00:00:00.000Z"), why: "the first year" },
];

test.each(read)("$text is read: $why", ({ text, time }) => {
  expect(parseEventTime(text)).toBe(time);
});

const refused = [
  { text: "2026-02-30 00:00:00.000", why: "February has no 30th" },
  { text: "2025-02-29 00:00:00.000", why: "no leap year" },
  { text: "1900-02-29 00:00:00.000", why: "centuries don't leap" },
  { text: "2026-04-31 00:00:00.000", why: "April has 30 days" },
  { text: "2026-00-10 00:00:00.000", why: "there is no month 0" },
  { text: "2026-13-10 00:00:00.000", why: "nor month 13" },
  { text: "2026-01-00 00:00:00.000", why: "nor day 0" },
  { text: "2026-01-01 24:00:00.000", why: "midnight is 00" },
  { text: "2026-01-01 00:60:00.000", why: "an hour has 60 minutes" },
  { text: "2026-01-01 00:00:60.000", why: "leap seconds are not in UTC milliseconds" },
  { text: "2026-01-01T00:00:00.000", why: "another notation" },
  { text: "2026-01-01 00:00:00.00", why: "two decimals" },
  { text: "2026-01-01 00:00:00.0000", why: "four decimals" },
  { text: "2026-01-01 00:00:00.000Z", why: "a zone" },
  { text: "2026-01-01 0a:00:00.000", why: "a letter" },
  { text: "2026-01-01 -1:00:00.000", why: "a sign" },
  { text: "２026-01-01 00:00:00.000", why: "a wide digit" },
  { text: "2026-01-01 00:00:00. 00", why: "a space for a digit" },
  { text: "", why: "nothing" },
];

test.each(refused)("'$text' is refused: $why", ({ text }) => {
  expect(parseEventTime(text)).toBeUndefined();
});

const anyTime = fc.integer({
  min: Date.parse("0000-01-01T00:00:00.000Z"),
  max: Date.parse("9999-12-31T23:59:59.999Z"),
});

test("what is formatted reads back as it was", () => {
  fc.assert(
    fc.property(anyTime, (time) => {
      expect(parseEventTime(formatEventTime(eventTime(time)))).toBe(time);
    }),
    { numRuns: 20_000 },
  );
});

test("no text is read as another time than Date reads it, and none that Date moves to another day", () => {
  const upTo = (max: number, length: number) =>
    fc.integer({ min: 0, max }).map((number) => String(number).padStart(length, "0"));
  const text = fc
    .tuple(upTo(9999, 4), upTo(13, 2), upTo(32, 2), upTo(25, 2), upTo(61, 2), upTo(61, 2), upTo(999, 3))
    .map(([y, mo, d, h, mi, s, ms]) => ({ day: `${y}-${mo}-${d}`, time: `${h}:${mi}:${s}.${ms}` }))
    .map(({ day, time }) => ({ ours: `${day} ${time}`, iso: `${day}T${time}Z` }));
  fc.assert(
    fc.property(text, ({ ours, iso }) => {
      const time = Date.parse(iso);
      const exists = !Number.isNaN(time) && new Date(time).toISOString() === iso;
      expect(parseEventTime(ours)).toBe(exists ? time : undefined);
    }),
    { numRuns: 20_000 },
  );
});

test("a year past 9999 can't be written", () => {
  expect(() => formatEventTime(eventTime(Date.UTC(10_000, 0, 1)))).toThrow(/between 0000 and 9999/);
});
