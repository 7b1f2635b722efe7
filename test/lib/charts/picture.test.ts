// Numbers and names as pictures say them, and the axes that bars stand on.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { amount, label, wholeNumber } from "../../../lib/charts/picture.ts";
import { scaleFor } from "../../../lib/charts/scale.ts";

it.each([
  { value: 0, count: "0", money: "0.00" },
  { value: 999.5, count: "1,000", money: "999.50" },
  { value: 9_999.99, count: "10,000", money: "9,999.99" },
  { value: 10_000.4, count: "10,000", money: "10,000" },
  { value: 9_999_999, count: "9,999,999", money: "9,999,999" },
  { value: 12_345_678, count: "12.35 M", money: "12.35 M" },
  { value: 2_500_000_000, count: "2.5 B", money: "2.5 B" },
  { value: 3e12, count: "3 T", money: "3 T" },
  { value: -1_234.5, count: "-1,234", money: "-1,234.50" },
])("$value is $count and $money", ({ value, count, money }) => {
  expect([wholeNumber(value), amount(value)]).toEqual([count, money]);
});

it.each([
  { text: "FedEx", is: "FedEx", why: "a name stays as it is" },
  { text: "  Royal\n\tMail ", is: "Royal Mail", why: "a name is one line" },
  { text: "a\u0000\u0007b", is: "a b", why: "what no XML may hold is left out" },
  { text: "", is: "(no name)", why: "an empty name is named" },
  { text: "\ud800", is: "\ufffd", why: "half a character is replaced" },
  { text: "x".repeat(1_000_000), is: `${"x".repeat(19)}…`, why: "a long name is cut" },
  { text: "__proto__", is: "__proto__\u00a0", why: "a name that every object knows gets a space that nobody sees" },
  { text: "🚚".repeat(30), is: `${"🚚".repeat(11)}…`, why: "it is cut between characters" },
])("$why", ({ text, is }) => {
  expect(label(text)).toBe(is);
});

describe("a scale", () => {
  const options = { steps: 5, beyond: 0.1, isWhole: false };

  it.each([
    { lengths: [], scale: { min: 0, max: 1, interval: 1 }, why: "nothing still has an axis" },
    { lengths: [0, 0], scale: { min: 0, max: 1, interval: 1 }, why: "so have zeros" },
    { lengths: [430, 90], scale: { min: 0, max: 500, interval: 100 }, why: "steps are round" },
    { lengths: [460], scale: { min: 0, max: 600, interval: 200 }, why: "the longest bar has room for its number" },
    { lengths: [-40, 100], scale: { min: -50, max: 150, interval: 50 }, why: "it goes below zero where bars do" },
  ])("$why", ({ lengths, scale }) => {
    expect(scaleFor(lengths, options)).toEqual(scale);
  });

  it("of counts has whole steps", () => {
    expect(scaleFor([2], { ...options, isWhole: true })).toEqual({ min: 0, max: 3, interval: 1 });
  });

  it("holds every bar and its number, in a handful of steps", () => {
    const lengths = fc.array(
      fc.integer({ min: -1e15, max: 1e15 }).map((cents) => cents / 100),
      { maxLength: 5 },
    );
    fc.assert(
      fc.property(lengths, fc.boolean(), (bars, isWhole) => {
        const { min, max, interval } = scaleFor(bars, { ...options, isWhole });
        expect(max).toBeGreaterThanOrEqual(Math.max(0, ...bars) * 1.1 * (1 - 1e-9));
        expect(min).toBeLessThanOrEqual(Math.min(0, ...bars) * 1.1 * (1 - 1e-9));
        expect(interval).toBeGreaterThan(0);
        expect((max - min) / interval).toBeLessThanOrEqual(8);
      }),
    );
  });
});
