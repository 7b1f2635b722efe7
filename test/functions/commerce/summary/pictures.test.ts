// What the three pictures say, as a reader sees it: every number of the contract on its bar.

import { describe, expect, it } from "vitest";
import { busiest, carriedItems } from "../../../../functions/commerce/summary/carriers.ts";
import { picturesOf } from "../../../../functions/commerce/summary/pictures.ts";
import type { CommerceTotals } from "../../../../functions/commerce/summary/totals.ts";
import { rasterizer } from "../../../../lib/charts/png.ts";
import { drawSvg } from "../../../../lib/charts/svg.ts";
import { OTHERS } from "../../../../lib/windows/keyed.ts";
import { textsIn } from "../../../support/pictures.ts";

const nothing: CommerceTotals = {
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
const some: CommerceTotals = {
  ...nothing,
  events: 12,
  purchase_items: { added_to_cart: 40, checkout_initiated: 30, payment_successful: 20 },
  purchase_revenue: { added_to_cart: 1234.5, checkout_initiated: 800, payment_successful: 599.99 },
  orders: { order_placed: 4, order_processed: 3 },
  order_value: { order_placed: 100, order_processed: 90 },
  shipped_by_carrier: { DHL: 10, UPS: 2 },
  delivered_by_carrier: { DHL: 4, UPS: 5 },
};
const setting = { at: Date.UTC(2026, 10, 21, 13, 48, 40), currency: "USD" };

function textsOf(type: "purchase" | "order" | "delivery", totals: CommerceTotals): readonly string[] {
  return textsIn(drawSvg(picturesOf(totals, setting)[type]));
}

describe("the pictures", () => {
  it("show purchases: items and revenue by event name", () => {
    const texts = textsOf("purchase", some);
    const said = [
      "Items",
      "items",
      "40",
      "30",
      "20",
      "Revenue",
      "USD",
      "1,234.50",
      "800.00",
      "599.99",
      "Added to cart",
    ];
    for (const text of said) expect(texts).toContain(text);
    expect(texts).toContain("90 purchase events in all  ·  drawn 2026-11-21 13:48:40 UTC");
  });

  it("show orders: their number, value and average value by event name, also of a name that has none", () => {
    const texts = textsOf("order", some);
    const said = [
      "Orders",
      "4",
      "3",
      "0",
      "Value",
      "100.00",
      "90.00",
      "Average value",
      "USD an order",
      "25.00",
      "30.00",
    ];
    for (const text of said) expect(texts).toContain(text);
  });

  it("show deliveries: in transit against delivered, and items by carrier", () => {
    const texts = textsOf("delivery", some);
    const said = ["In transit", "6", "Delivered", "9", "Items by carrier", "DHL", "10", "UPS", "5"];
    for (const text of said) expect(texts).toContain(text);
    expect(texts).toContain("21 delivery events in all  ·  12 shipped, 9 delivered  ·  drawn 2026-11-21 13:48:40 UTC");
  });

  it("leave what is left out of an amount out of its average too, and say so", () => {
    const totals = { ...some, orders_left_out: { order_placed: 2 } };
    const texts = textsOf("order", totals);
    expect(texts).toContain("50.00");
    expect(texts.some((text) => text.includes("2 amounts beyond a trillion left out"))).toBe(true);
  });

  it.each(["purchase", "order", "delivery"] as const)("say that there are no %s events yet", (type) => {
    expect(textsOf(type, nothing)).toContain(`No ${type} events yet`);
  });

  it("can be drawn whatever carriers are called", async () => {
    const objects = Object.getOwnPropertyNames(Object.prototype);
    const names = ["\u0000", "\u001b[31m", "<script>", "&amp;", "{b}", "\ud83d", "日本郵便", "a\nb", " ", "toJSON", ""];
    const rasterize = await rasterizer();
    for (const name of [...names, ...objects]) {
      const totals = { ...nothing, delivered_by_carrier: Object.fromEntries([[name, 7]]) };
      const svg = drawSvg(picturesOf(totals, setting).delivery);
      expect(textsIn(svg).filter((text) => text === "7")).toHaveLength(3);
      expect(rasterize(svg, 320).length).toBeGreaterThan(1_000);
    }
    for (const property in {}) expect.fail(`every object has got a property '${property}'`);
  });
});

describe("a carrier's items", () => {
  it.each([
    { shipped: 10, delivered: 4, inTransit: 6, why: "are on the road until they are delivered" },
    { shipped: 2, delivered: 5, inTransit: 0, why: "may have been shipped before the first event" },
    { shipped: 3, delivered: 0, inTransit: 3, why: "are all on the road at first" },
  ])("$why", ({ shipped, delivered, inTransit }) => {
    const totals = {
      shipped_by_carrier: { DHL: shipped },
      delivered_by_carrier: delivered === 0 ? {} : { DHL: delivered },
    };
    expect(carriedItems(totals)).toEqual([{ carrier: "DHL", delivered, inTransit }]);
  });

  it("of the busiest come first, and those of all others together at the end", () => {
    const shipped_by_carrier = { A: 1, B: 5, C: 3, D: 4, [OTHERS]: 9 };
    const rows = busiest(carriedItems({ shipped_by_carrier, delivered_by_carrier: { C: 1 } }), 3);
    expect(rows).toEqual([
      { carrier: "B", delivered: 0, inTransit: 5 },
      { carrier: "D", delivered: 0, inTransit: 4 },
      { carrier: "Other carriers", delivered: 1, inTransit: 12 },
    ]);
  });

  it("have a row each where there is room", () => {
    const rows = carriedItems({ shipped_by_carrier: { A: 1, B: 2, C: 3 }, delivered_by_carrier: {} });
    expect(busiest(rows, 3)).toEqual(rows);
  });
});
