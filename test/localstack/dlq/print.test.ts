// What a person sees of dead letters.
import { expect, test } from "vitest";
import { casesOf } from "../../../functions/commerce/dlq/cases.ts";
import { memoryScreen } from "../../../localstack/console/screen.ts";
import { topics } from "../../../localstack/dlq/commands.ts";
import { printDiff, printList, printLog, printReplayed, printShow } from "../../../localstack/dlq/print.ts";
import { order } from "../../functions/commerce/events.ts";
import { letter, parked } from "../../support/letters.ts";
import { serviceFunctions } from "../../support/source-tree.ts";

const origin = "event_order/0/7";
const [one] = casesOf({
  letters: [letter({ origin, offset: 5 })],
  parked: [parked({ origin, offset: 1, second: 10 })],
  log: [],
  correctedTo: new Map(),
});
const change = { path: "event_details.order_value", rule: "number sent as text", from: "59.8", to: 59.8 } as const;
const outcome = { kind: "sent-back", topic: "event_order", event: order, changes: [change], attempt: 2 } as const;
const unreadable = {
  content: { kind: "unreadable", message: "the value is cut short for schema 3" },
  outcome: { kind: "parked", reason: "unreadable", message: "the value is cut short for schema 3" },
} as const;

test("a list says what is there, why, and what replay would do", () => {
  const screen = memoryScreen();
  printList(screen, {
    all: [one!],
    wanted: [one!],
    rows: [{ one: one!, prospect: { content: unreadable.content, outcome } }],
  });
  expect(screen.text()).toBe(`
Refused events: 1 (1 parked, 0 waiting, 0 sent-back)
  event            state   attempt  why         what is wrong                          when (UTC)           replay would
  event_order/0/7  parked        1  unmendable  event_details.price: must be a number  2026-11-21 12:00:11  mended: event_details.order_value (number sent as text)
`);
});

test("a diff shows what stood there and what would", () => {
  const screen = memoryScreen();
  printDiff(screen, one!, outcome);
  expect(screen.text()).toBe(`
What correction would do with event_order/0/7
  - event_details.order_value: "59.8"
  + event_details.order_value: 59.8   (number sent as text)
`);
});

test("an event's history is told in its order, and bytes that can't be read are shown as bytes", () => {
  const screen = memoryScreen();
  printShow(screen, one!, unreadable);
  expect(screen.text()).toContain("attempt 1 refused");
  expect(screen.text().indexOf("refused at attempt 1")).toBeLessThan(screen.text().indexOf("must be a number"));
  expect(screen.text()).toContain("0000  7b ");
  expect(screen.text()).toContain("nothing: the value is cut short for schema 3");
});

test("the log says when, what and why", () => {
  const screen = memoryScreen();
  const entry = {
    origin,
    parked: { partition: 0, offset: 1 },
    topic: "event_order",
    attempt: 2,
    why: "a rule was added",
    at: "2026-11-21T13:00:00.000Z",
  };
  printLog(screen, [{ ...entry, changes: [{ path: change.path, rule: change.rule }] }]);
  expect(screen.text()).toMatch(
    /2026-11-21 13:00:00\s+event_order\/0\/7\s+2\s+event_details.order_value \(number sent as text\)\s+a rule was added/,
  );
});

test.each([
  [{ sent: 0, left: 1 }, false, "0 sent back; 1 stays parked"],
  [{ sent: 2, left: 3 }, false, "2 sent back, each with its entry in the log; 3 stay parked"],
  [{ sent: 2, left: 1 }, true, "2 would be sent back, nothing was; 1 would stay parked"],
])("the totals of a replay: %j, dry run %j", (counts, isDryRun, line) => {
  const screen = memoryScreen();
  printReplayed(screen, counts, isDryRun);
  expect(screen.text()).toBe(`\n  ${line}\n`);
});

test("the command's topics are those that the functions declare", () => {
  const declared = Object.values(serviceFunctions()).flatMap((one) => Object.keys(one.topics ?? {}));
  expect(Object.values(topics).filter((topic) => !declared.includes(topic))).toEqual([]);
});
