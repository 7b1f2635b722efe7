// What is an event, and what its time becomes.
import fc from "fast-check";
import { expect, it, test } from "vitest";
import { isoOf } from "../../../functions/commerce/instant.ts";
import { eventNames, eventSchemas, eventTypes } from "../../../functions/commerce/schema.ts";
import { anyEvent, order, samples } from "./events.ts";

it.each([
  { sent: "2026-11-21T12:00:00Z", becomes: "2026-11-21T12:00:00.000Z", why: "milliseconds are written out" },
  { sent: "2026-11-21T12:00:00.1Z", becomes: "2026-11-21T12:00:00.100Z", why: "a tenth is a hundred of them" },
  {
    sent: "2026-11-21T12:00:00.123456Z",
    becomes: "2026-11-21T12:00:00.123456Z",
    why: "microseconds are kept, as PostgreSQL keeps them",
  },
  { sent: "2026-11-21T12:00:00.1234569Z", becomes: "2026-11-21T12:00:00.123456Z", why: "what is finer is cut" },
  { sent: "2026-11-21T12:00:00+02:30", becomes: "2026-11-21T09:30:00.000Z", why: "a zone is reckoned in" },
  { sent: "2026-01-01T00:30:00.5+01:00", becomes: "2025-12-31T23:30:00.500Z", why: "also over the turn of the year" },
  { sent: "2024-02-29T12:00:00Z", becomes: "2024-02-29T12:00:00.000Z", why: "2024 had that day" },
])("$sent is $becomes: $why", ({ sent, becomes }) => {
  expect(eventSchemas.order.parse({ ...order, triggered_at: sent }).triggered_at).toBe(becomes);
});

it.each([
  "2023-02-29T12:00:00Z",
  "2026-11-21T24:00:00Z",
  "2026-11-21",
  "2026-11-21T12:00:00",
  "0000-01-01T00:00:00Z",
  "0001-01-01T00:00:00+14:00",
  "9999-12-31T23:00:00-02:00",
  "+12026-11-21T12:00:00Z",
  "",
])("%j is no time", (triggered_at) => {
  expect(eventSchemas.order.safeParse({ ...order, triggered_at }).success).toBe(false);
});

test("each type has the contract's names, and no other's", () => {
  for (const type of eventTypes) {
    for (const name of new Set(Object.values(eventNames).flat())) {
      const names: readonly string[] = eventNames[type];
      expect(eventSchemas[type].safeParse({ ...samples[type], event_name: name }).success).toBe(names.includes(name));
    }
  }
});

test("what comes out of the schema is valid again and the same", () => {
  fc.assert(
    fc.property(anyEvent, (event) => {
      const parsed = eventSchemas[event.event_type].parse(event);
      expect(eventSchemas[event.event_type].parse(parsed)).toEqual(parsed);
    }),
  );
});

it.each([
  [1_795_262_400, "2026-11-21T12:00:00.000Z"],
  [1_795_262_400_123, "2026-11-21T12:00:00.123Z"],
  [1_795_262_400_123_456, "2026-11-21T12:00:00.123Z"],
  ["1795262400.5", "2026-11-21T12:00:00.500Z"],
  ["2026-11-21 12:00", "2026-11-21T12:00:00Z"],
  ["2026-11-21t12:00:00z", "2026-11-21T12:00:00Z"],
  ["2026-11-21 12:00:00,5 +01", "2026-11-21T12:00:00.5+01:00"],
  [" 2026-11-21 12:00:00 UTC ", "2026-11-21T12:00:00Z"],
  [20261121, undefined],
  ["12:00", undefined],
  ["21/11/2026 12:00", undefined],
  [Number.NaN, undefined],
  [-1, undefined],
  [null, undefined],
])("%j as people send it is %j", (sent, iso) => {
  expect(isoOf(sent)).toBe(iso);
});
