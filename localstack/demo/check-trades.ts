// Whether the table of trades is what was sent: of every valid trade one row, whatever came twice, each column as the contract says.
import { isValid } from "../../events/generate/generator.ts";
import type { TradeFacts } from "../../events/generate/trades.ts";
import { place, type Sent } from "./records.ts";

/** A row of the table, numerics as text and times in milliseconds since the epoch. */
export interface TradeRow {
  readonly symbol: string;
  readonly trade_id: number;
  readonly price: string;
  readonly quantity: string;
  readonly buyer_order_id: number | null;
  readonly seller_order_id: number | null;
  readonly buyer_is_maker: boolean;
  readonly trade_time: number;
  readonly event_time: number;
}

type Trade = Sent<TradeFacts>;

/** One sentence for each thing that is wrong; none when all is right. */
export function checkTrades(sent: readonly Trade[], rows: readonly TradeRow[]): string[] {
  const trades = distinct(sent);
  const stored = Map.groupBy(rows, ({ symbol, trade_id }) => nameOf(symbol, trade_id));
  return [
    ...[...trades].flatMap(([name, trade]) => checkRow(name, trade, stored.get(name) ?? [])),
    ...[...stored.keys()].filter((name) => !trades.has(name)).map((name) => `${name} was never sent, or is a bad one`),
  ];
}

/** The valid trades by symbol and id; of one that is there twice the first, which is the one that is stored. */
export function distinct(sent: readonly Trade[]): ReadonlyMap<string, Trade> {
  const trades = new Map<string, Trade>();
  for (const trade of sent) {
    const name = nameOf(trade.facts.s, trade.facts.t);
    if (isValid(trade) && !trades.has(name)) trades.set(name, trade);
  }
  return trades;
}

function nameOf(symbol: string, id: number): string {
  return `${symbol} ${id}`;
}

function checkRow(name: string, trade: Trade, rows: readonly TradeRow[]): string[] {
  const [row, ...more] = rows;
  if (row === undefined) return [`${name}, sent as ${place({ topic: "trades", ...trade })}, has no row`];
  if (more.length > 0) return [`${name} has ${rows.length} rows`];
  const wanted = rowOf(trade.facts);
  return Object.entries(wanted)
    .filter(([column, value]) => row[column as keyof TradeRow] !== value)
    .map(([column, value]) => `${name} has ${column} ${row[column as keyof TradeRow]}: it should be ${value}`);
}

/** The row of a trade, written down here once more without the pipeline's code. */
export function rowOf({ s, t, p, q, b, a, m, T, E }: TradeFacts): TradeRow {
  return {
    ...{ symbol: s, trade_id: t, price: p, quantity: q, buyer_order_id: b, seller_order_id: a },
    ...{ buyer_is_maker: m, trade_time: T, event_time: E },
  };
}
