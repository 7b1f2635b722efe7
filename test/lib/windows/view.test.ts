// When a view is made, and that it is never left behind: by environments that look at once, die, or fail.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { minutes } from "../../../lib/time.ts";
import { isDue, memoryViewStore, refresh, type ViewStore } from "../../../lib/windows/view.ts";
import { Crash, gated, untilCrash } from "../../support/gated.ts";
import { viewStoreSuite } from "./view-suite.ts";

const stores = new Map<string, ViewStore>();
describe("a view's state in memory", () => {
  viewStoreSuite((name) => {
    const store = stores.get(name) ?? memoryViewStore();
    stores.set(name, store);
    return store;
  });
});

const policy = { records: 1_000, age: minutes(5) };
const onSchedule = { records: 1, age: minutes(5) };
const view = { at: 0, records: 2_000, maker: "a" };

describe("a view is due", () => {
  it.each([
    { before: undefined, records: 0, now: 0, due: false, why: "not where there is nothing to show" },
    { before: undefined, records: 1, now: 0, due: true, why: "with the first record" },
    { before: view, records: 2_999, now: 299_999, due: false, why: "not with 999 records that are not in it" },
    { before: view, records: 3_000, now: 1, due: true, why: "with the thousandth record that is not in it" },
    { before: view, records: 2_001, now: 300_000, due: true, why: "after five minutes, if anything is new" },
    { before: view, records: 2_000, now: 900_000, due: false, why: "never while nothing is new" },
    { before: { ...view, until: 60_000 }, records: 9_999, now: 59_999, due: false, why: "not while it is made" },
    { before: { ...view, until: 60_000 }, records: 2_000, now: 60_000, due: true, why: "once its maker has died" },
  ])("$why", ({ before, records, now, due }) => {
    expect(isDue(before, records, policy, now)).toBe(due);
  });
});

interface Made {
  readonly at: number;
  readonly events: number;
}

/** Several environments on one view; `events` is what the store of totals would say. */
function world(store: ViewStore = memoryViewStore()) {
  const made: Made[] = [];
  const state = { clock: 0, events: 0 };
  const edges = {
    store,
    recordsIn: ({ events }: { readonly events: number }) => events,
    totals: async () => ({ events: state.events }),
    make: async ({ events }: { readonly events: number }, at: number) => void made.push({ at, events }),
    now: () => state.clock,
  };
  const look = (over: Partial<typeof edges> = {}, as = policy) =>
    refresh(as, { ...edges, ...over, maker: crypto.randomUUID(), deadline: state.clock + 60_000 });
  return { made, state, edges, look };
}

describe("refreshing", () => {
  it("makes the view every thousand records", async () => {
    const { made, state, look } = world();
    for (let batch = 0; batch < 10; batch++) {
      state.events += 250;
      await look();
    }
    expect(made.map(({ events }) => events)).toEqual([250, 1250, 2250]);
  });

  it("makes it on schedule of whatever is new, and not again", async () => {
    const { made, state, look } = world();
    state.events = 1;
    await look();
    state.events = 2;
    await look();
    await look({}, onSchedule);
    await look({}, onSchedule);
    expect(made.map(({ events }) => events)).toEqual([1, 2]);
  });

  it("gives every view a later time than the one before, also where a clock is behind", async () => {
    const { made, state, look } = world();
    state.clock = 5_000;
    state.events = 1_000;
    await look();
    state.clock = 4_000;
    state.events = 2_000;
    await look();
    expect(made.map(({ at }) => at)).toEqual([5_000, 5_001]);
  });

  it("leaves it to the next where no time is left to make it", async () => {
    const { made, state, edges, look } = world();
    state.events = 1_000;
    expect(await refresh(policy, { ...edges, maker: "late", deadline: 9_999 })).toBe(0);
    await look();
    expect(made).toHaveLength(1);
  });

  it("is due at once after it failed, and the failure is thrown", async () => {
    const { made, state, look } = world();
    state.events = 1_000;
    const fails = look({ make: () => Promise.reject(new Error("bucket is gone")) });
    await expect(fails).rejects.toThrow("bucket is gone");
    await look();
    expect(made.map(({ events }) => events)).toEqual([1_000]);
  });
});

const adding = fc.array(fc.integer({ min: 1, max: 1_500 }), { minLength: 1, maxLength: 8 });

describe("environments that look at once", () => {
  it("leave fewer than a thousand records out, and never show fewer than before", async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), adding, async (scheduler, batches) => {
        const store = memoryViewStore();
        const { made, state, edges, look } = world(store);
        const turns = gated({ ...store, totals: edges.totals, make: edges.make }, (operation) =>
          scheduler.schedule(Promise.resolve(), operation),
        );
        const run = batches.map(async (records) => {
          await scheduler.schedule(Promise.resolve(), "batch");
          state.events += records;
          await look({ store: turns, totals: turns.totals, make: turns.make });
        });
        await scheduler.waitFor(Promise.all(run));
        const shown = made.map(({ events }) => events);
        expect(shown).toEqual([...shown].sort((a, b) => a - b));
        expect(state.events - (shown.at(-1) ?? 0)).toBeLessThan(1_000);
        expect((await store.read())?.until).toBeUndefined();
      }),
      { numRuns: 2_000 },
    );
  });

  it("make up for one that died anywhere, as soon as its time is over", async () => {
    const deaths = fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 8, maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(adding, deaths, async (batches, crashAfter) => {
        const store = memoryViewStore();
        const { made, state, edges, look } = world(store);
        for (const [at, records] of batches.entries()) {
          let left = crashAfter[at] ?? 1;
          const mortal = gated({ ...store, totals: edges.totals, make: edges.make }, async () => {
            if (--left <= 0) throw new Crash();
          });
          state.events += records;
          await untilCrash(look({ store: mortal, totals: mortal.totals, make: mortal.make }));
          state.clock += 1_000;
        }
        state.clock += 60_000;
        await look({}, onSchedule);
        expect(made.at(-1)?.events).toBe(state.events);
        expect(await look({}, onSchedule)).toBe(0);
      }),
      { numRuns: 2_000 },
    );
  });
});
