// Totals since the first record: exact whatever is redelivered, wherever a delivery dies, over topics and partitions.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { count, countBy, sumBy } from "../../../lib/windows/aggregators.ts";
import { type GlobalWindow, readTotals, shareOf } from "../../../lib/windows/global-window.ts";
import { memoryStore } from "../../../lib/windows/memory-store.ts";
import { runWindow } from "../../../lib/windows/runner.ts";
import { Crash, type Gate, gated, untilCrash } from "../../support/gated.ts";

const Sale = z.object({ shop: z.string(), price: z.number() });
type Sale = z.output<typeof Sale>;

const sales = {
  name: "sales",
  version: 1,
  aggregate: {
    sales: count(),
    by_shop: countBy((sale) => sale.shop),
    revenue: sumBy(
      (sale) => sale.shop,
      (sale) => sale.price,
    ),
  },
} satisfies GlobalWindow<Sale>;

const topics = ["online", "in-shop"];
const sale = fc.record({ shop: fc.constantFrom("A", "B", "__proto__"), price: fc.constantFrom(0.1, 0.2, 9.99) });
const batches = fc.array(
  fc.record({
    topic: fc.integer({ min: 0, max: 1 }),
    partition: fc.integer({ min: 0, max: 1 }),
    sold: fc.array(sale, { minLength: 1, maxLength: 4 }),
  }),
  { maxLength: 8 },
);

function expected(sold: readonly Sale[]) {
  const totals = { sales: 0, by_shop: new Map<string, number>(), revenue: new Map<string, number>() };
  for (const { shop, price } of sold) {
    totals.sales++;
    totals.by_shop.set(shop, (totals.by_shop.get(shop) ?? 0) + 1);
    totals.revenue.set(shop, Math.round((totals.revenue.get(shop) ?? 0) * 100 + price * 100) / 100);
  }
  return { ...totals, by_shop: Object.fromEntries(totals.by_shop), revenue: Object.fromEntries(totals.revenue) };
}

describe("a global window", () => {
  it("holds nothing before the first record", async () => {
    expect(await readTotals(sales, [memoryStore()])).toEqual({ sales: 0, by_shop: {}, revenue: {} });
  });

  it("counts each record once over all topics, wherever deliveries die and whatever comes again", async () => {
    await fc.assert(
      fc.asyncProperty(
        batches,
        fc.array(fc.integer({ min: 1, max: 10 }), { maxLength: 12 }),
        async (script, crashes) => {
          const planned = [...crashes];
          let left = Number.POSITIVE_INFINITY;
          const gate: Gate = async () => {
            if (--left <= 0) throw new Crash();
          };
          const stores = topics.map(() => memoryStore());
          const runners = topics.map((topic, at) =>
            runWindow(shareOf(sales, topic, Sale), { partitions: 2, store: gated(stores[at]!, gate) }),
          );
          for (const { topic, partition, sold } of script) {
            const runner = runners[topic]!;
            const batch = runner.append(partition, ...sold);
            for (let isDone = false; !isDone; ) {
              left = planned.shift() ?? Number.POSITIVE_INFINITY;
              isDone = await untilCrash(runner.deliver(batch, "new"));
            }
            left = Number.POSITIVE_INFINITY;
            await runner.deliver(batch, planned.length % 2 === 0 ? "same" : "new");
          }
          expect(await readTotals(sales, stores)).toEqual(expected(script.flatMap(({ sold }) => sold)));
          expect(runners.flatMap(({ late, deadLetters }) => [...late, ...deadLetters])).toEqual([]);
        },
      ),
      { numRuns: 1500 },
    );
  });

  it("counts a record once when deliveries of it run at once", async () => {
    const copies = fc.integer({ min: 2, max: 3 });
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), batches, copies, async (scheduler, script, deliveries) => {
        const stores = topics.map(() => memoryStore());
        const turns: Gate = (operation) => scheduler.schedule(Promise.resolve(), operation);
        const runners = topics.map((topic, at) =>
          runWindow(shareOf(sales, topic, Sale), { partitions: 2, store: gated(stores[at]!, turns) }),
        );
        const run = async () => {
          const underWay: Promise<void>[] = [];
          for (const { topic, partition, sold } of script) {
            const runner = runners[topic]!;
            const batch = runner.append(partition, ...sold);
            for (let copy = 1; copy < deliveries; copy++) underWay.push(runner.deliver(batch, "new"));
            await runner.deliver(batch, "new");
          }
          await Promise.all(underWay);
        };
        await scheduler.waitFor(run());
        expect(await readTotals(sales, stores)).toEqual(expected(script.flatMap(({ sold }) => sold)));
      }),
      { numRuns: 500 },
    );
  });

  it("refuses a change of its shape without a new version", async () => {
    const store = memoryStore();
    await runWindow(shareOf(sales, "online", Sale), { store }).feed(0, { shop: "A", price: 1 });
    const changed = { ...sales, aggregate: { sales: count<Sale>() } };
    const feeding = runWindow(shareOf(changed, "online", Sale), { store }).feed(0, { shop: "A", price: 1 });
    await expect(feeding).rejects.toThrow("Raise 'version' to 2");
  });
});
