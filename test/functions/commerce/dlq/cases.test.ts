// What has become of an event, from the three topics that tell of it.
import { describe, expect, it } from "vitest";
import { casesOf, lastOf, type Replay, type Topics } from "../../../../functions/commerce/dlq/cases.ts";
import { diffOf, shown } from "../../../../functions/commerce/dlq/diff.ts";
import { wireRecord } from "../../../support/kafka-event.ts";
import { letter, parked } from "../../../support/letters.ts";

const origin = "event_order/0/7";
const replay = (offset: number): Replay => ({
  ...{
    origin,
    parked: { partition: 0, offset },
    topic: "event_order",
    attempt: 2,
    changes: [],
    why: "a rule was added",
  },
  at: "2026-11-21T13:00:00.000Z",
});
const entry = (one: unknown) => wireRecord({ topic: "events_replayed", partition: 0 }, { offset: 0, value: one });
const topics = (given: Partial<Topics>): Topics => ({
  letters: [],
  parked: [],
  log: [],
  correctedTo: new Map(),
  ...given,
});

describe("an event is", () => {
  it.each<[state: string, why: string, given: Partial<Topics>]>([
    [
      "waiting",
      "correction has not come so far",
      { letters: [letter({ origin, offset: 5 })], correctedTo: new Map([[0, 5]]) },
    ],
    ["waiting", "nothing is known of correction", { letters: [letter({ origin, offset: 5 })] }],
    [
      "sent-back",
      "correction has passed it, and it is not parked",
      { letters: [letter({ origin, offset: 5 })], correctedTo: new Map([[0, 6]]) },
    ],
    [
      "parked",
      "it is parked at the attempt that failed last",
      { letters: [letter({ origin, offset: 5 })], parked: [parked({ origin, offset: 1 })] },
    ],
    ["parked", "its letter has left the topic, which keeps them a week", { parked: [parked({ origin, offset: 1 })] }],
    ["sent-back", "a person has sent it back", { parked: [parked({ origin, offset: 1 })], log: [entry(replay(1))] }],
    [
      "waiting",
      "it was refused once more after that",
      {
        parked: [parked({ origin, offset: 1 })],
        log: [entry(replay(1))],
        letters: [letter({ origin, offset: 9, attempt: 2 })],
      },
    ],
    [
      "parked",
      "and parked once more",
      { parked: [parked({ origin, offset: 1 }), parked({ origin, offset: 2, attempt: 2 })], log: [entry(replay(1))] },
    ],
    [
      "sent-back",
      "and sent back once more",
      {
        parked: [parked({ origin, offset: 1 }), parked({ origin, offset: 2, attempt: 2 })],
        log: [entry(replay(1)), entry(replay(2))],
      },
    ],
    [
      "sent-back",
      "what an aborted transaction left behind is the same attempt",
      { parked: [parked({ origin, offset: 1 }), parked({ origin, offset: 3 })], log: [entry(replay(3))] },
    ],
  ])("%s where %s", (state, _why, given) => {
    expect(casesOf(topics(given))).toMatchObject([{ id: origin, state }]);
  });
});

it("what somebody else wrote to the topics is no entry of the log, and its own case among the letters", () => {
  const stranger = wireRecord({ topic: "events_dlq", partition: 2 }, { offset: 3, value: "hello" });
  const cases = casesOf(
    topics({
      letters: [stranger],
      log: [entry("no JSON"), wireRecord({ topic: "l", partition: 0 }, { offset: 1, value: null })],
    }),
  );
  expect(cases).toMatchObject([
    { id: "events_dlq/2/3", state: "waiting", letters: [{ letter: { reason: "unknown", attempt: 1 } }] },
  ]);
});

it("the last of an event is where it was parked last, and events come in the order in which they were refused", () => {
  const cases = casesOf(
    topics({
      letters: [
        letter({ origin, offset: 5, second: 30 }),
        letter({ origin: "event_order/0/8", offset: 6, second: 10 }),
      ],
      parked: [parked({ origin, offset: 2, attempt: 2, second: 40 }), parked({ origin, offset: 1, second: 20 })],
    }),
  );
  expect(cases.map(({ id }) => id)).toEqual(["event_order/0/8", origin]);
  expect(lastOf(cases[1]!).letter.attempt).toBe(2);
});

describe("a diff", () => {
  it("has what stood there and what would, and one line for what was not there", () => {
    expect(
      diffOf([
        { path: "event_details.price", rule: "number sent as text", from: "29.9", to: 29.9 },
        { path: "user_details.user_id", rule: "user from the key", from: undefined, to: "user-1" },
      ]),
    ).toEqual([
      { sign: "-", path: "event_details.price", value: '"29.9"' },
      { sign: "+", path: "event_details.price", value: "29.9", note: "number sent as text" },
      { sign: "+", path: "user_details.user_id", value: '"user-1"', note: "user from the key" },
    ]);
  });

  it("stays readable whatever was sent", () => {
    expect(shown("x".repeat(1_000_000))).toMatch(/^"x{119}… \(1000002 characters\)$/);
    expect(shown(JSON.parse(`${"[".repeat(50_000)}${"]".repeat(50_000)}`))).toMatch(/nested too deeply|…/);
    expect(shown(undefined)).toBe("nothing");
  });
});
