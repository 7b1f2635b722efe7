// A commerce event as `POST /track` takes it, as its topic carries it and as `processed_events` keeps it: one schema for all three.
// Fields that are not named here are ignored. Whoever reads one of these topics takes its type's schema from here.

import * as z from "zod";

export const eventTypes = ["order", "purchase", "delivery"] as const;
export type EventType = (typeof eventTypes)[number];

export const eventNames = {
  purchase: ["added_to_cart", "checkout_initiated", "payment_successful"],
  order: ["order_placed", "order_processed", "order_shipped"],
  delivery: ["order_shipped", "order_delivered"],
} as const satisfies Record<EventType, readonly string[]>;

/**
 * Text that every place on the way keeps as it is: Avro is UTF-8, which has no lone surrogates, and jsonb has no NUL.
 * https://www.postgresql.org/docs/18/datatype-json.html
 */
const text = z
  .string()
  .refine(
    (value) => value.isWellFormed() && !value.includes("\0"),
    "must be text without NUL and without half characters",
  );

/** ISO 8601 with its zone; comes out in UTC, to the microsecond, which is what PostgreSQL keeps. */
const instant = z.iso.datetime({ offset: true }).transform((value, context) => {
  const utc = inUtc(value);
  if (utc !== undefined) return utc;
  context.addIssue({ code: "custom", message: "must lie in the years 0001 to 9999" });
  return z.NEVER;
});

const userDetails = z.object({
  /** The key of the event's record: one user's events stay in their order. */
  user_id: z.union([text.min(1), z.int()], { error: "must be a text or a whole number" }),
});

/** A number as JSON has it. jsonb and Avro's double know no infinity either. */
const amount = z.number();

export const PurchaseEvent = z.object({
  event_name: z.enum(eventNames.purchase),
  event_type: z.literal("purchase"),
  triggered_at: instant,
  user_details: userDetails,
  event_details: z.object({ item_id: z.int(), item_name: text, price: amount }),
});

export const OrderEvent = z.object({
  event_name: z.enum(eventNames.order),
  event_type: z.literal("order"),
  triggered_at: instant,
  user_details: userDetails,
  event_details: z.object({ order_id: z.int(), order_value: amount }),
});

export const DeliveryEvent = z.object({
  event_name: z.enum(eventNames.delivery),
  event_type: z.literal("delivery"),
  triggered_at: instant,
  user_details: userDetails,
  event_details: z.object({ tracking_id: z.int(), carrier: text }),
});

/** The schema of each type. */
export const eventSchemas = { order: OrderEvent, purchase: PurchaseEvent, delivery: DeliveryEvent } as const;

export type PurchaseEvent = z.output<typeof PurchaseEvent>;
export type OrderEvent = z.output<typeof OrderEvent>;
export type DeliveryEvent = z.output<typeof DeliveryEvent>;
export type CommerceEvent = PurchaseEvent | OrderEvent | DeliveryEvent;

/** The schema of a type whose name is known at run time only. */
export function eventSchema(type: EventType): z.ZodType<CommerceEvent> {
  return eventSchemas[type];
}

/** What is checked of an event whose type is none of the three, so that it hears of everything that is wrong at once. */
export const EventOfUnknownType = z.object({
  event_name: text,
  event_type: z.enum(eventTypes),
  triggered_at: instant,
  user_details: userDetails,
  event_details: z.looseObject({}),
});

export function isEventType(value: unknown): value is EventType {
  return eventTypes.some((type) => type === value);
}

/** The record key of an event. */
export function keyOf({ user_details }: CommerceEvent): string {
  return String(user_details.user_id);
}

function inUtc(text: string): string | undefined {
  const fraction = /\.(\d+)/.exec(text)?.[1]?.slice(0, 6).padEnd(3, "0") ?? "000";
  const whole = new Date(text.replace(/\.\d+/, "")).toISOString();
  const isInRange = whole.length === 24 && !whole.startsWith("0000");
  return isInRange ? `${whole.slice(0, 19)}.${fraction}Z` : undefined;
}
