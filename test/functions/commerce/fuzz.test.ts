// Whatever stands on a topic is read or refused, and whatever stands among the dead letters has its way: nothing throws, nothing is lost.
import fc from "fast-check";
import { beforeAll, expect, test } from "vitest";
import { avroSchemas } from "../../../functions/commerce/avro.ts";
import { correction } from "../../../functions/commerce/correction.ts";
import { eventEncoders } from "../../../functions/commerce/encoders.ts";
import { eventSchema, eventTypes } from "../../../functions/commerce/schema.ts";
import { eventsIn } from "../../../functions/commerce/track.ts";
import { decoder, Refusal } from "../../../lib/kafka/decode.ts";
import type { WireRecord } from "../../../lib/kafka/event.ts";
import { registryFormat } from "../../../lib/registry/format.ts";
import { memoryRegistry } from "../../lib/registry/registry.ts";
import { wireRecord } from "../../support/kafka-event.ts";
import { samples } from "./events.ts";
import { garbage, garbageRecord } from "./garbage.ts";

const topics = { order: "event_order", purchase: "event_purchase", delivery: "event_delivery" };
const registry = memoryRegistry();
const encoders = eventEncoders(registry, topics);
const anything = registry.add({ kind: "JSON", text: "{}" });
registry.add({ text: "not a schema" });
registry.add({
  text: JSON.stringify({ type: "record", name: "Tree", fields: [{ name: "child", type: ["null", "Tree"] }] }),
});
registry.add({ kind: "PROTOBUF", text: "message A {}" });
const valid: Buffer[] = [];

beforeAll(async () => {
  for (const type of eventTypes) valid.push(await encoders[type].encode(samples[type]));
});

const bytes = garbage({ valid, jsonId: anything, treeId: 3 });
const record = garbageRecord(bytes).map(
  ({ value, key, headers }): WireRecord =>
    wireRecord({ topic: "events_dlq", partition: 0 }, { offset: 5, value, key, headers }),
);

test("a record is an event or refused with a reason that tells no values", async () => {
  const readers = await Promise.all(
    eventTypes.map(async (type) => {
      const format = registryFormat({ registry, schema: avroSchemas[type] });
      return { format, decode: decoder(eventSchema(type), format) };
    }),
  );
  await fc.assert(
    fc.asyncProperty(record, fc.nat(2), async (wire, which) => {
      const { format, decode } = readers[which]!;
      await format.prepare?.([wire]);
      const read = decode(wire);
      if (read instanceof Refusal) expect(read.message).not.toMatch(/DROP TABLE|xxxx/);
      else expect(eventTypes).toContain(read.event_type);
    }),
    { numRuns: 2_000 },
  );
});

test("a dead letter goes back to a topic of events as a valid one, or is parked with its bytes", async () => {
  const { prepare, route } = correction({
    format: registryFormat({ registry }),
    ...{ encoders, topics, parkedTopic: "events_parked", now: () => new Date(0) },
  });
  const formats = eventTypes.map((type) => ({ type, format: registryFormat({ registry, schema: avroSchemas[type] }) }));
  await fc.assert(
    fc.asyncProperty(record, async (wire) => {
      await prepare?.([wire]);
      const { topic, way, message } = await route(wire);
      if (way === "parked") {
        expect(topic).toBe("events_parked");
        expect(message.value?.toString("base64")).toBe(wire.value);
        expect(message.headers).toHaveProperty(["parked.reason"]);
        expect(message.headers).toHaveProperty("origin");
        return;
      }
      const { type, format } = formats.find((one) => topics[one.type] === topic)!;
      const again = wireRecord({ topic, partition: 0 }, { offset: 0, value: message.value });
      await format.prepare?.([again]);
      expect(decoder(eventSchema(type), format)(again)).toMatchObject({ event_type: type });
      expect(Number(String(message.headers?.attempt))).toBeGreaterThan(1);
    }),
    { numRuns: 2_000 },
  );
});

test("a body is events or everything that is wrong with it", () => {
  fc.assert(
    fc.property(bytes, (body) => {
      const read = eventsIn(body);
      if ("errors" in read) expect(read.errors.length).toBeGreaterThan(0);
      else expect(read.events.length).toBeGreaterThan(0);
    }),
    { numRuns: 1_000 },
  );
});
