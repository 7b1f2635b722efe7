// Rides as the real Uber and Lyft records of Boston have them: its places, both companies' products, some rides without a quote.
import type { TrafficGenerator } from "./generator.ts";
import { fraction, integer, pick, uuid } from "./random.ts";
import { timestampText } from "./timestamp.ts";

interface Product {
  readonly cabType: "Uber" | "Lyft";
  readonly id: string;
  readonly name: string;
  /** USD: what a ride costs before its first mile, and each mile of it; null where the company quotes no price. */
  readonly fare: { readonly base: number; readonly perMile: number } | null;
}

interface Rider {
  readonly userId: number;
  readonly cpf: string;
}

interface Pools {
  readonly riders: readonly Rider[];
  readonly vehicleIds: readonly number[];
}

export const rides: TrafficGenerator<null, Pools> = {
  pipeline: "rides",
  topic: "input-raw-rides",
  badKinds: ["not-json", "truncated", "wrong-type", "missing-field", "tombstone"],
  checkedFields: ["user_id", "source", "destination", "distance", "surge_multiplier", "id", "dt_current_timestamp"],
  pools: (faker) => ({
    riders: Array.from({ length: 5000 }, () => ({
      userId: faker.number.int({ min: 1, max: 99_999 }),
      cpf: cpf(faker.string.numeric(9)),
    })),
    vehicleIds: Array.from({ length: 2000 }, () => faker.number.int({ min: 1, max: 9_999 })),
  }),
  record({ eventTime }, draw, { riders, vehicleIds }) {
    const id = uuid(draw);
    const rider = pick(draw, riders);
    const product = pick(draw, products);
    const [source, destination] = trip(integer(draw, 0, places.length), integer(draw, 1, places.length));
    const distance = integer(draw, 39, 747) / 100;
    const surge = product.cabType === "Lyft" && fraction(draw) < 0.07 ? pick(draw, surges) : 1;
    const value =
      `{"user_id":${rider.userId},"vehicle_id":${pick(draw, vehicleIds)},"time_stamp":${eventTime},` +
      `"source":"${source}","destination":"${destination}","distance":${distance},` +
      `"price":${price(product, distance, surge, fraction(draw))},"surge_multiplier":${surge},"id":"${id}",` +
      `"product_id":"${product.id}","name":"${product.name}","cab_type":"${product.cabType}",` +
      `"dt_current_timestamp":"${timestampText(eventTime)}","cpf":"${rider.cpf}"}`;
    return { key: id, value, facts: null };
  },
};

const places = [
  "Back Bay",
  "Beacon Hill",
  "Boston University",
  "Fenway",
  "Financial District",
  "Haymarket Square",
  "North End",
  "North Station",
  "Northeastern University",
  "South Station",
  "Theatre District",
  "West End",
];

const products: readonly Product[] = [
  { cabType: "Uber", id: "55c66225-fbe7-4fd5-9072-eab1ece5e23e", name: "UberX", fare: { base: 5, perMile: 2 } },
  { cabType: "Uber", id: "6f72dfc5-27f1-42e8-84db-ccc7a75f6969", name: "UberXL", fare: { base: 8, perMile: 3.2 } },
  { cabType: "Uber", id: "6c84fd89-3f11-4782-9b50-97c468b19529", name: "Black", fare: { base: 13, perMile: 3.5 } },
  { cabType: "Uber", id: "6d318bcc-22a3-4af6-bddd-b409bfce1546", name: "Black SUV", fare: { base: 22, perMile: 3.9 } },
  { cabType: "Uber", id: "997acbb5-e102-41e1-b155-9df7de0a73f2", name: "UberPool", fare: { base: 5, perMile: 1.6 } },
  { cabType: "Uber", id: "9a0e7b09-b92b-4c41-9779-2ad22b4d779d", name: "WAV", fare: { base: 5, perMile: 2 } },
  { cabType: "Uber", id: "8cf7e821-f0d3-49c6-8eba-e679c0ebcf6a", name: "Taxi", fare: null },
  { cabType: "Lyft", id: "lyft", name: "Lyft", fare: { base: 4, perMile: 2.4 } },
  { cabType: "Lyft", id: "lyft_plus", name: "Lyft XL", fare: { base: 7, perMile: 3.6 } },
  { cabType: "Lyft", id: "lyft_premier", name: "Lux", fare: { base: 10, perMile: 3.4 } },
  { cabType: "Lyft", id: "lyft_lux", name: "Lux Black", fare: { base: 14, perMile: 4 } },
  { cabType: "Lyft", id: "lyft_luxsuv", name: "Lux Black XL", fare: { base: 22, perMile: 4.5 } },
  { cabType: "Lyft", id: "lyft_line", name: "Shared", fare: { base: 2, perMile: 1.8 } },
];

const surges = [1.25, 1.25, 1.5, 1.5, 1.75, 2, 2.5, 3];

/** Two different places. */
function trip(from: number, further: number): readonly [source: string, destination: string] {
  return [places[from]!, places[(from + further) % places.length]!];
}

// Quotes come in half dollars; a pooled ride nobody shared can be free.
function price({ name, fare }: Product, distance: number, surge: number, luck: number): number | null {
  if (fare === null) return null;
  if (name === "Shared" && luck < 0.01) return 0;
  return Math.round((fare.base + fare.perMile * distance) * surge * (0.9 + luck / 5) * 2) / 2;
}

/** A made-up CPF whose two check digits are right: https://pt.wikipedia.org/wiki/Cadastro_de_Pessoas_Físicas */
function cpf(nineDigits: string): string {
  const ten = nineDigits + checkDigit(nineDigits);
  const digits = ten + checkDigit(ten);
  return `${digits.slice(0, 3)}.${digits.slice(3, 6)}.${digits.slice(6, 9)}-${digits.slice(9)}`;
}

function checkDigit(digits: string): number {
  const sum = [...digits].reduce((total, digit, at) => total + Number(digit) * (digits.length + 1 - at), 0);
  return ((sum * 10) % 11) % 10;
}
