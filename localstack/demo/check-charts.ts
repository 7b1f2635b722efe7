// Whether the charts show what was sent: the totals they were drawn from, counted here once more without the pipeline's code.
import type { SentEvent } from "../../events/generate/commerce-facts.ts";

/** The content of totals.json beside the pictures: numbers by event name or carrier. */
export type ChartTotals = Readonly<Record<string, unknown>>;

type Numbers = Readonly<Record<string, number>>;

/** One sentence for each number that is wrong; none when all are right. `events` are those that were good, or were mended. */
export function checkCharts(events: readonly SentEvent[], totals: ChartTotals): string[] {
  const differences = Object.entries(wanted(events)).flatMap(([field, numbers]) =>
    differencesIn(field, numbers, numbersIn(totals[field])),
  );
  return totals.events === events.length
    ? differences
    : [`the charts hold ${totals.events} events: it should be ${events.length}`, ...differences];
}

/** Money in cents until the end, as any sum of it should be. */
function wanted(events: readonly SentEvent[]): Readonly<Record<string, Numbers>> {
  const of = (type: SentEvent["event_type"]) => events.filter(({ event_type }) => event_type === type);
  const [purchases, orders, deliveries] = [of("purchase"), of("order"), of("delivery")];
  const carriersAt = (name: string) => deliveries.filter(({ event_name }) => event_name === name);
  const byName = ({ event_name }: SentEvent) => event_name;
  const byCarrier = ({ event_details }: SentEvent) => event_details.carrier ?? "";
  return {
    purchase_items: summed(purchases, byName, () => 1),
    purchase_revenue: inUnits(summed(purchases, byName, ({ event_details }) => cents(event_details.price))),
    orders: summed(orders, byName, () => 1),
    order_value: inUnits(summed(orders, byName, ({ event_details }) => cents(event_details.order_value))),
    shipped_by_carrier: summed(carriersAt("order_shipped"), byCarrier, () => 1),
    delivered_by_carrier: summed(carriersAt("order_delivered"), byCarrier, () => 1),
  };
}

function summed(
  events: readonly SentEvent[],
  key: (event: SentEvent) => string,
  value: (event: SentEvent) => number,
): Numbers {
  const sums = new Map<string, number>();
  for (const event of events) sums.set(key(event), (sums.get(key(event)) ?? 0) + value(event));
  return Object.fromEntries(sums);
}

function cents(amount = 0): number {
  return Math.round(amount * 100);
}

function inUnits(sums: Numbers): Numbers {
  return Object.fromEntries(Object.entries(sums).map(([key, sum]) => [key, sum / 100]));
}

function numbersIn(value: unknown): Numbers {
  return typeof value === "object" && value !== null ? { ...value } : {};
}

function differencesIn(field: string, wanted: Numbers, shown: Numbers): string[] {
  const keys = [...new Set([...Object.keys(wanted), ...Object.keys(shown)])];
  return keys
    .filter((key) => wanted[key] !== shown[key])
    .map((key) => `${field} of '${key}' is ${shown[key] ?? "not there"}: it should be ${wanted[key] ?? "not there"}`);
}
