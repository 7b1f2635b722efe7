// A trade that is all right: tests change one thing.
import type { Trade } from "../../../functions/trades/schema.ts";

export const trade: Trade & { readonly M: boolean } = {
  e: "trade",
  E: Date.UTC(2026, 10, 21, 12, 0, 0, 5),
  s: "BTCUSDT",
  t: 4_012_345_678,
  p: "95000.12000000",
  q: "0.00512000",
  b: 10_000_000_000,
  a: 10_000_000_001,
  T: Date.UTC(2026, 10, 21, 12, 0, 0, 3),
  m: true,
  M: true,
};
