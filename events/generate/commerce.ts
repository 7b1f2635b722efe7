// Commerce events: what is bought, ordered and delivered. Good ones go through POST /track as JSON; broken ones of every kind are bytes that
// somebody put straight on a topic, for the endpoint would refuse them.
import { commerceDamage, seal } from "./commerce-damage.ts";
import type { CommerceFacts, EventType, SentEvent } from "./commerce-facts.ts";
import { commerceKinds, endOf } from "./commerce-kinds.ts";
import type { Tally, TrafficGenerator } from "./generator.ts";
import { type Draw, fraction, integer, pick } from "./random.ts";

interface Product {
  readonly id: number;
  readonly name: string;
  /** In cents, as every amount here: sums are exact. */
  readonly cents: number;
}

interface Pools {
  readonly products: readonly Product[];
}

export const commerce: TrafficGenerator<CommerceFacts, Pools> = {
  pipeline: "commerce",
  topic: "event_order, event_purchase and event_delivery",
  badKinds: commerceKinds,
  checkedFields: [],
  pools: (faker) => ({
    products: Array.from({ length: 60 }, (_, i) => ({
      id: 1_000 + i,
      name: faker.commerce.productName(),
      cents: faker.number.int({ min: 199, max: 49_999 }),
    })),
  }),
  record({ index, eventTime }, draw, { products }) {
    const event = eventOf(draw, { index, eventTime, products });
    return {
      key: event.user_details.user_id,
      value: JSON.stringify(event),
      facts: { event },
    };
  },
  damage: commerceDamage,
  seal,
  tally,
};

const carriers = ["Correios", "DHL", "FedEx", "Loggi", "UPS"] as const;

interface Slot {
  readonly index: number;
  readonly eventTime: number;
  readonly products: readonly Product[];
}

/** Of twenty events eleven are purchases, five orders, four deliveries. */
function eventOf(draw: Draw, { index, eventTime, products }: Slot): SentEvent {
  const around = {
    triggered_at: new Date(eventTime).toISOString(),
    user_details: { user_id: `user-${integer(draw, 1, 500)}` },
  };
  const luck = fraction(draw);
  const product = pick(draw, products);
  if (luck < 0.55) {
    const name = pick(draw, [
      "added_to_cart",
      "added_to_cart",
      "added_to_cart",
      "checkout_initiated",
      "payment_successful",
    ]);
    const details = { item_id: product.id, item_name: product.name, price: product.cents / 100 };
    return { event_name: name, event_type: "purchase", ...around, event_details: details };
  }
  if (luck < 0.8) {
    const name = pick(draw, ["order_placed", "order_placed", "order_processed", "order_shipped"]);
    const details = { order_id: 500_000 + index, order_value: (product.cents * integer(draw, 1, 5)) / 100 };
    return { event_name: name, event_type: "order", ...around, event_details: details };
  }
  const name = pick(draw, ["order_shipped", "order_delivered"]);
  const details = { tracking_id: 900_000 + index, carrier: pick(draw, carriers) };
  return { event_name: name, event_type: "delivery", ...around, event_details: details };
}

interface Total {
  events: number;
  cents: number;
}

/** What the table and the charts should come to: by event name, type and carrier. */
function tally(): Tally<CommerceFacts> {
  const byName = new Map<string, Total>();
  const byType = new Map<EventType, Total>();
  const byCarrier = new Map<string, Total>();
  let parked = 0;
  return {
    add({ kind, facts }) {
      const { event } = facts;
      if (endOf(kind) === "events_parked") {
        parked += 1;
        return;
      }
      const { price, order_value, carrier } = event.event_details;
      const cents = Math.round((price ?? order_value ?? 0) * 100);
      addTo(byName, `${event.event_type} ${event.event_name}`, cents);
      addTo(byType, event.event_type, cents);
      if (carrier !== undefined) addTo(byCarrier, carrier, 0);
    },
    rows: () => [
      ["rows in processed_events", [...byType.values()].reduce((sum, { events }) => sum + events, 0)],
      ["events in events_parked", parked],
    ],
    table: () => ({
      columns: ["processed_events", "by", "events", "amount"],
      rows: [...rowsOf("type", byType), ...rowsOf("event name", byName), ...rowsOf("carrier", byCarrier)],
    }),
  };
}

function addTo<Key>(totals: Map<Key, Total>, key: Key, cents: number): void {
  const total = totals.get(key) ?? { events: 0, cents: 0 };
  total.events += 1;
  total.cents += cents;
  totals.set(key, total);
}

function rowsOf(by: string, totals: ReadonlyMap<string, Total>): (string | number)[][] {
  return [...totals]
    .sort()
    .map(([name, { events, cents }]) => [name, by, events, cents === 0 ? "" : (cents / 100).toFixed(2)]);
}
