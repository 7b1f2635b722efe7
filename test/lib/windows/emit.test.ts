// The emitter where there is more than usual, of windows or of poison: whatever else it does is tested through the in-memory runner (runner.test.ts, faults.test.ts).

import { expect, it } from "vitest";
import { z } from "zod";
import { eventTime, seconds } from "../../../lib/time.ts";
import { count } from "../../../lib/windows/aggregators.ts";
import { memoryStore } from "../../../lib/windows/memory-store.ts";
import { runWindow } from "../../../lib/windows/runner.ts";
import type { StoredPartial, WindowStore } from "../../../lib/windows/store.ts";
import { windowed } from "../../../lib/windows/tumbling.ts";

const Visit = z.object({ at: z.number() });

const visits = windowed(Visit).tumbling({
  name: "visits",
  version: 1,
  eventTime: ({ at }) => eventTime(at),
  size: seconds(3),
  maxOutOfOrderness: seconds(1),
  allowedLateness: seconds(6),
  aggregate: { visits: count() },
});

it("windows come out though more are due than a call takes arguments, as after a day without an emitter", async () => {
  const store = memoryStore();
  const sealed = Array.from({ length: 200_000 }, (_, at): StoredPartial => {
    return { partition: 1, start: -3000 * (at + 1), group: "", lastOffset: -1, lateFrom: 0 };
  });
  const partialsBetween: WindowStore["partialsBetween"] = async (partition, from, to) =>
    partition === 1 ? sealed : store.partialsBetween(partition, from, to);
  const runner = runWindow(visits, { store: { ...store, partialsBetween }, partitions: 2 });
  await runner.feed(0, { at: 0 }, { at: 4000 });
  await runner.tick();
  expect(runner.results.map(({ value }) => value.visits)).toEqual([1]);
});

it("windows wait for no partition that has nothing but poison, however much of it there is", async () => {
  const runner = runWindow(visits, { partitions: 2 });
  await runner.feed(1, { at: 100 });
  await runner.feed(0, { at: 0 });
  for (let at = 500; at <= 10_000; at += 500) {
    await runner.feed(0, { at });
    await runner.feed(1, { at: 4_000_000 + at });
    await runner.advance(500);
  }
  expect(runner.deadLetters.length).toBe(20);
  expect(runner.results.at(0)?.value).toMatchObject({ window_start: 0, visits: 7 });
});
