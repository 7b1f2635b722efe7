import { expect, test } from "vitest";
import { columns, identity, migrations, tradeRow } from "../../../functions/trades/row.ts";
import { trade } from "./trade.ts";

test("a trade is a row with its digits and milliseconds kept", () => {
  expect(tradeRow(trade)).toEqual({
    symbol: "BTCUSDT",
    trade_id: 4_012_345_678,
    price: "95000.12000000",
    quantity: "0.00512000",
    buyer_order_id: 10_000_000_000,
    seller_order_id: 10_000_000_001,
    buyer_is_maker: true,
    trade_time: "2026-11-21T12:00:00.003Z",
    event_time: "2026-11-21T12:00:00.005Z",
  });
});

test("without orders, theirs are null", () => {
  const { b: _b, a: _a, ...rest } = trade;
  expect(tradeRow(rest)).toMatchObject({ buyer_order_id: null, seller_order_id: null });
});

test("a row has the columns that the sink writes, the table has them too, and the identity is among them", () => {
  expect(Object.keys(tradeRow(trade))).toEqual(Object.keys(columns));
  const sql = migrations.map((migration) => migration.sql).join();
  for (const [name, type] of Object.entries(columns)) expect(sql).toContain(`${name} ${type}`);
  expect(sql).toContain(`PRIMARY KEY (${identity.join(", ")})`);
});
