// What is sent as valid is taken in by the pipeline's own schema, and what is sent as bad is not.
import { describe, expect, it } from "vitest";
import type { ZodType } from "zod";
import { allRecords, isValid, type Plan, type TrafficGenerator } from "../../../events/generate/generator.ts";
import { rides } from "../../../events/generate/rides.ts";
import { transactions } from "../../../events/generate/transactions.ts";
import { RawRide } from "../../../functions/rides/schema.ts";
import { Transaction } from "../../../functions/transactions/schema.ts";

const plan: Plan = { seed: 13, start: Date.UTC(2026, 6, 1), count: 4000, rate: 1000, latePercent: 5, badPercent: 25 };

describe.each<[string, TrafficGenerator, ZodType]>([
  ["rides", rides, RawRide],
  ["transactions", transactions, Transaction],
])("%s", (_, generator, schema) => {
  const sent = [...allRecords(generator, plan)];

  it("that are valid fit the schema", () => {
    const refused = sent.filter(
      (record) => isValid(record) && !schema.safeParse(JSON.parse(String(record.value))).success,
    );
    expect(refused.map(({ value }) => value)).toEqual([]);
  });

  it("with a field that is missing or of another type don't", () => {
    const broken = sent.filter(({ kind }) => kind === "wrong-type" || kind === "missing-field");
    expect(broken.length).toBeGreaterThan(100);
    const taken = broken.filter(({ value }) => schema.safeParse(JSON.parse(String(value))).success);
    expect(taken.map(({ value }) => value)).toEqual([]);
  });
});
