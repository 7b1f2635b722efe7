import { expect, test } from "vitest";
import { enrich, microseconds } from "../../../functions/rides/enrich.ts";
import { personalNumber, rawRide } from "./ride.ts";

const context = { brlPerUsd: 5.42, processingTime: "2026-11-21 13:00:01.500000" };

test("an enriched ride has exactly the contract's fields, in the contract's order", () => {
  expect(JSON.stringify(enrich(rawRide(), context))).toBe(
    '{"user_id":4021,"source":"Boston University","destination":"Fenway","flag_dynamic_fare":false,"price":67.75,"distance":5.23,' +
      '"event_time":"2026-11-21 13:00:00.123000","processing_time":"2026-11-21 13:00:01.500000"}',
  );
});

test("personal data stays behind", () => {
  expect(JSON.stringify(enrich(rawRide(), context))).not.toContain(personalNumber);
});

const prices = [
  { price: 12.5, brl: 67.75, why: "reais are dollars times the rate" },
  { price: null, brl: null, why: "a ride without a quote has none in reais either" },
  { price: 0, brl: 0, why: "a free ride is not one without a quote" },
  { price: -1.5, brl: -8.13, why: "a refund" },
  { price: 0.125, brl: 0.68, why: "0.6775 goes up" },
  { price: 26.25, brl: 142.28, why: "142.275 is a half and goes away from zero" },
] as const;

test.each(prices)("$price USD is $brl BRL: $why", ({ price, brl }) => {
  expect(enrich(rawRide({ price }), context).price).toBe(brl);
});

const fares = [
  { surge: 1, flag: false, why: "the usual fare" },
  { surge: 1.25, flag: true, why: "more than usual" },
  { surge: 0.75, flag: false, why: "less than usual" },
  { surge: 1.0000001, flag: true, why: "any surge counts" },
] as const;

test.each(fares)("a surge of $surge gives $flag: $why", ({ surge, flag }) => {
  expect(enrich(rawRide({ surge_multiplier: surge }), context).flag_dynamic_fare).toBe(flag);
});

const distances = [
  { miles: 0, km: 0, why: "nowhere" },
  { miles: 1, km: 1.61, why: "1.609344" },
  { miles: 0.44, km: 0.71, why: "0.70811136" },
  { miles: 100, km: 160.93, why: "160.9344" },
] as const;

test.each(distances)("$miles miles are $km km: $why", ({ miles, km }) => {
  expect(enrich(rawRide({ distance: miles }), context).distance).toBe(km);
});

test("a clock's milliseconds become a processing time with microseconds", () => {
  expect(microseconds(Date.UTC(2026, 10, 21, 13, 0, 1, 5))).toBe("2026-11-21 13:00:01.005000");
});
