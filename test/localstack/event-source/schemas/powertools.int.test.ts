// Powertools for TypeScript reads our SOURCE events of every format, from both registries, as it reads AWS's.
import { kafkaConsumer, SchemaType } from "@aws-lambda-powertools/kafka";
import type { Schema } from "avsc";
import type { Context } from "aws-lambda";
import protobuf from "protobufjs";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { type GlueServer, startGlue } from "../../../support/glue-server.ts";
import { freshTopic, produce } from "../../../support/kafka.ts";
import { schemaRegistryUrl } from "../../../support/on-demand.ts";
import { until } from "../../../support/until.ts";
import { RecordingInvoker, recordsOf, run, stopAll, textOf } from "../running.ts";
import { registered } from "./confluent-subjects.ts";
import { avroBytes, framed, readingSettings } from "./registered.ts";

const ARN = "arn:aws:glue:us-east-1:123456789012:registry/orders";
const PRODUCT: Schema = {
  type: "record",
  name: "Product",
  fields: [
    { name: "id", type: "string" },
    { name: "name", type: "string" },
    { name: "price", type: "double" },
  ],
};
const PROTO = `syntax = "proto3"; package shop; message Address { string city = 1; }
  message Product { string id = 1; string name = 2; double price = 3; }`;
const Product = protobuf.parse(PROTO).root.lookupType("shop.Product");
// Powertools guesses how Confluent's index is written. After `02 02` a field of 36 characters, as in AWS's published event, tells it.
const product = { id: "a8e40971-1552-420d-a7c9-b8982325702d", name: "Laptop", price: 999.99 };

const formats = {
  AVRO: {
    schema: JSON.stringify(PRODUCT),
    payload: () => avroBytes(PRODUCT, product),
    config: { type: SchemaType.AVRO, schema: JSON.stringify(PRODUCT) },
  },
  JSON: {
    schema: '{"$schema":"http://json-schema.org/draft-07/schema#","type":"object"}',
    payload: () => Buffer.from(JSON.stringify(product)),
    config: { type: SchemaType.JSON },
  },
  PROTOBUF: {
    schema: PROTO,
    // Confluent: one place, the second message. Glue: the second by name.
    payload: (kind: string) =>
      Buffer.concat([Buffer.from(kind === "glue" ? [1] : [2, 2]), Product.encode(product).finish()]),
    config: { type: SchemaType.PROTOBUF, schema: Product },
  },
} as const;

let glue: GlueServer;
beforeAll(async () => {
  glue = await startGlue();
});
afterEach(stopAll);
afterAll(() => glue.close());

async function valueFor(kind: string, format: keyof typeof formats): Promise<Buffer> {
  const { schema, payload } = formats[format];
  if (kind === "confluent") return framed((await registered(format, schema)).id, payload(kind));
  const uuid = glue.add({ format, definition: schema }).replaceAll("-", "");
  return Buffer.concat([Buffer.from([3, 0]), Buffer.from(uuid, "hex"), payload(kind)]);
}

async function delivered(kind: string, value: Buffer, format: "JSON" | "SOURCE") {
  const topic = await freshTopic({ partitions: 1 });
  await produce(topic, [{ key: "42", value }]);
  const invoker = new RecordingInvoker();
  const uri = kind === "glue" ? ARN : await schemaRegistryUrl();
  await run({ topic, settings: readingSettings(uri, format, "VALUE"), invoker, awsEndpoint: glue.endpoint });
  await until(() => invoker.events.length === 1, "the event");
  return invoker.events[0]!;
}

test.each(
  ["confluent", "glue"].flatMap((kind) =>
    (["AVRO", "JSON", "PROTOBUF"] as const).map((format) => [kind, format] as const),
  ),
)("%s, %s", async (kind, format) => {
  const event = await delivered(kind, await valueFor(kind, format), "SOURCE");
  const read: unknown[] = [];
  const handler = kafkaConsumer(
    async ({ records }) => {
      for (const { key, value } of records) read.push({ key, value: { ...(value as object) } });
    },
    { value: formats[format].config },
  );
  await handler(JSON.parse(JSON.stringify(event)), {} as Context);
  expect(read).toEqual([{ key: "42", value: product }]);
});

// The values of events that AWS sent, published in aws-powertools/powertools-lambda-typescript: packages/kafka/tests/events/protobuf-complex.*.json
const USER = `syntax = "proto3"; package com.example.protobuf;
  message Address { string street = 1; string city = 2; string zip = 3; }
  message UserProfile { string userId = 1; string name = 2; string email = 3; int32 age = 4; bool isActive = 5;
    string signupDate = 6; repeated string tags = 7; map<string, string> preferences = 9; Address address = 10; }`;
const CONFLUENT =
  "AgIKJGE4ZTQwOTcxLTE1NTItNDIwZC1hN2M5LWI4OTgyMzI1NzAyZBIDQm9iGg9ib2JAZXhhbXBsZS5jb20gHCgBMgoyMDI0LTAyLTAyOgR0YWcxOgR0YWcyQQAAAAAAAFZASg4KBXRoZW1lEgVsaWdodFIZCgcxMjMgQXZlEgdTZWF0dGxlGgU5ODEwMQ==";
const GLUE =
  "AQoDMTIzEgRUZXN0Ggx0ZXN0QGdteC5jb20gCjIKMjAyNS0wNi0yMDoEdGFnMToEdGFnMkoOCgV0aGVtZRIFbGlnaHRSGgoKTXl0aGVucXVhaRIGWnVyaWNoGgQ4MDAy";

test.each([
  ["confluent", CONFLUENT, { name: "Bob", address: { street: "123 Ave", city: "Seattle", zip: "98101" } }],
  ["glue", GLUE, { name: "Test", address: { street: "Mythenquai", city: "Zurich", zip: "8002" } }],
])(
  "what AWS sent as SOURCE comes out of its registry's framing, and reads as its message: %s",
  async (kind, value, user) => {
    const payload = Buffer.from(value, "base64");
    const uuid = glue.add({ format: "PROTOBUF", definition: USER }).replaceAll("-", "");
    const bytes =
      kind === "glue"
        ? Buffer.concat([Buffer.from([3, 0]), Buffer.from(uuid, "hex"), payload])
        : framed((await registered("PROTOBUF", USER)).id, payload);
    const [source, json] = await Promise.all([delivered(kind, bytes, "SOURCE"), delivered(kind, bytes, "JSON")]);
    expect(recordsOf(source)[0]?.value).toBe(value);
    const read = JSON.parse(textOf(recordsOf(json)[0]!));
    expect(read).toMatchObject({ ...user, tags: ["tag1", "tag2"], preferences: { theme: "light" } });
  },
);
