// The consuming side where other deliveries' traces and odd groups meet it; its promises are tested through the in-memory runner.

import { expect, it } from "vitest";
import { z } from "zod";
import { DecodedRecord } from "../../../lib/kafka/record.ts";
import type { Batch } from "../../../lib/kafka/source.ts";
import { eventTime, seconds } from "../../../lib/time.ts";
import { aggregate } from "../../../lib/windows/aggregate.ts";
import { count } from "../../../lib/windows/aggregators.ts";
import { memoryStore } from "../../../lib/windows/memory-store.ts";
import { windowed } from "../../../lib/windows/tumbling.ts";
import { wireRecord } from "../../support/kafka-event.ts";

const Visit = z.object({ at: z.number(), place: z.string(), counts: z.boolean() });
type Visit = z.output<typeof Visit>;

const options = {
  name: "visits",
  version: 1,
  eventTime: ({ at }: Visit) => eventTime(at),
  where: ({ counts }: Visit) => counts,
  size: seconds(6),
  maxOutOfOrderness: seconds(0),
  allowedLateness: seconds(0),
  aggregate: { visits: count<Visit>() },
} as const;

const visit = (at: number, place = "", counts = true): Visit => ({ at, place, counts });
const source = { topic: "in", partition: 0 };
const decoded = (offset: number, value: Visit) => new DecodedRecord(wireRecord(source, { offset, value }), value);

function edges() {
  const late: number[] = [];
  const nothing = async () => {};
  return {
    late: {
      topic: "late",
      publish: async (_source: unknown, items: readonly { readonly record: { readonly offset: number } }[]) =>
        void late.push(...items.map(({ record }) => record.offset)),
      refresh: nothing,
    },
    offsets: late,
    store: memoryStore(),
    checkRedelivery: nothing,
    onLate: () => {},
    now: () => 0,
  };
}

it("a record of several windows that another delivery has sealed is late once", async () => {
  const world = edges();
  for (const start of [0, 3000])
    await world.store.putPartial({ ...source, start, group: "" }, undefined, { lastOffset: -1, lateFrom: 0 });
  const records = [decoded(0, visit(4000))];
  const batch: Batch<Visit> = {
    ...source,
    firstOffset: 0,
    lastOffset: 0,
    records,
    wire: records.map(({ wire }) => wire),
  };
  await aggregate(windowed(Visit).hopping({ ...options, advance: seconds(3) }), world).process(batch);
  expect(world.offsets).toEqual([0]);
});

it.each([
  { place: "a".repeat(900), accepted: true, why: "the longest group" },
  { place: "ü".repeat(451), accepted: false, why: "a group too long for a key of the store" },
  { place: "\ud800", accepted: false, why: "half a character, which the store would take for another half" },
  { place: "a".repeat(901), counts: false, accepted: true, why: "a record that doesn't count has no group" },
])("$why: taken is $accepted", ({ place, counts = true, accepted }) => {
  const { accept } = aggregate(windowed(Visit).tumbling({ ...options, groupBy: (value) => value.place }), edges());
  const value = visit(0, place, counts);
  expect(accept?.(value, decoded(0, value)) === undefined).toBe(accepted);
});

it("windows that would outlive their state are refused", () => {
  const monthly = () => windowed(Visit).tumbling({ ...options, size: seconds(30 * 24 * 3600) });
  expect(monthly).toThrow(/at most a week together, for state is kept two/);
});
