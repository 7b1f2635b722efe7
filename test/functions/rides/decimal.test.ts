import fc from "fast-check";
import { expect, test } from "vitest";
import { exactlyRoundedProduct, roundedProduct } from "../../../functions/rides/decimal.ts";

const cases = [
  { a: 1.005, b: 1, product: 1.01, why: "1.005 is a half as written, though less than it as a binary fraction" },
  { a: 2.675, b: 1, product: 2.68, why: "the same, where toFixed(2) says 2.67" },
  { a: 1.115, b: 1, product: 1.12, why: "the same" },
  { a: -1.005, b: 1, product: -1.01, why: "a half goes away from zero on both sides" },
  { a: 1.004999, b: 1, product: 1, why: "a little less than a half goes down" },
  { a: 0, b: 5.42, product: 0, why: "a free ride is free" },
  { a: -0.001, b: 1, product: 0, why: "there is no minus zero" },
  { a: 12.5, b: 5.42, product: 67.75, why: "exact as it is" },
  { a: 0.5, b: 0.01, product: 0.01, why: "half a cent is a cent" },
  { a: 3.25, b: 1.609344, product: 5.23, why: "5.230368" },
  { a: 1e-7, b: 50_000, product: 0.01, why: "numbers written with an exponent" },
  { a: 1e12, b: 9.99, product: 9_990_000_000_000, why: "great amounts" },
  { a: 5e-324, b: 1, product: 0, why: "the smallest number" },
] as const;

test.each(cases)("$a × $b = $product: $why", ({ a, b, product }) => {
  expect(roundedProduct(a, b)).toBe(product);
  expect(exactlyRoundedProduct(a, b)).toBe(product);
});

const decimal = fc
  .tuple(fc.integer({ min: -1_000_000, max: 1_000_000 }), fc.integer({ min: 0, max: 5 }))
  .map(([digits, decimals]) => Number(`${digits}e-${decimals}`));

test("the shortcut and the integers agree on decimals as people write them", () => {
  fc.assert(
    fc.property(decimal, decimal, (a, b) => {
      expect(roundedProduct(a, b)).toBe(exactlyRoundedProduct(a, b));
    }),
    { numRuns: 20_000 },
  );
});

test("the shortcut and the integers agree on every number that a ride may hold", () => {
  const amount = fc.double({ min: -1e12, max: 1e12, noNaN: true });
  fc.assert(
    fc.property(amount, fc.constantFrom(1.609344, 5.42, 1, 0.1), (a, b) => {
      expect(roundedProduct(a, b)).toBe(exactlyRoundedProduct(a, b));
    }),
    { numRuns: 20_000 },
  );
});

test("every half of a cent goes away from zero", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 10_000_000 }), (cents) => {
      const half = Number(`${cents}5e-3`);
      expect(roundedProduct(half, 1)).toBe(Number(`${cents + 1}e-2`));
      expect(roundedProduct(-half, 1)).toBe(-Number(`${cents + 1}e-2`));
    }),
    { numRuns: 5_000 },
  );
});
