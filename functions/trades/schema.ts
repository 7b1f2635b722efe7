// A trade as Binance's trade stream has it. Fields that are not named here are ignored.
// trades.avsc.json is the same in Avro: what producers register, and what every other version is read as. A new field there has a default.
// https://developers.binance.com/docs/binance-spot-api-docs/web-socket-streams#trade-streams

import * as z from "zod";

/** As much as any coin's price or quantity needs, and no more than a `numeric` is meant for. */
const decimal = z.string().regex(/^\d{1,20}(\.\d{1,20})?$/);
/** Up to the last year that has four digits. */
const epochMs = z.int().min(0).max(253_402_300_799_999);
const id = z.int().min(0);
/** Letters of any language: there are coins named in Chinese. */
const symbol = z.string().regex(/^[\p{L}\p{N}_.-]{1,40}$/u);

export const Trade = z.object({
  e: z.literal("trade"),
  /** When the exchange sent it, milliseconds since the epoch. */
  E: epochMs,
  s: symbol,
  /** Counts up by one within a symbol. */
  t: id,
  /** Price. */
  p: decimal,
  /** Quantity. */
  q: decimal,
  /** The buyer's and the seller's order: the live stream no longer tells. */
  b: id.nullish(),
  a: id.nullish(),
  /** When it was made, milliseconds since the epoch. */
  T: epochMs,
  /** Whether the buyer's order was there first. */
  m: z.boolean(),
});

export type Trade = z.infer<typeof Trade>;
