// Commerce events for suites: one of each type, and arbitrary ones.
import fc from "fast-check";
import type {
  CommerceEvent,
  DeliveryEvent,
  EventType,
  OrderEvent,
  PurchaseEvent,
} from "../../../functions/commerce/schema.ts";
import { eventNames } from "../../../functions/commerce/schema.ts";

export const purchase: PurchaseEvent = {
  event_name: "added_to_cart",
  event_type: "purchase",
  triggered_at: "2026-11-21T12:00:00.000Z",
  user_details: { user_id: "user-1" },
  event_details: { item_id: 7, item_name: "Kettle", price: 29.9 },
};

export const order: OrderEvent = {
  event_name: "order_placed",
  event_type: "order",
  triggered_at: "2026-11-21T12:00:00.000Z",
  user_details: { user_id: "user-1" },
  event_details: { order_id: 12, order_value: 59.8 },
};

export const delivery: DeliveryEvent = {
  event_name: "order_delivered",
  event_type: "delivery",
  triggered_at: "2026-11-21T12:00:00.000Z",
  user_details: { user_id: "user-1" },
  event_details: { tracking_id: 99, carrier: "Correios" },
};

export const samples: Readonly<Record<EventType, CommerceEvent>> = { purchase, order, delivery };

const text = fc.string({ unit: "grapheme" }).filter((value) => value.isWellFormed() && !value.includes("\0"));
const number = fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => (value === 0 ? 0 : value));
const id = fc.maxSafeInteger().map((value) => (value === 0 ? 0 : value));
const instant = fc
  .date({ min: new Date("0001-01-02T00:00:00Z"), max: new Date("9999-12-30T00:00:00Z"), noInvalidDate: true })
  .map((date) => date.toISOString());
const around = {
  triggered_at: instant,
  user_details: fc.record({
    user_id: fc.oneof(
      text.filter((value) => value !== ""),
      id,
    ),
  }),
};

/** Any valid event. */
export const anyEvent: fc.Arbitrary<CommerceEvent> = fc.oneof(
  fc.record({
    event_name: fc.constantFrom(...eventNames.purchase),
    event_type: fc.constant("purchase" as const),
    ...around,
    event_details: fc.record({ item_id: id, item_name: text, price: number }),
  }),
  fc.record({
    event_name: fc.constantFrom(...eventNames.order),
    event_type: fc.constant("order" as const),
    ...around,
    event_details: fc.record({ order_id: id, order_value: number }),
  }),
  fc.record({
    event_name: fc.constantFrom(...eventNames.delivery),
    event_type: fc.constant("delivery" as const),
    ...around,
    event_details: fc.record({ tracking_id: id, carrier: text }),
  }),
);
