// A ride as it comes in, for the suites of this pipeline to vary.
import type { RawRide } from "../../../functions/rides/schema.ts";

export const personalNumber = "123.456.789-09";

export function rawRide(changes: Partial<RawRide> = {}): RawRide {
  return {
    user_id: 4021,
    vehicle_id: 77,
    time_stamp: 1_544_952_607_890,
    source: "Boston University",
    destination: "Fenway",
    distance: 3.25,
    price: 12.5,
    surge_multiplier: 1,
    id: "424553bb-7174-41ea-aeb4-fe06d4f4b9d7",
    product_id: "lyft_line",
    name: "Shared",
    cab_type: "Lyft",
    dt_current_timestamp: "2026-11-21 13:00:00.123",
    cpf: personalNumber,
    ...changes,
  };
}
