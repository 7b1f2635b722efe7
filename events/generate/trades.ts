// Trades as Binance's trade stream has them, in Avro: ids that count up by one within a symbol, prices that wander, now and then one twice.
// Bytes carry the number of a schema below in place of its id, which only the registry knows; `seal` puts the id there.
import tradeAvro from "../../functions/trades/trades.avsc.json" with { type: "json" };
import { avroType } from "../../lib/registry/avro.ts";
import { schemaRegistry } from "../../lib/registry/client.ts";
import { encoded } from "../../lib/registry/encoder.ts";
import { schemaIdOf, writePrefix } from "../../lib/registry/wire-format.ts";
import { type BadKind, noise } from "./damage.ts";
import type { GeneratedRecord, Kind, Plan, Tally, TrafficGenerator } from "./generator.ts";
import { isValid } from "./generator.ts";
import { type Draw, fraction, integer } from "./random.ts";

/** A trade with the fields of the stream. */
export interface TradeFacts {
  readonly e: "trade";
  /** Milliseconds since the epoch, as T. */
  readonly E: number;
  readonly s: string;
  readonly t: number;
  readonly p: string;
  readonly q: string;
  readonly b: number | null;
  readonly a: number | null;
  readonly T: number;
  readonly m: boolean;
  readonly M: boolean;
}

interface Pools {
  /** Ids go on from here: they grow with the time at which a run starts, so that a later run's trades are new ones. */
  readonly firstId: number;
}

export const topic = "trades";

export const trades: TrafficGenerator<TradeFacts, Pools> = {
  pipeline: "trades",
  topic,
  badKinds: [
    "random-bytes",
    "unknown-schema",
    "other-schema",
    "truncated",
    "not-a-number",
    "huge-number",
    "sql",
    "huge-text",
    "tombstone",
  ],
  checkedFields: [],
  repeatPercent: 1,
  pools: (_faker, plan) => ({ firstId: firstIdOf(plan) }),
  record({ index, eventTime }, draw, { firstId }) {
    const { symbol, price, lot, rank, each } = marketOf(index);
    const id = firstId + Math.floor(index / markets.length) * each + rank;
    const wave = 1 + 0.02 * Math.sin(index / 5_000) + 0.001 * (fraction(draw) - 0.5);
    const order = 10_000_000_000 + index * 2;
    const facts: TradeFacts = {
      e: "trade",
      E: eventTime + integer(draw, 0, 5),
      s: symbol,
      t: id,
      p: (price * wave).toFixed(8),
      q: (lot * (0.01 + fraction(draw))).toFixed(8),
      b: order,
      a: order + 1,
      T: eventTime,
      m: fraction(draw) < 0.5,
      M: true,
    };
    return { key: symbol, value: encoded(tradeType, TRADE, facts), facts };
  },
  damage,
  async seal({ schemaRegistryUrl }) {
    const registry = schemaRegistry(schemaRegistryUrl);
    // The other one under a subject of its own, for this topic's would refuse it.
    const [trade, other] = await Promise.all([
      registry.register(`${topic}-value`, JSON.stringify(tradeAvro)),
      registry.register(`${topic}_other-value`, JSON.stringify(otherAvro)),
    ]);
    return (value) =>
      sealed(
        value,
        new Map([
          [TRADE, trade],
          [OTHER, other],
        ]),
      );
  },
  tally,
};

// What stands for a schema's id until it is known. An id that no registry has given out yet stays as it is.
const TRADE = 0xffff_0001;
const OTHER = 0xffff_0002;
const NOBODY = 0x7fff_fff0;

/** A trade whose numbers are numbers: what somebody might take the contract for. */
const otherAvro = {
  type: "record",
  name: "Trade",
  namespace: "elsewhere",
  fields: [
    { name: "s", type: "string" },
    { name: "t", type: "string" },
    { name: "p", type: "double" },
  ],
};
const tradeType = avroType(tradeAvro);
const otherType = avroType(otherAvro);

/** Who is traded how often among ten trades, at about which price in USDT, in which usual quantity. */
const shares = [
  { symbol: "BTCUSDT", price: 95_000, lot: 0.05, each: 4 },
  { symbol: "ETHUSDT", price: 3_300, lot: 0.8, each: 3 },
  { symbol: "SOLUSDT", price: 240, lot: 12, each: 1 },
  { symbol: "BNBUSDT", price: 650, lot: 3, each: 1 },
  { symbol: "SHIBUSDT", price: 0.00002512, lot: 4_000_000, each: 1 },
];
const markets = shares.flatMap((share) => Array.from({ length: share.each }, (_, rank) => ({ ...share, rank })));

function marketOf(index: number) {
  return markets[index % markets.length]!;
}

function firstIdOf({ start }: Plan): number {
  return Math.floor(start) * 1_000;
}

function damage(kind: Kind, trade: TradeFacts, draw: Draw): Buffer | null {
  const good = (changes: Partial<TradeFacts> = {}) => encoded(tradeType, TRADE, { ...trade, ...changes });
  switch (kind as BadKind) {
    case "tombstone":
      return null;
    case "random-bytes":
      return noise(draw);
    case "unknown-schema":
      return encoded(tradeType, NOBODY, trade);
    case "other-schema":
      return encoded(otherType, OTHER, { s: trade.s, t: String(trade.t), p: Number(trade.p) });
    case "truncated":
      return good().subarray(0, integer(draw, 1, good().length));
    case "not-a-number":
      return good({ p: "forty-two" });
    case "huge-number":
      return good({ p: "9".repeat(400) });
    case "sql":
      return good({ s: "'; DROP TABLE binance; --" });
    case "huge-text":
      return good({ s: "x".repeat(1_000_000) });
    default:
      throw new Error(`A trade can't be bad as '${kind}'`);
  }
}

/** The same bytes with the registry's id in the place of ours. */
function sealed(value: GeneratedRecord["value"], ids: ReadonlyMap<number, number>): GeneratedRecord["value"] {
  if (!Buffer.isBuffer(value)) return value;
  const id = ids.get(schemaIdOf(value) ?? Number.NaN);
  if (id === undefined) return value;
  const copy = Buffer.from(value);
  writePrefix(copy, id);
  return copy;
}

/** What a symbol's rows should come to: a trade that is there twice counts once. */
function tally(): Tally<TradeFacts> {
  const ids = new Map<string, Set<number>>();
  return {
    add(record) {
      if (!isValid(record)) return;
      const { s, t } = record.facts;
      const known = ids.get(s) ?? new Set();
      ids.set(s, known.add(t));
    },
    rows: () => [...ids].sort().map(([symbol, known]) => [`rows of ${symbol}`, known.size]),
  };
}
