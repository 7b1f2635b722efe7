// Every format of schema, delivered as JSON and as SOURCE, for keys, values and both: what a function sees, to the letter.
import type { Schema } from "avsc";
import protobuf from "protobufjs";
import { afterEach, describe, expect, test } from "vitest";
import type { WireRecord } from "../../../../lib/kafka/event.ts";
import { freshTopic, produce } from "../../../support/kafka.ts";
import { schemaRegistryUrl } from "../../../support/on-demand.ts";
import { until } from "../../../support/until.ts";
import { RecordingInvoker, recordsOf, run, stopAll } from "../running.ts";
import { registered } from "./confluent-subjects.ts";
import { type Attribute, avroBytes, framed, readingSettings } from "./registered.ts";

afterEach(stopAll);

/** A schema, a payload under it as a client writes it, and the payload as JSON. */
interface Sample {
  readonly type: "AVRO" | "JSON" | "PROTOBUF";
  readonly schema: string;
  readonly payload: Buffer;
  readonly json: string;
}

const ORDER: Schema = {
  type: "record",
  name: "Order",
  fields: [
    { name: "order_id", type: "string" },
    { name: "total", type: ["null", "long"] },
  ],
};
const PROTO =
  'syntax = "proto3"; package shop; message Other { int32 n = 1; } message Order { string order_id = 1; int64 total = 2; }';
const protoOrder = protobuf.parse(PROTO, { keepCase: true }).root.lookupType("shop.Order");

const samples: readonly Sample[] = [
  {
    type: "AVRO",
    schema: JSON.stringify(ORDER),
    payload: avroBytes(ORDER, { order_id: "o-1", total: 3 }),
    json: '{"order_id":"o-1","total":3}',
  },
  {
    type: "JSON",
    schema: '{"type":"object","required":["order_id"],"properties":{"total":{"type":"integer"}}}',
    payload: Buffer.from('{ "order_id": "o-1", "total": 3 }'),
    json: '{ "order_id": "o-1", "total": 3 }',
  },
  {
    type: "PROTOBUF",
    schema: PROTO,
    payload: Buffer.concat([
      Buffer.from([2, 2]), // one place, the second message
      protoOrder.encode(protoOrder.create({ order_id: "o-1", total: 3 })).finish(),
    ]),
    json: '{"order_id":"o-1","total":"3"}',
  },
];

async function delivered(topic: string, format: string, attributes: readonly Attribute[]): Promise<WireRecord> {
  const invoker = new RecordingInvoker();
  await run({ topic, settings: readingSettings(await schemaRegistryUrl(), format, ...attributes), invoker });
  await until(() => invoker.events.length === 1, "the event");
  return recordsOf(invoker.events[0]!)[0]!;
}

describe.each(samples)("$type", ({ type, schema, payload, json }) => {
  test.each(["JSON", "SOURCE"])("as %s", async (format) => {
    const topic = await freshTopic({ partitions: 1 });
    const { id } = await registered(type, schema);
    const bytes = framed(id, payload);
    await produce(topic, [{ key: bytes, value: bytes, headers: { trace: "t" }, timestamp: "1763683200000" }]);
    const place = {
      ...{ topic, partition: 0, offset: 0, timestamp: 1_763_683_200_000, timestampType: "CREATE_TIME" },
      headers: [{ trace: [116] }],
    };
    const whole = bytes.toString("base64");
    const read = (format === "JSON" ? Buffer.from(json) : payload).toString("base64");
    const metadata = { dataFormat: type, schemaId: String(id) };
    const [value, key, both] = await Promise.all([
      delivered(topic, format, ["VALUE"]),
      delivered(topic, format, ["KEY"]),
      delivered(topic, format, ["KEY", "VALUE"]),
    ]);
    expect(value).toEqual({ ...place, key: whole, value: read, valueSchemaMetadata: metadata });
    expect(key).toEqual({ ...place, key: read, value: whole, keySchemaMetadata: metadata });
    const pair = { keySchemaMetadata: metadata, valueSchemaMetadata: metadata };
    expect(both).toEqual({ ...place, key: read, value: read, ...pair });
  });
});

describe("schemas that refer to others", () => {
  test.each<[Sample["type"], { name: string; text: string }, string, Buffer, string]>([
    [
      "AVRO",
      {
        name: "shop.Customer",
        text: '{"type":"record","name":"Customer","namespace":"shop","fields":[{"name":"id","type":"int"}]}',
      },
      '{"type":"record","name":"Sale","namespace":"shop","fields":[{"name":"customer","type":"shop.Customer"}]}',
      Buffer.from([14]),
      '{"customer":{"id":7}}',
    ],
    [
      "JSON",
      {
        name: "customer.json",
        text: '{"$schema":"http://json-schema.org/draft-07/schema#","type":"object","required":["id"]}',
      },
      '{"$schema":"http://json-schema.org/draft-07/schema#","type":"object","properties":{"customer":{"$ref":"customer.json"}}}',
      Buffer.from('{"customer":{"id":7}}'),
      '{"customer":{"id":7}}',
    ],
    [
      "PROTOBUF",
      { name: "customer.proto", text: 'syntax = "proto3"; package people; message Customer { int32 id = 1; }' },
      'syntax = "proto3"; import "customer.proto"; message Sale { people.Customer customer = 1; }',
      Buffer.from([0, 10, 2, 8, 7]),
      '{"customer":{"id":7}}',
    ],
  ])("%s", async (type, { name, text }, schema, payload, json) => {
    const topic = await freshTopic({ partitions: 1 });
    const { subject } = await registered(type, text);
    const { id } = await registered(type, schema, [{ name, subject, version: 1 }]);
    await produce(topic, [{ value: framed(id, payload) }]);
    const { value } = await delivered(topic, "JSON", ["VALUE"]);
    expect(Buffer.from(value!, "base64").toString()).toBe(json);
  });
});
