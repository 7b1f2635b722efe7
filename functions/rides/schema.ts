// The rides that come in and the enriched rides that go out. Fields that are not named here are ignored.

import * as z from "zod";
import { parseEventTime } from "../../lib/time.ts";

/** Beyond this an amount in cents is no longer exact in a number; no ride comes near it. */
const amount = z.number().min(-1e12).max(1e12);

/** A ride as Uber's and Lyft's real records have it. */
export const RawRide = z.object({
  user_id: z.int(),
  vehicle_id: z.int(),
  /** Milliseconds since the epoch. */
  time_stamp: z.int(),
  source: z.string(),
  destination: z.string(),
  /** Miles. */
  distance: amount,
  /** USD; null for a ride without a quote. */
  price: amount.nullable(),
  surge_multiplier: z.number(),
  /** Any UUID, whatever its version. */
  id: z.guid(),
  product_id: z.string(),
  name: z.string(),
  cab_type: z.string(),
  /** `YYYY-MM-DD HH:mm:ss.SSS`, UTC. */
  dt_current_timestamp: z
    .string()
    .refine((text) => parseEventTime(text) !== undefined, "expected a time that exists, as YYYY-MM-DD HH:mm:ss.SSS"),
  /** Personal: it goes no further. */
  cpf: z.string(),
});

export type RawRide = z.infer<typeof RawRide>;

/** What goes out, its fields in this order. */
export interface EnrichedRide {
  readonly user_id: number;
  readonly source: string;
  readonly destination: string;
  readonly flag_dynamic_fare: boolean;
  /** BRL. */
  readonly price: number | null;
  /** Kilometres. */
  readonly distance: number;
  /** `YYYY-MM-DD HH:mm:ss.SSSSSS`, UTC. */
  readonly event_time: string;
  readonly processing_time: string;
}
