// The laws of aggregators, on thousands of generated streams. A new aggregator is one line in `laws` below.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { aggregatorOfKind, count, countBy, max, mean, min, sum, sumBy } from "../../../lib/windows/aggregators.ts";
import type { AnyAggregator } from "../../../lib/windows/tumbling.ts";

const laws: readonly [string, AnyAggregator<number>][] = [
  ["count", count()],
  ["sum", sum((x) => x)],
  ["sum of whole numbers", sum((x) => x, 0)],
  ["mean", mean((x) => x)],
  ["min", min((x) => x)],
  ["max", max((x) => x)],
  ["countBy", countBy(keysOf)],
  ["countBy with room for few keys", countBy(keysOf, 2)],
  ["sumBy", sumBy(keysOf, (x) => x)],
  ["sumBy with room for few keys", sumBy(keysOf, (x) => x, { decimals: 0, atMost: 2 })],
];

/** None, one or several keys a value, and among them those that an object gives a meaning to. */
function keysOf(x: number): readonly string[] | string | undefined {
  if (x === 0) return undefined;
  if (x === 0.1) return ["__proto__", "iOS", "iOS"];
  if (x === 0.2) return ["constructor", ""];
  if (x === 0.3) return "x".repeat(65);
  if (x === 0.5) return "7";
  return x > 1e9 ? "__proto__" : "toString";
}

// Few values, many of them equal, some so large that their sum leaves the exact integers.
const values = fc.oneof(
  fc.integer({ min: 0, max: 5 }).map((x) => x / 10),
  fc.constantFrom(0.1, 0.2, 0.3, 1.005, -2.5, 0),
  fc.constantFrom(9e12, 8.5e12, -9e12),
);

function folded(aggregator: AnyAggregator<number>, list: readonly number[]): unknown {
  return list.reduce((state, value) => aggregator.add(state, value), aggregator.zero());
}

describe.each(laws)("%s", (_name, aggregator) => {
  const runs = { numRuns: 2000 };

  it("gives the same result however records are spread over partitions", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(values, fc.integer({ min: 0, max: 3 }))), (stream) => {
        const whole = folded(
          aggregator,
          stream.map(([value]) => value),
        );
        const parts = [0, 1, 2, 3].map((at) =>
          folded(
            aggregator,
            stream.filter(([, to]) => to === at).map(([value]) => value),
          ),
        );
        const merged = parts.reduce((a, b) => aggregator.merge(a, b));
        expect(aggregator.result(merged)).toEqual(aggregator.result(whole));
      }),
      runs,
    );
  });

  it("merges in any order and any grouping", () => {
    fc.assert(
      fc.property(fc.array(values), fc.array(values), fc.array(values), (x, y, z) => {
        const [a, b, c] = [folded(aggregator, x), folded(aggregator, y), folded(aggregator, z)];
        expect(aggregator.merge(a, b)).toEqual(aggregator.merge(b, a));
        expect(aggregator.merge(aggregator.merge(a, b), c)).toEqual(aggregator.merge(a, aggregator.merge(b, c)));
      }),
      runs,
    );
  });

  it("has a neutral zero and leaves merged states alone", () => {
    fc.assert(
      fc.property(fc.array(values), fc.array(values), (x, y) => {
        const [a, b] = [folded(aggregator, x), folded(aggregator, y)];
        const before = JSON.stringify([a, b]);
        expect(aggregator.merge(a, aggregator.zero())).toEqual(a);
        aggregator.merge(a, b);
        expect(JSON.stringify([a, b])).toBe(before);
      }),
      runs,
    );
  });

  it("has a state that survives JSON and a kind that finds it again", () => {
    fc.assert(
      fc.property(fc.array(values, { maxLength: 20 }), values, (list, next) => {
        const state = folded(aggregator, list);
        const revived = JSON.parse(JSON.stringify(state)) as unknown;
        expect(revived).toEqual(state);
        expect(aggregatorOfKind(aggregator.kind).result(revived)).toEqual(aggregator.result(state));
        expect(aggregator.add(revived, next)).toEqual(aggregator.add(state, next));
      }),
      runs,
    );
  });
});

describe("sum", () => {
  it.each([
    { list: [0.1, 0.2], total: 0.3, why: "cents are added as integers" },
    { list: [1.1, 2.2, 3.3], total: 6.6, why: "no binary fraction creeps in" },
    { list: Array.from({ length: 1000 }, () => 0.01), total: 10, why: "a thousand cents are ten" },
    { list: [5, -5], total: 0, why: "a refund is a payment's opposite" },
    { list: [], total: 0, why: "nothing sums to nothing" },
    { list: Array.from({ length: 3000 }, () => 9e12), total: 2.7e16, why: "beyond exact numbers it goes on in digits" },
  ])("$why", ({ list, total }) => {
    const aggregator = sum((x: number) => x);
    expect(aggregator.result(folded(aggregator, list) as never)).toBe(total);
  });

  it("refuses a value whose cents are not exact, and says what to do", () => {
    expect(() => sum((x: number) => x).add(0, 1e15)).toThrow("bound it in the schema");
  });

  it("refuses a precision it can't keep", () => {
    expect(() => sum((x: number) => x, 7)).toThrow("0 to 6 decimals: got 7");
  });
});

describe("countBy", () => {
  const by = countBy((key: string) => key, 2);

  it("counts under every key as it is spelt, also those that objects give a meaning to", () => {
    const counted = countBy((key: string) => key);
    const state = ["iOS", "__proto__", "ios", "constructor", "__proto__"].reduce(counted.add, counted.zero());
    const text = '{"__proto__":2,"constructor":1,"iOS":1,"ios":1}';
    expect(JSON.stringify(counted.result(state))).toBe(text);
    expect(JSON.stringify(counted.result(JSON.parse(JSON.stringify(state))))).toBe(text);
  });

  it("keeps the shortest keys and counts the rest under one, whatever came first", () => {
    const keys = ["post office", "DHL", "x".repeat(1000), "UPS", "post office"];
    for (const order of [keys, keys.toReversed()]) {
      expect(by.result(order.reduce(by.add, by.zero()))).toEqual({ DHL: 1, UPS: 1, "(others)": 3 });
    }
  });

  it("refuses a map without room", () => {
    expect(() => countBy(() => "x", 0)).toThrow("at least 1 key: got 0");
  });
});

it("sumBy adds money by key in cents", () => {
  const bySign = sumBy(
    (x: number) => (x < 0 ? "refunds" : "payments"),
    (x) => x,
  );
  expect(bySign.result([0.1, -5, 0.2].reduce(bySign.add, bySign.zero()))).toEqual({ payments: 0.3, refunds: -5 });
});

it("an unknown kind is named", () => {
  expect(() => aggregatorOfKind("median")).toThrow("'median'");
});

it("a map stays small whatever its keys are made of", () => {
  const aggregator = countBy<string>((key) => key);
  const keys = Array.from({ length: 600 }, (_, at) => `${"\u0001".repeat(60)}${at}`);
  const state = keys.reduce((counted, key) => aggregator.add(counted, key), aggregator.zero());
  expect(JSON.stringify(state).length).toBeLessThan(100_000);
  expect(Object.values(state).reduce((a, b) => a + b)).toBe(600);
});
