// What a schema registry adds to a record in the event source: the time its value takes to become JSON, by format, on one core.

import avro from "avsc";
import protobuf from "protobufjs";
import { decoderOf } from "../../localstack/event-source/schemas/decoder.ts";
import type { RegisteredSchema } from "../../localstack/event-source/schemas/registry.ts";

const SECONDS = 3;
const WARM_UP = 20_000;

const fields = [
  ["payment_id", "string"],
  ["customer_id", "string"],
  ["merchant", "string"],
  ["description", "string"],
  ["currency", "string"],
  ["amount_cents", "long"],
  ["created_at", "long"],
  ["attempts", "int"],
  ["latitude", "double"],
  ["is_paid", "boolean"],
] as const;
const payment = {
  payment_id: "5a0c2f4e-9d1b-4c5f-8a43-1f5c2f0f7f10",
  customer_id: "customer-000123456",
  merchant: "A shop with a name of an ordinary length",
  description:
    "Two of these, one of those, and what else there was on the list of that day; to be left at the door.".repeat(2),
  currency: "BRL",
  amount_cents: 1_234_567,
  created_at: 1_763_683_200_123,
  attempts: 2,
  latitude: -23.5505,
  is_paid: true,
};

const record = {
  type: "record",
  name: "Payment",
  fields: fields.map(([name, type]) => ({ name, type })),
} satisfies avro.Schema;
const protobufTypes: Readonly<Record<string, string>> = { long: "int64", int: "int32", boolean: "bool" };
const proto = `syntax = "proto3"; message Payment { ${fields.map(([name, type], i) => `${protobufTypes[type] ?? type} ${name} = ${i + 1};`).join(" ")} }`;
const jsonSchema = {
  type: "object",
  required: fields.map(([name]) => name),
  properties: Object.fromEntries(
    fields.map(([name, type]) => [
      name,
      { type: type === "string" || type === "boolean" ? type : type === "double" ? "number" : "integer" },
    ]),
  ),
};
const message = protobuf.parse(proto, { keepCase: true }).root.lookupType("Payment");

const cases: readonly (readonly [RegisteredSchema["dataFormat"], text: string, payload: Buffer])[] = [
  ["AVRO", JSON.stringify(record), avro.Type.forSchema(record).toBuffer(payment)],
  ["JSON", JSON.stringify(jsonSchema), Buffer.from(JSON.stringify(payment))],
  // The message's index goes before it.
  ["PROTOBUF", proto, Buffer.concat([Buffer.of(0), message.encode(message.create(payment)).finish()])],
];

console.log("\ndecoding values with a registry's schemas, one core:");
for (const [dataFormat, text, payload] of cases) {
  const { toJson } = await decoderOf({ dataFormat, text, references: [] }, "confluent");
  const json = JSON.parse(toJson(payload).toString());
  if (json.payment_id !== payment.payment_id) throw new Error(`${dataFormat}: ${JSON.stringify(json)}`);
  for (let i = 0; i < WARM_UP; i++) toJson(payload);
  const began = performance.now();
  let count = 0;
  while (performance.now() - began < SECONDS * 1000) {
    for (let i = 0; i < 1000; i++) toJson(payload);
    count += 1000;
  }
  const ms = performance.now() - began;
  const rate = Math.round((count * 1000) / ms).toLocaleString("en-US");
  console.log(
    `  ${dataFormat.padEnd(9)} ${payload.length} bytes: ${rate.padStart(9)} records/s, ${((ms * 1000) / count).toFixed(2)} µs each`,
  );
}
