// Commerce events as the summary's suites need them: by name, amount and carrier.

import * as z from "zod";
import type { CommerceEvent } from "../../../../functions/commerce/schema.ts";
import { DeliveryEvent, type eventNames, OrderEvent, PurchaseEvent } from "../../../../functions/commerce/schema.ts";
import { delivery, order, purchase } from "../events.ts";

type Names = typeof eventNames;

export const AnyEvent = z.discriminatedUnion("event_type", [PurchaseEvent, OrderEvent, DeliveryEvent]);

export function purchased(event_name: Names["purchase"][number], price: number): CommerceEvent {
  return { ...purchase, event_name, event_details: { ...purchase.event_details, price } };
}

export function ordered(event_name: Names["order"][number], order_value: number): CommerceEvent {
  return { ...order, event_name, event_details: { ...order.event_details, order_value } };
}

export function carried(event_name: Names["delivery"][number], carrier: string): CommerceEvent {
  return { ...delivery, event_name, event_details: { ...delivery.event_details, carrier } };
}
