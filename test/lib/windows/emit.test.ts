// The emitter where there is more than usual: whatever else it does is tested through the in-memory runner (runner.test.ts, faults.test.ts).

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
