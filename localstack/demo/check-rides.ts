// Whether the enriched rides are what was sent: every valid ride once, in its partition's order, each field as the contract says.
// The fields are computed here once more, in integers and without the pipeline's code.
import { isValid } from "../../events/generate/generator.ts";
import { inOrder, jsonObject, place, type Received, type Sent } from "./records.ts";

/** One sentence for each thing that is wrong; none when all is right. */
export function checkRides(sent: readonly Sent[], received: readonly Received[], brlPerUsd: number): string[] {
  const rides = new Map(sent.filter(isValid).map((ride) => [ride.key, ride]));
  const outputs = Map.groupBy(received, ({ key }) => key ?? "");
  return [
    ...[...rides.values()].flatMap((ride) => checkOnce(ride, outputs.get(ride.key) ?? [])),
    ...[...outputs]
      .filter(([key]) => !rides.has(key))
      .map(([key, [output]]) => `${place(output!)} is a ride that was never sent, or a bad one: ${key}`),
    ...checkOrder(rides, received),
    ...received.flatMap((output) => checkFields(rides.get(output.key ?? ""), output, brlPerUsd)),
  ];
}

function checkOnce(ride: Sent, outputs: readonly Received[]): string[] {
  const name = `ride ${ride.key}, sent as ${place({ topic: "input-raw-rides", ...ride })},`;
  if (outputs.length === 0) return [`${name} never came out`];
  if (outputs.length === 1) return [];
  return [`${name} came out ${outputs.length} times: ${outputs.map(place).join(", ")}`];
}

function checkOrder(rides: ReadonlyMap<string, Sent>, received: readonly Received[]): string[] {
  const newest = new Map<string, number>();
  return inOrder(received).flatMap((output) => {
    const ride = rides.get(output.key ?? "");
    if (!ride) return [];
    const path = `${ride.partition} to ${output.partition}`;
    const before = newest.get(path) ?? -1;
    newest.set(path, Math.max(before, ride.offset));
    if (ride.offset >= before) return [];
    return [`${place(output)} is out of order: it was sent at ${ride.offset}, and the one before it at ${before}`];
  });
}

function checkFields(ride: Sent | undefined, output: Received, brlPerUsd: number): string[] {
  if (!ride) return [];
  const fields = jsonObject(output.value);
  if (!fields) return [`${place(output)} is no JSON object`];
  const expected = {
    ...enrichedFields(JSON.parse(String(ride.value)), brlPerUsd),
    processing_time: fields.processing_time,
  };
  const wrong = Object.entries(expected).filter(([name, value]) => fields[name] !== value);
  const differences = wrong.map(
    ([name, value]) => `${place(output)} has ${name} ${fields[name]}: it should be ${value}`,
  );
  const names = Object.keys(expected).join(", ");
  if (Object.keys(fields).join(", ") !== names)
    differences.push(`${place(output)} has the fields ${Object.keys(fields).join(", ")}: they should be ${names}`);
  const time = String(fields.processing_time);
  if (!/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}$/.test(time))
    differences.push(`${place(output)} has processing_time ${time}: it should be written YYYY-MM-DD HH:mm:ss.SSSSSS`);
  return differences;
}

interface RawRide {
  readonly user_id: number;
  readonly source: string;
  readonly destination: string;
  readonly surge_multiplier: number;
  readonly price: number | null;
  readonly distance: number;
  readonly dt_current_timestamp: string;
}

/** The contract's fields of a generated ride, but for the time of its enrichment. */
export function enrichedFields(ride: RawRide, brlPerUsd: number) {
  return {
    user_id: ride.user_id,
    source: ride.source,
    destination: ride.destination,
    flag_dynamic_fare: ride.surge_multiplier > 1,
    price: ride.price === null ? null : times(ride.price, brlPerUsd),
    distance: times(ride.distance, 1.609344),
    event_time: `${ride.dt_current_timestamp}000`,
  };
}

// Generated amounts have at most 2 decimals and are not negative, factors at most 6: as integers their product is exact.
function times(amount: number, factor: number): number {
  const millionthsOfHundredths = Math.round(amount * 100) * Math.round(factor * 1_000_000);
  return Math.floor((millionthsOfHundredths + 500_000) / 1_000_000) / 100;
}
