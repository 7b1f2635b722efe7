// Commerce events that somebody put straight on a topic, broken or odd: the bytes of each kind.
// Bytes carry a placeholder for a schema's id, which only the registry knows; `seal` puts the id there.
import delivery from "../../functions/commerce/event_delivery.avsc.json" with { type: "json" };
import order from "../../functions/commerce/event_order.avsc.json" with { type: "json" };
import purchase from "../../functions/commerce/event_purchase.avsc.json" with { type: "json" };
import { avroType } from "../../lib/registry/avro.ts";
import { encoded } from "../../lib/registry/encoder.ts";
import { PAYLOAD_START, schemaIdOf, writePrefix } from "../../lib/registry/wire-format.ts";
import type { CommerceFacts, EventType, SentEvent } from "./commerce-facts.ts";
import type { CommerceKind } from "./commerce-kinds.ts";
import { noise } from "./damage.ts";
import type { GeneratedRecord, Kind, SealEdges } from "./generator.ts";
import { type Draw, integer, pick } from "./random.ts";

// What stands for a schema's id until it is known. An id that no registry has given out yet stays as it is.
const placeholders = {
  order: 0xffff_0001,
  purchase: 0xffff_0002,
  delivery: 0xffff_0003,
  json: 0xffff_0004,
  texts: 0xffff_0005,
} as const;
const NOBODY = 0x7fff_fff0;
const MEGABYTE = 1_000_000;

const types = { order: avroType(order), purchase: avroType(purchase), delivery: avroType(delivery) } as const;
/** What somebody might register who keeps everything as text. */
const textsAvro = {
  type: "record",
  name: "AnyEvent",
  namespace: "elsewhere",
  fields: [
    ...["event_name", "event_type", "triggered_at"].map((name) => ({ name, type: "string" })),
    ...["user_details", "event_details"].map((name) => ({ name, type: { type: "map", values: "string" } })),
  ],
};
const textsType = avroType(textsAvro);
const anyObject = { $schema: "http://json-schema.org/draft-07/schema#", type: "object" };

/** The bytes that stand on the topic of the event's type. */
export function commerceDamage(kind: Kind, { event }: CommerceFacts, draw: Draw): Buffer | null {
  switch (kind as CommerceKind) {
    case "flattened": {
      const { event_details, ...rest } = event;
      return json({ ...rest, ...event_details });
    }
    case "missing-user":
      return json({ ...event, user_details: undefined });
    case "numbers-as-text":
      return json({ ...event, event_details: texts(event.event_details) });
    case "wrong-case":
      return json({
        ...event,
        event_name: shouted(event.event_name, draw),
        event_type: event.event_type.toUpperCase(),
      });
    case "epoch-time":
      return json({ ...event, triggered_at: Date.parse(event.triggered_at) });
    case "spaced-time":
      return json({ ...event, triggered_at: event.triggered_at.replace("T", " ").replace("Z", "") });
    case "aliases": {
      const { event_name, triggered_at, user_details, ...rest } = event;
      return json({ ...rest, eventName: event_name, timestamp: triggered_at, user: { id: user_details.user_id } });
    }
    case "bare-json":
      return Buffer.from(JSON.stringify(event));
    case "other-schema":
      return encoded(textsType, placeholders.texts, { ...event, event_details: texts(event.event_details) });
    case "json-schema":
      return json(event);
    case "sql-text":
      return avro(withText(event, "Robert'); DROP TABLE processed_events; --"));
    case "long-text":
      return avro(withText(event, "é".repeat(MEGABYTE / 2)));
    case "random-bytes":
      return noise(draw);
    case "unknown-schema":
      return encoded(types[event.event_type], NOBODY, event);
    case "truncated":
      return avro(event).subarray(0, integer(draw, 1, avro(event).length));
    case "not-an-id":
      return json(withId(event, "forty-two"));
    case "missing-details":
      return json({ ...event, event_details: undefined });
    case "huge-number":
      return json(withId(event, 1e30));
    case "nul-text":
      return json({ ...event, user_details: { user_id: `${event.user_details.user_id}\0` } });
    case "other-topic":
      return json({ ...event, event_type: event.event_type === "order" ? "purchase" : "order" });
    case "long-and-broken":
      return json({ ...withId(event, null), note: "x".repeat(MEGABYTE) });
    case "tombstone":
      return null;
    default:
      throw new Error(`A commerce event can't be bad as '${kind}'`);
  }
}

/** Registers what the bytes were written with, each under a subject of its own where the topic's would refuse it. */
export async function seal({ schemaRegistryUrl }: SealEdges) {
  const { schemaRegistry } = await import("../../lib/registry/client.ts");
  const registry = schemaRegistry(schemaRegistryUrl);
  const [orderId, purchaseId, deliveryId, textsId, jsonId] = await Promise.all([
    registry.register("event_order-value", JSON.stringify(order)),
    registry.register("event_purchase-value", JSON.stringify(purchase)),
    registry.register("event_delivery-value", JSON.stringify(delivery)),
    registry.register("any_event-value", JSON.stringify(textsAvro)),
    registry.register("loose_event-value", JSON.stringify(anyObject), "JSON"),
  ]);
  const ids = new Map<number, number>([
    [placeholders.order, orderId],
    [placeholders.purchase, purchaseId],
    [placeholders.delivery, deliveryId],
    [placeholders.texts, textsId],
    [placeholders.json, jsonId],
  ]);
  return (value: GeneratedRecord["value"]): GeneratedRecord["value"] => {
    const id = Buffer.isBuffer(value) ? ids.get(schemaIdOf(value) ?? Number.NaN) : undefined;
    if (!Buffer.isBuffer(value) || id === undefined) return value;
    const copy = Buffer.from(value);
    writePrefix(copy, id);
    return copy;
  };
}

function avro(event: SentEvent): Buffer {
  return encoded(types[event.event_type], placeholders[event.event_type], event);
}

function json(value: unknown): Buffer {
  const bytes = Buffer.concat([Buffer.alloc(PAYLOAD_START), Buffer.from(JSON.stringify(value))]);
  writePrefix(bytes, placeholders.json);
  return bytes;
}

const idFields = { order: "order_id", purchase: "item_id", delivery: "tracking_id" } as const satisfies Record<
  EventType,
  string
>;

function withId(event: SentEvent, id: unknown): object {
  return { ...event, event_details: { ...event.event_details, [idFields[event.event_type]]: id } };
}

/** Where an event has no name of a thing, its user has one. */
function withText(event: SentEvent, text: string): SentEvent {
  if (event.event_type === "purchase") return { ...event, event_details: { ...event.event_details, item_name: text } };
  return { ...event, user_details: { user_id: text } };
}

function texts(details: object): object {
  return Object.fromEntries(Object.entries(details).map(([name, value]) => [name, String(value)]));
}

function shouted(name: string, draw: Draw): string {
  const words = name.split("_");
  const capitals = words.map((word) => word.charAt(0).toUpperCase() + word.slice(1));
  return pick(draw, [name.toUpperCase(), capitals.join(" "), capitals.join(""), words.join("-")]);
}
