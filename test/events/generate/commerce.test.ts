// What the generator says of an event is what the endpoint and correction make of it.
import { describe, expect, it, test } from "vitest";
import { commerce } from "../../../events/generate/commerce.ts";
import { commerceDamage } from "../../../events/generate/commerce-damage.ts";
import { type CommerceKind, commerceKinds, endOf } from "../../../events/generate/commerce-kinds.ts";
import { allRecords, isValid, type Plan } from "../../../events/generate/generator.ts";
import { draws } from "../../../events/generate/random.ts";
import { correct } from "../../../functions/commerce/correct.ts";
import { eventsIn } from "../../../functions/commerce/track.ts";
import { PAYLOAD_START } from "../../../lib/registry/wire-format.ts";

const plan: Plan = {
  seed: 1,
  start: Date.UTC(2026, 10, 21, 12),
  count: 500,
  rate: 100,
  latePercent: 0,
  badPercent: 30,
};
const records = [...allRecords(commerce, plan)];

test("the same plan is the same bytes, and there is something of every kind and type", () => {
  expect([...allRecords(commerce, plan)]).toEqual(records);
  const many = [...allRecords(commerce, { ...plan, count: 2_000, badPercent: 50 })];
  expect(new Set(many.map(({ kind }) => kind))).toEqual(new Set(["good", ...commerceKinds]));
  expect(new Set(many.map(({ facts }) => facts.event.event_type)).size).toBe(3);
});

test("every good event is one that the endpoint takes as it is", () => {
  for (const { value, facts } of records.filter(isValid)) {
    expect(eventsIn(Buffer.from(String(value)))).toMatchObject({ events: [facts.event], isBatch: false });
  }
});

test("the totals count what is stored, and what is parked apart", () => {
  const tally = commerce.tally!();
  for (const record of records) tally.add(record);
  const [stored, parked] = tally.rows().map(([, count]) => count);
  expect(stored! + parked!).toBe(plan.count);
  const { rows } = tally.table!();
  const byType = rows.filter(([, by]) => by === "type").reduce((sum, [, , events]) => sum + Number(events), 0);
  const byName = rows.filter(([, by]) => by === "event name").reduce((sum, [, , events]) => sum + Number(events), 0);
  expect([byType, byName]).toEqual([stored, stored]);
});

describe("a broken event in JSON", () => {
  const events = records
    .filter(isValid)
    .slice(0, 60)
    .map(({ facts }) => facts.event);
  const jsonKinds = [...new Set(commerceKinds)].filter((kind) => parsed(kind, 0) !== undefined);

  function parsed(kind: CommerceKind, at: number): unknown {
    const bytes = commerceDamage(kind, { event: events[at]! }, draws(1, at));
    if (bytes === null) return undefined;
    try {
      return JSON.parse(String(bytes[0] === 0 ? bytes.subarray(PAYLOAD_START) : bytes));
    } catch {
      return undefined;
    }
  }

  it.each(jsonKinds)("%s ends where its kind says", (kind) => {
    for (const [at, event] of events.entries()) {
      const correction = correct(parsed(kind, at), { type: event.event_type, key: event.user_details.user_id });
      expect(correction.kind).toBe(endOf(kind) === "processed_events" ? "mended" : "unmendable");
      if (correction.kind === "mended") expect(correction.event).toEqual(event);
    }
  });
});
