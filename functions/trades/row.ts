// The table `binance` of the database `trades`, and what a trade is in it.

import type { Migration } from "../../lib/postgres/migrate.ts";
import type { Row } from "../../lib/postgres/sink.ts";
import type { Trade } from "./schema.ts";

/** A database of its own, on the server of the others. */
export const database = "trades";

export const table = "binance";

export const columns = {
  symbol: "text",
  trade_id: "bigint",
  price: "numeric",
  quantity: "numeric",
  buyer_order_id: "bigint",
  seller_order_id: "bigint",
  buyer_is_maker: "boolean",
  trade_time: "timestamptz",
  event_time: "timestamptz",
} as const;

/** A trade is itself, however often and by whomever it is sent. */
export const identity = ["symbol", "trade_id"] as const;

export const migrations: readonly Migration[] = [
  {
    name: "trades-1-binance",
    sql: `
      CREATE TABLE binance (
        symbol text NOT NULL,
        trade_id bigint NOT NULL,
        price numeric NOT NULL,
        quantity numeric NOT NULL,
        buyer_order_id bigint,
        seller_order_id bigint,
        buyer_is_maker boolean NOT NULL,
        trade_time timestamptz NOT NULL,
        event_time timestamptz NOT NULL,
        stored_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (symbol, trade_id)
      );
      CREATE INDEX binance_symbol_trade_time ON binance (symbol, trade_time);
    `,
  },
];

/** A trade as its row. Prices and quantities stay text on the way, which keeps every digit. */
export function tradeRow({ s, t, p, q, b, a, m, T, E }: Trade): Row<typeof columns> {
  return {
    symbol: s,
    trade_id: t,
    price: p,
    quantity: q,
    buyer_order_id: b ?? null,
    seller_order_id: a ?? null,
    buyer_is_maker: m,
    trade_time: new Date(T).toISOString(),
    event_time: new Date(E).toISOString(),
  };
}
