import { describe, expect, it } from "vitest";
import { isValid } from "../../../events/generate/generator.ts";
import { trades } from "../../../events/generate/trades.ts";
import { checkTrades, distinct, rowOf, type TradeRow } from "../../../localstack/demo/check-trades.ts";
import { sent } from "./run.ts";

const sentTrades = sent(trades);
const rows: readonly TradeRow[] = [...distinct(sentTrades).values()].map(({ facts }) => rowOf(facts));
const bad = sentTrades.find((record) => !isValid(record))!;

describe("trades", () => {
  it("a flawless run has no differences, though some trades are there twice and some are bad", () => {
    expect(rows.length).toBeLessThan(sentTrades.filter(isValid).length);
    expect(checkTrades(sentTrades, rows)).toEqual([]);
  });

  it.each<[name: string, rows: readonly TradeRow[], difference: RegExp]>([
    ["a lost one", rows.slice(1), /has no row$/],
    ["a doubled one", [...rows, rows[3]!], /has 2 rows$/],
    ["a bad one", [...rows, rowOf({ ...bad.facts, t: 7 })], /was never sent, or is a bad one$/],
    [
      "a digit that was dropped",
      rows.with(0, { ...rows[0]!, price: rows[0]!.price.slice(0, -1) }),
      /has price .*: it should be/,
    ],
    [
      "a time that is off by a millisecond",
      rows.with(0, { ...rows[0]!, trade_time: rows[0]!.trade_time + 1 }),
      /has trade_time/,
    ],
    [
      "an order that got lost",
      rows.with(0, { ...rows[0]!, buyer_order_id: null }),
      /has buyer_order_id null: it should be/,
    ],
    ["the other side", rows.with(0, { ...rows[0]!, buyer_is_maker: !rows[0]!.buyer_is_maker }), /has buyer_is_maker/],
  ])("%s is found", (_, found, difference) => {
    expect(checkTrades(sentTrades, found)).toEqual([expect.stringMatching(difference)]);
  });
});
