// A raw ride into an enriched one: reais, kilometres, the fare flag and times in microseconds. Pure; the clock's value is passed in.

import { formatEventTime, eventTime as toEventTime } from "../../lib/time.ts";
import { roundedProduct } from "./decimal.ts";
import type { EnrichedRide, RawRide } from "./schema.ts";

export interface EnrichmentContext {
  readonly brlPerUsd: number;
  /** When these rides are enriched, as `processing_time` says it: see `microseconds`. */
  readonly processingTime: string;
}

const kilometresPerMile = 1.609344;

export function enrich(ride: RawRide, { brlPerUsd, processingTime }: EnrichmentContext): EnrichedRide {
  return {
    user_id: ride.user_id,
    source: ride.source,
    destination: ride.destination,
    flag_dynamic_fare: ride.surge_multiplier > 1,
    price: ride.price === null ? null : roundedProduct(ride.price, brlPerUsd),
    distance: roundedProduct(ride.distance, kilometresPerMile),
    event_time: `${ride.dt_current_timestamp}000`,
    processing_time: processingTime,
  };
}

/** Epoch milliseconds as `YYYY-MM-DD HH:mm:ss.SSSSSS` in UTC. */
export function microseconds(epochMs: number): string {
  return `${formatEventTime(toEventTime(epochMs))}000`;
}
