// What is counted of commerce events, and what a single event can't do to it.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { CommerceEvent } from "../../../../functions/commerce/schema.ts";
import { commerceTotals } from "../../../../functions/commerce/summary/totals.ts";
import { readTotals, shareOf } from "../../../../lib/windows/global-window.ts";
import { memoryStore } from "../../../../lib/windows/memory-store.ts";
import { runWindow } from "../../../../lib/windows/runner.ts";
import { anyEvent } from "../events.ts";
import { AnyEvent, carried, ordered, purchased } from "./summary-events.ts";

async function totalsOf(events: readonly CommerceEvent[]) {
  const store = memoryStore();
  const runner = runWindow(shareOf(commerceTotals, "events", AnyEvent), { store, partitions: 2 });
  for (const [at, event] of events.entries()) await runner.feed(at % 2, event);
  return readTotals(commerceTotals, [store]);
}

const nothing = {
  events: 0,
  purchase_items: {},
  purchase_revenue: {},
  purchases_left_out: {},
  orders: {},
  order_value: {},
  orders_left_out: {},
  shipped_by_carrier: {},
  delivered_by_carrier: {},
};

describe("commerce totals", () => {
  it("count each event under its type's names and carriers, money to the cent", async () => {
    const totals = await totalsOf([
      purchased("added_to_cart", 0.1),
      purchased("added_to_cart", 0.2),
      purchased("payment_successful", 19.99),
      ordered("order_placed", 100),
      ordered("order_shipped", 250.5),
      carried("order_shipped", "DHL"),
      carried("order_shipped", "DHL"),
      carried("order_delivered", "DHL"),
      carried("order_shipped", "UPS"),
    ]);
    expect(totals).toEqual({
      ...nothing,
      events: 9,
      purchase_items: { added_to_cart: 2, payment_successful: 1 },
      purchase_revenue: { added_to_cart: 0.3, payment_successful: 19.99 },
      orders: { order_placed: 1, order_shipped: 1 },
      order_value: { order_placed: 100, order_shipped: 250.5 },
      shipped_by_carrier: { DHL: 2, UPS: 1 },
      delivered_by_carrier: { DHL: 1 },
    });
  });

  it.each([1e300, -1e300, 1e12 + 1, Number.MAX_VALUE])(
    "count an event with an amount of %d, and leave the amount out",
    async (price) => {
      const totals = await totalsOf([
        purchased("added_to_cart", price),
        purchased("added_to_cart", 5),
        ordered("order_placed", price),
      ]);
      expect(totals).toEqual({
        ...nothing,
        events: 3,
        purchase_items: { added_to_cart: 2 },
        purchase_revenue: { added_to_cart: 5 },
        purchases_left_out: { added_to_cart: 1 },
        orders: { order_placed: 1 },
        order_value: {},
        orders_left_out: { order_placed: 1 },
      });
    },
  );

  it("stay small whatever carriers are sent, and lose none of their items", async () => {
    const carriers = [
      ...Array.from({ length: 300 }, (_, at) => `made up ${at}`),
      "DHL",
      "x".repeat(1_000_000),
      "__proto__",
    ];
    const totals = await totalsOf(carriers.map((carrier) => carried("order_shipped", carrier)));
    expect(Object.keys(totals.shipped_by_carrier).length).toBeLessThanOrEqual(201);
    expect(totals.shipped_by_carrier.DHL).toBe(1);
    expect(Object.values(totals.shipped_by_carrier).reduce((sum, count) => sum + count, 0)).toBe(303);
    expect(JSON.stringify(totals).length).toBeLessThan(10_000);
  });

  it("leave no valid event out, however strange", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyEvent, { maxLength: 30 }), async (events) => {
        expect((await totalsOf(events)).events).toBe(events.length);
      }),
      { numRuns: 200 },
    );
  });
});
