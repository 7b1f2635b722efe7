// When schedules fire, on a clock that the test moves.

import { expect, it } from "vitest";
import type { Clock } from "../../../localstack/event-source/clock.ts";
import { runSchedule } from "../../../localstack/event-source/schedule.ts";

/** A clock that stands still until it is moved. */
function stoppedClock(): Clock & { moveTo(time: number): void } {
  let now = 0;
  let waiting: { time: number; run: () => void }[] = [];
  return {
    now: () => now,
    at(time, run) {
      const entry = { time, run };
      waiting.push(entry);
      return () => {
        waiting = waiting.filter((other) => other !== entry);
      };
    },
    moveTo(time) {
      for (let due = earliest(); due !== undefined && due.time <= time; due = earliest()) {
        const next = due;
        waiting = waiting.filter((other) => other !== next);
        now = Math.max(now, next.time);
        next.run();
      }
      now = time;
    },
  };
  function earliest() {
    return waiting.toSorted((one, other) => one.time - other.time)[0];
  }
}

it.each([
  {
    everyMs: 60_000,
    until: 150_000,
    fires: 3,
    why: "every minute: at start, so that nobody waits for it, and every minute",
  },
  { everyMs: 300_000, until: 299_999, fires: 0, why: "every five minutes: not before the first five are over" },
  { everyMs: 300_000, until: 600_000, fires: 2, why: "every five minutes: after five and after ten" },
])("$why", async ({ everyMs, until, fires }) => {
  const clock = stoppedClock();
  const stop = new AbortController();
  let fired = 0;
  const invoker = {
    async invoke() {
      fired += 1;
      return { kind: "response", payload: "null" } as never;
    },
  } as never;
  const schedule = { logicalId: "Rule", ruleArn: "arn:rule", functionLogicalId: "F", everyMs };
  const options = {
    functionName: "f",
    invoker,
    clock,
    region: "us-east-1",
    accountId: "0",
    retryAfterMs: [],
    log: () => {},
  };
  runSchedule(schedule, options, stop.signal);
  clock.moveTo(until);
  stop.abort();
  await Promise.resolve();
  expect(fired).toBe(fires);
});
