import { expect, it } from "vitest";
import type { SentEvent } from "../../../events/generate/commerce-facts.ts";
import { checkCharts } from "../../../localstack/demo/check-charts.ts";

const at = { triggered_at: "2026-11-21T12:00:00Z", user_details: { user_id: "u" } };
const sent: readonly SentEvent[] = [
  { ...at, event_type: "purchase", event_name: "added_to_cart", event_details: { price: 0.1 } },
  { ...at, event_type: "purchase", event_name: "added_to_cart", event_details: { price: 0.2 } },
  { ...at, event_type: "order", event_name: "order_placed", event_details: { order_value: 12 } },
  { ...at, event_type: "delivery", event_name: "order_shipped", event_details: { carrier: "DHL" } },
  { ...at, event_type: "delivery", event_name: "order_delivered", event_details: { carrier: "DHL" } },
];
const right = {
  events: 5,
  purchase_items: { added_to_cart: 2 },
  purchase_revenue: { added_to_cart: 0.3 },
  orders: { order_placed: 1 },
  order_value: { order_placed: 12 },
  shipped_by_carrier: { DHL: 1 },
  delivered_by_carrier: { DHL: 1 },
};

it("charts that show what was sent are right", () => {
  expect(checkCharts(sent, right)).toEqual([]);
});

it.each([
  { shown: { ...right, events: 6 }, says: "the charts hold 6 events: it should be 5" },
  {
    shown: { ...right, purchase_revenue: { added_to_cart: 0.31 } },
    says: "purchase_revenue of 'added_to_cart' is 0.31: it should be 0.3",
  },
  { shown: { ...right, orders: {} }, says: "orders of 'order_placed' is not there: it should be 1" },
  {
    shown: { ...right, shipped_by_carrier: { DHL: 1, UPS: 1 } },
    says: "shipped_by_carrier of 'UPS' is 1: it should be not there",
  },
])("$says", ({ shown, says }) => {
  expect(checkCharts(sent, shown)).toEqual([says]);
});
