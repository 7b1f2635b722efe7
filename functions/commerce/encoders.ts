// Events as their topics' values: Avro in the schema registry's wire format. Pure; the registry is passed in.

import type { SchemaRegistry } from "../../lib/registry/client.ts";
import { type Encoder, registryEncoder } from "../../lib/registry/encoder.ts";
import { avroSchemas } from "./avro.ts";
import type { CommerceEvent, EventType } from "./schema.ts";

/** The encoder of each type. */
export function eventEncoders(
  registry: SchemaRegistry,
  topics: Readonly<Record<EventType, string>>,
): Readonly<Record<EventType, Encoder<CommerceEvent>>> {
  const encoder = (type: EventType) =>
    registryEncoder<CommerceEvent>({ registry, topic: topics[type], schema: avroSchemas[type] });
  return { order: encoder("order"), purchase: encoder("purchase"), delivery: encoder("delivery") };
}
