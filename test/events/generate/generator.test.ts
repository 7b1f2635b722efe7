import { hash } from "node:crypto";
import { describe, expect, it } from "vitest";
import {
  allRecords,
  dueTime,
  type GeneratedRecord,
  isValid,
  type Plan,
  recordMaker,
  type TrafficGenerator,
} from "../../../events/generate/generator.ts";
import { generatorOf, generators } from "../../../events/generate/pipelines.ts";

const plan: Plan = {
  seed: 7,
  start: Date.UTC(2026, 0, 1),
  count: 5000,
  rate: 1000,
  latePercent: 10,
  badPercent: 10,
};

function bytes(record: GeneratedRecord): string {
  return `${record.key}|${record.value === null ? "null" : hash("sha1", record.value)}`;
}

describe.each<TrafficGenerator>(Object.values(generators))("traffic of $pipeline", (generator) => {
  const sent = [...allRecords(generator, plan)];

  it("is the same bytes for the same seed and start", () => {
    const again = [...allRecords(generator, plan)];
    expect(again.map(bytes)).toEqual(sent.map(bytes));
  });

  it("is the same whoever makes a record and when", () => {
    const record = recordMaker(generator, plan);
    for (const index of [4999, 0, 2500, 1]) expect(bytes(record(index))).toBe(bytes(sent[index]!));
  });

  it("is the same for any count: a longer run begins with a shorter one", () => {
    const longer = allRecords(generator, { ...plan, count: 6000 });
    expect([...longer].slice(0, 5000).map(bytes)).toEqual(sent.map(bytes));
  });

  it("differs for another seed", () => {
    const other = [...allRecords(generator, { ...plan, seed: 8 })];
    expect(other.map(bytes)).not.toEqual(sent.map(bytes));
  });

  it("moves only its times with the start", () => {
    const later = [...allRecords(generator, { ...plan, start: plan.start + 60_000 })];
    expect(later.map(({ kind, key, eventTime }) => [kind, key, eventTime - 60_000])).toEqual(
      sent.map(({ kind, key, eventTime }) => [kind, key, eventTime]),
    );
  });

  it("has every kind of bad record, and about as many late and bad ones as asked", () => {
    const kinds = new Set(sent.map(({ kind }) => kind));
    expect([...kinds].sort()).toEqual(["good", "late", "too-late", ...new Set(generator.badKinds)].sort());
    const bad = sent.filter((record) => !isValid(record)).length;
    const late = sent.filter(({ kind }) => kind === "late" || kind === "too-late").length;
    expect(bad).toBeGreaterThan(400);
    expect(bad).toBeLessThan(600);
    expect(late).toBeGreaterThan(400);
    expect(late).toBeLessThan(600);
  });

  it("has none of them unless asked", () => {
    const clean = allRecords(generator, { ...plan, latePercent: 0, badPercent: 0 });
    expect(new Set([...clean].map(({ kind }) => kind))).toEqual(new Set(["good"]));
  });

  it("keeps good records within a second of their place, late ones within the allowed lateness, the rest beyond", () => {
    const bounds = { good: [0, 1000], late: [4001, 10_000], "too-late": [14_001, 60_000] };
    for (const record of sent) {
      if (!(record.kind in bounds)) continue;
      const [least, most] = bounds[record.kind as keyof typeof bounds] as [number, number];
      const behind = dueTime(plan, record.index) - record.eventTime;
      expect(behind).toBeGreaterThanOrEqual(least);
      expect(behind).toBeLessThanOrEqual(most);
    }
  });

  it("damages bad records as their kind says", () => {
    for (const { kind, value } of sent) {
      if (kind === "tombstone") expect(value).toBeNull();
      if (kind === "not-json" || kind === "truncated") expect(() => JSON.parse(String(value))).toThrow(SyntaxError);
      if (kind === "wrong-type" || kind === "missing-field") expect(JSON.parse(String(value))).toBeTypeOf("object");
    }
  });
});

it("a pipeline is found by its name and by nothing else", () => {
  expect(generatorOf("rides")).toBe(generators.rides);
  expect(generatorOf("riders")).toBeUndefined();
  expect(generatorOf("toString")).toBeUndefined();
});
