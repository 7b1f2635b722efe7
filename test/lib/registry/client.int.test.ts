// The client on a real registry: what it gives out comes back, what is incompatible is refused, what nobody registered is unknown.
import { randomUUID } from "node:crypto";
import { expect, test } from "vitest";
import { ConfigError } from "../../../lib/errors.ts";
import { schemaRegistry } from "../../../lib/registry/client.ts";
import { registryEncoder } from "../../../lib/registry/encoder.ts";
import { registryFormat } from "../../../lib/registry/format.ts";
import { PAYLOAD_START, writePrefix } from "../../../lib/registry/wire-format.ts";
import { wireRecord } from "../../support/kafka-event.ts";
import { schemaRegistryUrl } from "../../support/on-demand.ts";

const field = (name: string, type: unknown, more: object = {}) => ({ name, type, ...more });
const record = (...fields: object[]) => ({ type: "record", name: "Sale", fields });
const freshTopic = () => `sales-${randomUUID().slice(0, 8)}`;

test("a schema has one id, by which it is found again; an id that nobody has is unknown", async () => {
  const registry = schemaRegistry(await schemaRegistryUrl());
  const schema = JSON.stringify(record(field("id", "long")));
  const subject = `${freshTopic()}-value`;
  const id = await registry.register(subject, schema);
  expect(await registry.register(subject, schema)).toBe(id);
  const found = await registry.schema(id);
  expect({ ...found, text: JSON.parse(found?.text ?? "") }).toEqual({
    kind: "AVRO",
    text: JSON.parse(schema),
    hasReferences: false,
  });
  expect(await registry.schema(2_000_000_000)).toBeUndefined();
});

test("a new optional field is the next version; a field without a default is refused, and the message says what to do", async () => {
  const registry = schemaRegistry(await schemaRegistryUrl());
  const topic = freshTopic();
  const encode = (schema: object, value: unknown) => registryEncoder({ registry, topic, schema }).encode(value);
  const first = await encode(record(field("id", "long")), { id: 1 });
  const note = field("note", ["null", "string"], { default: null });
  const second = await encode(record(field("id", "long"), note), { id: 1, note: "x" });
  expect(second.readUInt32BE(1)).not.toBe(first.readUInt32BE(1));
  const refused = encode(record(field("id", "long"), field("price", "double")), { id: 1, price: 1 });
  await expect(refused).rejects.toThrow(ConfigError);
  await expect(refused).rejects.toThrow(`Subject '${topic}-value' does not take this schema: it is incompatible`);
});

test("a value under a JSON Schema is read", async () => {
  const url = await schemaRegistryUrl();
  const schema = { $schema: "http://json-schema.org/draft-07/schema#", type: "object", title: randomUUID() };
  const response = await fetch(`${url}/subjects/${freshTopic()}-value/versions`, {
    method: "POST",
    headers: { "content-type": "application/vnd.schemaregistry.v1+json" },
    body: JSON.stringify({ schemaType: "JSON", schema: JSON.stringify(schema) }),
  });
  const { id }: { id: number } = JSON.parse(await response.text());
  const value = Buffer.concat([Buffer.alloc(PAYLOAD_START), Buffer.from('{"id":7}')]);
  writePrefix(value, id);
  const format = registryFormat({ registry: schemaRegistry(url), schema: record(field("id", "long")) });
  await format.prepare?.([wireRecord({ topic: "sales", partition: 0 }, { offset: 0, value })]);
  expect(format.read(value)).toEqual({ id: 7 });
});
