// The Avro schemas of the three topics' values, as they are registered under `<topic>-value`.
// A change must let old readers read new records and new readers old ones: add fields with a default, never rename or retype one.

import type { EventType } from "./schema.ts";

/** A user's id is kept as it was sent: a text or a whole number. */
const userDetails = {
  type: "record",
  name: "UserDetails",
  fields: [{ name: "user_id", type: ["string", "long"] }],
} as const;

const details = {
  purchase: {
    type: "record",
    name: "PurchaseDetails",
    fields: [
      { name: "item_id", type: "long" },
      { name: "item_name", type: "string" },
      { name: "price", type: "double" },
    ],
  },
  order: {
    type: "record",
    name: "OrderDetails",
    fields: [
      { name: "order_id", type: "long" },
      { name: "order_value", type: "double" },
    ],
  },
  delivery: {
    type: "record",
    name: "DeliveryDetails",
    fields: [
      { name: "tracking_id", type: "long" },
      { name: "carrier", type: "string" },
    ],
  },
} as const satisfies Record<EventType, object>;

const names = { purchase: "PurchaseEvent", order: "OrderEvent", delivery: "DeliveryEvent" } as const;

/** The Avro schema of a type's events. */
export function avroSchema(type: EventType) {
  return {
    type: "record",
    name: names[type],
    namespace: "commerce",
    fields: [
      { name: "event_name", type: "string" },
      { name: "event_type", type: "string" },
      { name: "triggered_at", type: "string", doc: "ISO 8601, UTC" },
      { name: "user_details", type: userDetails },
      { name: "event_details", type: details[type] },
    ],
  } as const;
}
