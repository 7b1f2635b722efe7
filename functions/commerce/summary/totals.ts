// What the summary charts count: every event of the three topics since the first, by event name and by carrier.
// One aggregate for all of them: an event adds to the fields of its type and leaves the others as they are.

import { type Aggregator, count, countBy, sumBy } from "../../../lib/windows/aggregators.ts";
import type { GlobalWindow, TotalsOf } from "../../../lib/windows/global-window.ts";
import type { CommerceEvent } from "../schema.ts";

/** An amount beyond this is a slip or an attack: its event counts, the amount stays out of the sums and the picture says so. */
export const MOST_AMOUNT = 1e12;

/** Carriers beyond these are counted as one. */
const MOST_CARRIERS = 200;

export const commerceTotals = {
  name: "commerce",
  version: 1,
  aggregate: {
    events: count(),
    purchase_items: countBy(purchaseName),
    purchase_revenue: sumBy(inSum(purchaseName), amountOf),
    purchases_left_out: countBy(leftOut(purchaseName)),
    orders: countBy(orderName),
    order_value: sumBy(inSum(orderName), amountOf),
    orders_left_out: countBy(leftOut(orderName)),
    shipped_by_carrier: carriersOf("order_shipped"),
    delivered_by_carrier: carriersOf("order_delivered"),
  },
} satisfies GlobalWindow<CommerceEvent>;

export type CommerceTotals = TotalsOf<(typeof commerceTotals)["aggregate"]>;

type NameOf = (event: CommerceEvent) => string | undefined;

function purchaseName(event: CommerceEvent): string | undefined {
  return event.event_type === "purchase" ? event.event_name : undefined;
}

function orderName(event: CommerceEvent): string | undefined {
  return event.event_type === "order" ? event.event_name : undefined;
}

function carriersOf(name: string): Aggregator<CommerceEvent, Record<string, number>, Record<string, number>> {
  const carrier: NameOf = (event) =>
    event.event_type === "delivery" && event.event_name === name ? event.event_details.carrier : undefined;
  return countBy(carrier, MOST_CARRIERS);
}

function inSum(nameOf: NameOf): NameOf {
  return (event) => (isCountable(event) ? nameOf(event) : undefined);
}

function leftOut(nameOf: NameOf): NameOf {
  return (event) => (isCountable(event) ? undefined : nameOf(event));
}

function isCountable(event: CommerceEvent): boolean {
  return Math.abs(amountOf(event)) <= MOST_AMOUNT;
}

function amountOf(event: CommerceEvent): number {
  if (event.event_type === "purchase") return event.event_details.price;
  return event.event_type === "order" ? event.event_details.order_value : 0;
}
