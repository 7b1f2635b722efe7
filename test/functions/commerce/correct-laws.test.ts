// Laws of correction: a good event stays as it is, a mended one is good, and whatever is sent is accounted for.
import fc from "fast-check";
import { expect, test } from "vitest";
import { correct } from "../../../functions/commerce/correct.ts";
import type { CommerceEvent, EventType } from "../../../functions/commerce/schema.ts";
import { anyEvent, samples } from "./events.ts";

test("a valid event is never changed", () => {
  fc.assert(
    fc.property(anyEvent, (event) => {
      expect(correct(event, { type: event.event_type, key: "somebody" })).toEqual({
        kind: "mended",
        event,
        changes: [],
      });
    }),
  );
});

test("what was mended is valid, and needs no second mending", () => {
  fc.assert(
    fc.property(anyEvent, damages, (event, damage) => {
      const type = event.event_type;
      const first = correct(damage(event), { type, key: String(event.user_details.user_id) });
      expect(first).toMatchObject({ kind: "mended", event });
      if (first.kind === "mended")
        expect(correct(first.event, { type, key: null })).toMatchObject({ event, changes: [] });
    }),
    { numRuns: 500 },
  );
});

test("whatever was sent is mended or said to be unmendable, never a failure", () => {
  const types = Object.keys(samples) as EventType[];
  const nested = JSON.parse(`${'{"event_details":'.repeat(20_000)}1${"}".repeat(20_000)}`);
  fc.assert(
    fc.property(
      fc.oneof(fc.anything(), fc.jsonValue(), fc.constant(nested)),
      fc.constantFrom(...types),
      (sent, type) => {
        expect(correct(sent, { type, key: "user-1" }).kind).toMatch(/^(mended|unmendable)$/);
      },
    ),
    { numRuns: 500 },
  );
});

type Damage = (event: CommerceEvent) => Record<string, unknown>;

const upper: Damage = (event) => ({
  ...event,
  event_name: event.event_name.toUpperCase(),
  event_type: event.event_type.toUpperCase(),
});
const flat: Damage = ({ event_details, ...rest }) => ({ ...rest, ...event_details });
const texts: Damage = (event) => ({ ...event, event_details: numbersAsText(event.event_details) });
const doubled: Damage = (event) => ({ ...event, event_details: JSON.stringify(event.event_details) });
const spaced: Damage = (event) => ({ ...event, triggered_at: event.triggered_at.replace("T", " ").replace("Z", "") });
const renamed: Damage = ({ event_name, triggered_at, ...rest }) => ({
  ...rest,
  eventName: event_name,
  timestamp: triggered_at,
});

const damages = fc
  .uniqueArray(fc.constantFrom(upper, flat, texts, doubled, spaced), { minLength: 1 })
  .filter((chosen) => !(chosen.includes(flat) && (chosen.includes(texts) || chosen.includes(doubled))))
  .filter((chosen) => !(chosen.includes(texts) && chosen.includes(doubled)))
  .map(
    (chosen): Damage =>
      (event) =>
        renamed(chosen.reduce<object>((sent, one) => one(sent as CommerceEvent), event) as CommerceEvent),
  );

function numbersAsText(details: object): object {
  return Object.fromEntries(
    Object.entries(details).map(([name, value]) => [name, typeof value === "number" ? String(value) : value]),
  );
}
