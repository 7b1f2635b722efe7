import { expect, test } from "vitest";
import { Trade } from "../../../functions/trades/schema.ts";
import tradeAvro from "../../../functions/trades/trades.avsc.json" with { type: "json" };
import { trade } from "./trade.ts";

const refused = [
  { change: { e: "aggTrade" }, path: "e", why: "another kind of event" },
  { change: { s: "" }, path: "s", why: "no name" },
  { change: { s: "x".repeat(41) }, path: "s", why: "longer than any symbol" },
  { change: { s: "'; DROP TABLE binance; --" }, path: "s", why: "no name of a coin" },
  { change: { s: "BTC\u0000USDT" }, path: "s", why: "a zero byte" },
  { change: { t: -1 }, path: "t", why: "ids count from 0" },
  { change: { t: 2 ** 53 }, path: "t", why: "not exact" },
  { change: { p: "" }, path: "p", why: "no number" },
  { change: { p: "-1" }, path: "p", why: "below nothing" },
  { change: { p: "1e5" }, path: "p", why: "not written in full" },
  { change: { p: "NaN" }, path: "p", why: "a numeric could hold it" },
  { change: { q: "9".repeat(400) }, path: "q", why: "more than there is" },
  { change: { q: "1." }, path: "q", why: "cut short" },
  { change: { T: 253_402_300_800_000 }, path: "T", why: "the year 10000" },
  { change: { E: -1 }, path: "E", why: "before there were computers" },
  { change: { m: "true" }, path: "m", why: "text" },
];

test.each(refused)("a trade is refused: $path, $why", ({ change, path }) => {
  const { success, error } = Trade.safeParse({ ...trade, ...change });
  expect(success).toBe(false);
  expect(error?.issues.map((issue) => issue.path.join("."))).toEqual([path]);
});

test.each([
  { change: {}, why: "as it comes" },
  { change: { b: null, a: null }, why: "as the stream has it now, without orders" },
  { change: { b: undefined, a: undefined }, why: "in JSON, without orders" },
  { change: { s: "币安人生USDT" }, why: "a coin named in Chinese" },
  { change: { p: "0.00000001", q: "12345678901234567890.12345678901234567890" }, why: "small and large" },
  { change: { extra: 1 }, why: "with a field of tomorrow" },
])("a trade is taken in: $why", ({ change }) => {
  expect(Trade.safeParse({ ...trade, ...change }).success).toBe(true);
});

test("the contract in Avro has every field that is read, under the same name", () => {
  const names = tradeAvro.fields.map(({ name }) => name);
  expect(names).toEqual(expect.arrayContaining(Object.keys(Trade.shape)));
});
