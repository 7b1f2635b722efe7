// The Avro schemas of the three topics' values, as they are registered under `<topic>-value`; a file has its topic's name.
// A change must let old readers read new records and new readers old ones: add fields with a default, never rename or retype one.

import type { AvroSchema } from "../../lib/registry/avro.ts";
import delivery from "./event_delivery.avsc.json" with { type: "json" };
import order from "./event_order.avsc.json" with { type: "json" };
import purchase from "./event_purchase.avsc.json" with { type: "json" };
import type { EventType } from "./schema.ts";

export const avroSchemas: Readonly<Record<EventType, AvroSchema>> = { order, purchase, delivery };
