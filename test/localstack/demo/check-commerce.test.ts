import { describe, expect, it } from "vitest";
import { commerce } from "../../../events/generate/commerce.ts";
import { endOf } from "../../../events/generate/commerce-kinds.ts";
import { allRecords } from "../../../events/generate/generator.ts";
import { checkPlaces, checkRows, rowOf, type SentEvent } from "../../../localstack/demo/check-commerce.ts";
import type { Received } from "../../../localstack/demo/records.ts";

const plan = { seed: 3, start: Date.UTC(2026, 10, 21, 12), count: 300, rate: 100, latePercent: 0, badPercent: 40 };
const sent: readonly SentEvent[] = [...allRecords(commerce, plan)].map((record, i) => ({
  ...record,
  origin: `event_${record.facts.event.event_type}/0/${i}`,
}));
const rows = sent.filter(({ kind }) => endOf(kind) === "processed_events").map(rowOf);
const parked = sent.filter(({ kind }) => endOf(kind) === "events_parked").map(({ origin }) => letter(origin));

function letter(origin: string): Received {
  return {
    topic: "events_parked",
    partition: 0,
    offset: 0,
    key: null,
    value: null,
    headers: { origin },
    receivedAt: 0,
  };
}

describe("commerce events", () => {
  it("a flawless run has no differences", () => {
    expect(rows.length + parked.length).toBe(sent.length);
    expect([checkPlaces(sent, { rows, parked }), checkRows(sent, rows)]).toEqual([[], []]);
  });

  it.each([
    ["a lost row", { rows: rows.slice(1), parked }, /is nowhere: it should be in processed_events/],
    ["a lost letter", { rows, parked: parked.slice(1) }, /is nowhere: it should be in events_parked/],
    [
      "a row that is there twice",
      { rows: [...rows, rows[2]!], parked },
      /is there 2 times: in processed_events and processed_events/,
    ],
    [
      "an event in both places",
      { rows, parked: [...parked, letter(rows[0]!.origin)] },
      /in processed_events and events_parked/,
    ],
    [
      "a good event that was parked",
      { rows: rows.slice(1), parked: [...parked, letter(rows[0]!.origin)] },
      /is in events_parked: it should be/,
    ],
    [
      "a stranger",
      { rows, parked: [...parked, letter("event_order/9/9")] },
      /event_order\/9\/9 is in events_parked, and was never sent/,
    ],
  ])("%s is found", (_, outputs, difference) => {
    expect(checkPlaces(sent, outputs)).toEqual([expect.stringMatching(difference)]);
  });

  it.each([
    ["event_name", "order_lost"],
    ["triggered_at", 0],
    ["user_details", '{"user_id":"somebody"}'],
    ["event_details", "{}"],
  ])("a %s that is another is found", (column, value) => {
    expect(checkRows(sent, rows.with(1, { ...rows[1]!, [column]: value }))).toEqual([
      expect.stringContaining(`has ${column} ${value}`),
    ]);
  });
});
