import { expect, test } from "vitest";
import { compile } from "zod";
import { RawRide } from "../../../functions/rides/schema.ts";
import { rawRide } from "./ride.ts";

const schema = compile(RawRide, { strict: true });

const accepted = [
  { changes: {}, why: "a usual ride" },
  { changes: { price: null }, why: "a ride without a quote" },
  { changes: { price: 0 }, why: "a free ride" },
  { changes: { extra: { nested: true } }, why: "an unknown field is ignored, never an error" },
  { changes: { id: "00000000-0000-0000-0000-000000000001" }, why: "any UUID, whatever its version" },
  { changes: { dt_current_timestamp: "2024-02-29 23:59:59.999" }, why: "a leap day" },
  { changes: { source: "", cpf: "" }, why: "an empty string is a string" },
];

test.each(accepted)("$why is taken", ({ changes }) => {
  expect(schema.safeParse({ ...rawRide(), ...changes }).success).toBe(true);
});

const refused = [
  { changes: { user_id: "4021" }, why: "a number sent as a string" },
  { changes: { user_id: 1.5 }, why: "half a user" },
  { changes: { price: "12.5" }, why: "a price sent as a string" },
  { changes: { price: undefined }, why: "no price: a ride without a quote says null" },
  { changes: { distance: null }, why: "no distance" },
  { changes: { distance: 1e300 }, why: "a distance that is no longer exact" },
  { changes: { id: "ride-1" }, why: "an id that is no UUID" },
  { changes: { dt_current_timestamp: "2026-02-30 00:00:00.000" }, why: "a day that does not exist" },
  { changes: { dt_current_timestamp: "2026-11-21T13:00:00.123Z" }, why: "a time in another notation" },
  { changes: { cpf: 12_345_678_909 }, why: "a wrong type, also of a field that goes no further" },
];

test.each(refused)("$why is refused", ({ changes }) => {
  expect(schema.safeParse({ ...rawRide(), ...changes }).success).toBe(false);
});

test("what goes on holds no unknown field", () => {
  expect(schema.parse({ ...rawRide(), extra: 1 })).toEqual(rawRide());
});
