// The summary's three pictures, one an event type, described as data. Pure: totals in, pictures out.
//
//   purchase   items and revenue by event name
//   order      orders, value and average value by event name
//   delivery   in transit against delivered, and items by carrier

import { type Colour, label, type Panel, type Picture, wholeNumber } from "../../../lib/charts/picture.ts";
import { type EventType, eventNames } from "../schema.ts";
import { busiest, carriedItems, together, valueIn } from "./carriers.ts";
import type { CommerceTotals } from "./totals.ts";

/** What the totals themselves don't say. */
export interface Setting {
  /** When the pictures are drawn, epoch ms. */
  readonly at: number;
  /** What prices and order values are in. */
  readonly currency: string;
}

/** So many rows have room in a picture. */
const MOST_CARRIERS = 9;

/** The pictures, by event type. */
export function picturesOf(totals: CommerceTotals, setting: Setting): Readonly<Record<EventType, Picture>> {
  return {
    purchase: purchases(totals, setting),
    order: orders(totals, setting),
    delivery: deliveries(totals, setting),
  };
}

function purchases(totals: CommerceTotals, { at, currency }: Setting): Picture {
  const { purchase_items: items, purchase_revenue: revenue } = totals;
  const panel = panelBy("event name", eventNames.purchase);
  return picture("purchase", {
    title: "Purchases by event name",
    records: sumOf(items),
    facts: leftOut(totals.purchases_left_out),
    at,
    panels: [
      panel({ title: "Items", unit: "items", values: "counts", colour: "blue" }, (name) => valueIn(items, name)),
      panel({ title: "Revenue", unit: currency, values: "amounts", colour: "green" }, (name) => valueIn(revenue, name)),
    ],
  });
}

function orders(totals: CommerceTotals, { at, currency }: Setting): Picture {
  const count = (name: string) => valueIn(totals.orders, name);
  const value = (name: string) => valueIn(totals.order_value, name);
  const average = (name: string) => value(name) / Math.max(1, count(name) - valueIn(totals.orders_left_out, name));
  const panel = panelBy("event name", eventNames.order);
  return picture("order", {
    title: "Orders by event name",
    records: sumOf(totals.orders),
    facts: leftOut(totals.orders_left_out),
    at,
    panels: [
      panel({ title: "Orders", unit: "orders", values: "counts", colour: "blue" }, count),
      panel({ title: "Value", unit: currency, values: "amounts", colour: "green" }, value),
      panel({ title: "Average value", unit: `${currency} an order`, values: "amounts", colour: "orange" }, average),
    ],
  });
}

function deliveries(totals: CommerceTotals, { at }: Setting): Picture {
  const carried = carriedItems(totals);
  const { inTransit, delivered } = together("", carried);
  const [shippedEvents, deliveredEvents] = [sumOf(totals.shipped_by_carrier), sumOf(totals.delivered_by_carrier)];
  return picture("delivery", {
    title: "Deliveries",
    records: shippedEvents + deliveredEvents,
    facts: [`${wholeNumber(shippedEvents)} shipped, ${wholeNumber(deliveredEvents)} delivered`],
    at,
    panels: [transit(inTransit, delivered), byCarrier(busiest(carried, MOST_CARRIERS))],
  });
}

function transit(inTransit: number, delivered: number): Panel {
  return {
    title: "In transit against delivered",
    unit: "items",
    values: "counts",
    category: "state",
    categories: ["In transit", "Delivered"],
    series: [{ name: "Items", colour: ["orange", "blue"], values: [inTransit, delivered] }],
    layout: "columns",
    width: 2,
  };
}

function byCarrier(rows: ReturnType<typeof busiest>): Panel {
  return {
    title: "Items by carrier",
    unit: "items",
    values: "counts",
    category: "carrier",
    categories: rows.map(({ carrier }) => label(carrier)),
    series: [
      { name: "Delivered", colour: "blue", values: rows.map(({ delivered }) => delivered) },
      { name: "In transit", colour: "orange", values: rows.map(({ inTransit }) => inTransit) },
    ],
    layout: "rows",
    width: 3,
  };
}

interface Facts {
  readonly title: string;
  readonly records: number;
  readonly facts: readonly string[];
  readonly at: number;
  readonly panels: readonly Panel[];
}

function picture(type: EventType, { title, records, facts, at, panels }: Facts): Picture {
  const events = `${wholeNumber(records)} ${type} ${records === 1 ? "event" : "events"} in all`;
  const drawn = `drawn ${new Date(at).toISOString().slice(0, 19).replace("T", " ")} UTC`;
  const subtitle = [events, ...facts, drawn].join("  ·  ");
  return records === 0
    ? { title, subtitle: drawn, panels, empty: `No ${type} events yet` }
    : { title, subtitle, panels };
}

/** A picture that leaves something out says so. */
function leftOut(amounts: Readonly<Record<string, number>>): readonly string[] {
  const count = sumOf(amounts);
  return count === 0 ? [] : [`${wholeNumber(count)} ${count === 1 ? "amount" : "amounts"} beyond a trillion left out`];
}

type Bars = Pick<Panel, "title" | "unit" | "values"> & { readonly colour: Colour };

/** Panels over the same event names. */
function panelBy(category: string, names: readonly string[]): (bars: Bars, valueAt: (name: string) => number) => Panel {
  return ({ colour, ...bars }, valueAt) => ({
    ...bars,
    category,
    categories: names.map(readable),
    series: [{ name: bars.title, colour, values: names.map(valueAt) }],
    layout: "columns",
    width: 1,
  });
}

/** `added_to_cart` → `Added to cart`. */
function readable(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1).replaceAll("_", " ");
}

function sumOf(byKey: Readonly<Record<string, number>>): number {
  return Object.values(byKey).reduce((sum, value) => sum + value, 0);
}
