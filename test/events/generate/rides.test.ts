import { expect, it } from "vitest";
import { allRecords, isValid, type Plan } from "../../../events/generate/generator.ts";
import { rides } from "../../../events/generate/rides.ts";

const plan: Plan = {
  seed: 11,
  start: Date.UTC(2026, 4, 17, 12),
  count: 20_000,
  rate: 1000,
  latePercent: 2,
  badPercent: 2,
};
const sent = [...allRecords(rides, plan)].filter(isValid);
const valid = sent.map((record) => JSON.parse(String(record.value)));

it("rides have exactly the contract's fields, in its order", () => {
  const order =
    "user_id vehicle_id time_stamp source destination distance price surge_multiplier id product_id name cab_type dt_current_timestamp cpf";
  for (const ride of valid) expect(Object.keys(ride).join(" ")).toBe(order);
});

it("rides have the contract's types, and both times are the same", () => {
  for (const ride of valid) {
    expect(Number.isInteger(ride.user_id) && Number.isInteger(ride.vehicle_id)).toBe(true);
    expect(ride.source).not.toBe(ride.destination);
    expect(ride.distance).toBeGreaterThan(0);
    expect(ride.price === null || ride.price >= 0).toBe(true);
    expect(ride.surge_multiplier).toBeGreaterThanOrEqual(1);
    expect(new Date(ride.time_stamp).toISOString().slice(0, 23).replace("T", " ")).toBe(ride.dt_current_timestamp);
    expect(ride.cpf).toMatch(/^\d{3}\.\d{3}\.\d{3}-\d{2}$/);
  }
});

it("every ride has an id of its own, which is its key", () => {
  expect(new Set(valid.map(({ id }) => id)).size).toBe(valid.length);
  expect(sent.every(({ key }, at) => key === valid[at].id)).toBe(true);
});

it("there are rides of both companies, without a quote, for nothing and at a surge", () => {
  expect(new Set(valid.map(({ cab_type }) => cab_type))).toEqual(new Set(["Uber", "Lyft"]));
  expect(valid.some(({ price }) => price === null)).toBe(true);
  expect(valid.some(({ price }) => price === 0)).toBe(true);
  expect(valid.some(({ surge_multiplier }) => surge_multiplier > 1)).toBe(true);
});
