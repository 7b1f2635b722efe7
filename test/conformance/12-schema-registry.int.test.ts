// Group 12: schema registries: what a function sees of a record with a schema, and what becomes of one that can't be read.
import type { Schema } from "avsc";
import protobuf from "protobufjs";
import { expect } from "vitest";
import { registered } from "../localstack/event-source/schemas/confluent-subjects.ts";
import { avroBytes, framed } from "../localstack/event-source/schemas/registered.ts";
import { freshTopic } from "../support/kafka.ts";
import { schemaRegistryUrl } from "../support/on-demand.ts";
import { behaves } from "./behaviour.ts";
import { realFunction } from "./real-function.ts";
import { AT_ONCE, failureTopic, PROVISIONED, type Scene, type SceneOptions, scene } from "./scene.ts";

const PAGE = "services-consume-kafka-events";
const EVENTS = "aws-powertools/powertools-lambda-typescript:packages/kafka/tests/events";
const TRADE: Schema = { type: "record", name: "Trade", fields: [{ name: "s", type: "string" }] };
const JSON_TEXT = '{"s":"BTCUSDT"}';

behaves(
  {
    behaviour:
      "SOURCE: the original bytes without the registry's prefix, and metadata with the format and the id as text",
    source: [PAGE, EVENTS],
    grade: "D/R",
  },
  async () => {
    const { id, value, payload } = await trade();
    const { untilCommitted, ...made } = await reading({ format: "SOURCE", records: [{ value }] });
    await untilCommitted(1);
    expect(recordOf(made)).toMatchObject({
      value: payload.toString("base64"),
      valueSchemaMetadata: { dataFormat: "AVRO", schemaId: String(id) },
    });
  },
);

behaves({ behaviour: "JSON: the base64 of the deserialized value's JSON text", source: PAGE, grade: "U" }, async () => {
  const { value } = await trade();
  const { untilCommitted, ...made } = await reading({ format: "JSON", records: [{ value }] });
  await untilCommitted(1);
  expect(Buffer.from(recordOf(made)?.value ?? "", "base64").toString()).toBe(JSON_TEXT);
});

behaves(
  {
    behaviour: "an attribute that is not selected is left as it is, its prefix included, and has no metadata",
    source: PAGE,
    grade: "I",
  },
  async () => {
    const { value } = await trade();
    const { untilCommitted, ...made } = await reading({
      format: "SOURCE",
      records: [{ key: value, value }],
      only: "KEY",
    });
    await untilCommitted(1);
    const record = recordOf(made);
    expect(record?.value).toBe(value.toString("base64"));
    expect(record).toHaveProperty("keySchemaMetadata");
    expect(record).not.toHaveProperty("valueSchemaMetadata");
  },
);

behaves(
  { behaviour: "SOURCE: Protobuf keeps the message index after the prefix", source: EVENTS, grade: "R" },
  async () => {
    const { id, payload } = await protoTrade();
    const value = framed(id, payload);
    const { untilCommitted, ...made } = await reading({ format: "SOURCE", records: [{ value }] });
    await untilCommitted(1);
    expect(recordOf(made)).toMatchObject({
      value: payload.toString("base64"),
      valueSchemaMetadata: { dataFormat: "PROTOBUF", schemaId: String(id) },
    });
  },
);

behaves(
  {
    behaviour:
      "a schema that the registry does not have: to the destination as SCHEMA_NOT_FOUND, the function is not asked",
    source: PAGE,
    grade: "D",
  },
  async () => {
    const failures = await failureTopic();
    const value = framed(2_000_000_000, Buffer.from([2]));
    const { values, untilCommitted } = await reading({ settings: failures.settings, records: [{ value }] });
    await untilCommitted(1);
    expect(values()).toEqual([]);
    const [body] = await failures.bodies();
    expect(body.requestContext.condition).toBe("SCHEMA_NOT_FOUND");
  },
);

behaves(
  {
    behaviour:
      "bytes that their schema can't read: to the destination as DESERIALIZATION_ERROR, good neighbours are sent",
    source: PAGE,
    grade: "D",
  },
  async () => {
    const failures = await failureTopic();
    const { id, value } = await trade();
    const damaged = framed(id, Buffer.from([0xff]));
    const records = [{ value }, { value: damaged }, { value: Buffer.from("no prefix at all") }, { value }];
    const made = await reading({ settings: failures.settings, records });
    await made.untilCommitted(4);
    expect(made.values()).toEqual([JSON_TEXT, JSON_TEXT]);
    const bodies = await failures.bodies();
    expect(bodies.map(({ requestContext }) => requestContext.condition)).toEqual([
      "DESERIALIZATION_ERROR",
      "DESERIALIZATION_ERROR",
    ]);
    expect(bodies.map(({ KafkaBatchInfo }) => KafkaBatchInfo.recordInfo.offset)).toEqual(["1", "2"]);
  },
);

behaves(
  { behaviour: "without a destination a record that can't be read is dropped", source: PAGE, grade: "D" },
  async () => {
    const { id, value } = await trade();
    const damaged = framed(id, Buffer.from([0xff]));
    const { values, counters, untilCommitted } = await reading({ records: [{ value: damaged }, { value }] });
    await untilCommitted(2);
    expect(values()).toEqual([JSON_TEXT]);
    expect(counters().droppedEventCount).toBe(1);
  },
);

behaves(
  {
    behaviour: "JSON Schema: a value that breaks its schema can't be read",
    source: PAGE,
    grade: "D",
  },
  async () => {
    const { id } = await registered("JSON", '{"type":"object","required":["s"],"properties":{"s":{"type":"string"}}}');
    const records = ['{"s":"x"}', '{"t":"x"}'].map((text) => ({ value: framed(id, Buffer.from(text)) }));
    const { values, counters, untilCommitted } = await reading({ records });
    await untilCommitted(2);
    expect(values()).toEqual(['{"s":"x"}']);
    expect(counters().droppedEventCount).toBe(1);
  },
);

behaves(
  {
    behaviour: "filters look at the deserialized value, also where SOURCE is delivered",
    source: PAGE,
    grade: "U",
  },
  async () => {
    const [one, other] = [await trade("BTCUSDT"), await trade("ETHUSDT")];
    const { untilCommitted, ...made } = await reading({
      format: "SOURCE",
      records: [{ value: one.value }, { value: other.value }],
      settings: { FilterCriteria: { Filters: [{ Pattern: '{"value":{"s":["ETHUSDT"]}}' }] } },
    });
    await untilCommitted(2);
    expect(made.batches()).toEqual([[1]]);
    expect(recordOf(made)?.value).toBe(other.payload.toString("base64"));
  },
);

behaves(
  {
    behaviour: "a tombstone passes without value and without metadata",
    source: PAGE,
    grade: "ND",
  },
  async () => {
    const { untilCommitted, ...made } = await reading({ records: [{ key: "k", value: null }] });
    await untilCommitted(1);
    expect(recordOf(made)).not.toHaveProperty("value");
    expect(recordOf(made)).not.toHaveProperty("valueSchemaMetadata");
  },
);

behaves(
  {
    behaviour: "kafkaConsumer of Powertools reads SOURCE values of Avro and Protobuf, and JSON ones of either",
    source: "Powertools for TypeScript 2.35.0: kafka",
    grade: "S",
  },
  async () => {
    const { value } = await trade();
    const { id, payload } = await protoTrade();
    const proto = framed(id, payload);
    const avro = `{ type: "avro", schema: ${JSON.stringify(JSON.stringify(TRADE))} }`;
    const message = `{ type: "protobuf", schema: require("protobufjs").parse(${JSON.stringify(PROTO)}).root.lookupType("shop.Trade") }`;
    for (const [format, sent, config] of [
      ["SOURCE", value, avro],
      ["JSON", value, `{ type: "json" }`],
      ["SOURCE", proto, message],
      ["JSON", proto, `{ type: "json" }`],
    ] as const) {
      const fn = realFunction(`require("@aws-lambda-powertools/kafka").kafkaConsumer(
        async ({ records }) => { for (const { value } of records) note({ ...value }); }, { value: ${config} })`);
      const { untilCommitted } = await reading({ ...fn.options, format, records: [{ value: sent }] });
      await untilCommitted(1);
      expect(fn.notes(), `${format} ${config}`).toEqual([{ s: "BTCUSDT" }]);
    }
  },
);

const PROTO = 'syntax = "proto3"; package shop; message Other { int32 n = 1; } message Trade { string s = 1; }';

/** A trade as a client of the registry writes it. */
async function trade(s = "BTCUSDT") {
  const { id } = await registered("AVRO", JSON.stringify(TRADE));
  const payload = avroBytes(TRADE, { s });
  return { id, payload, value: framed(id, payload) };
}

/** The second message of its file, which its index says. */
async function protoTrade() {
  const { id } = await registered("PROTOBUF", PROTO);
  const type = protobuf.parse(PROTO).root.lookupType("shop.Trade");
  const message = type.encode(type.create({ s: "BTCUSDT" })).finish();
  return { id, payload: Buffer.concat([Buffer.from([2, 2]), message]) };
}

/** A scene with a registry, which validates values and delivers JSON unless said otherwise. */
async function reading(
  options: SceneOptions & { readonly format?: "JSON" | "SOURCE"; readonly only?: "KEY" },
): Promise<Scene> {
  const { format = "JSON", only = "VALUE", settings = {}, ...rest } = options;
  const topic = await freshTopic({ partitions: 1 });
  const SchemaRegistryConfig = {
    SchemaRegistryURI: await schemaRegistryUrl(),
    EventRecordFormat: format,
    SchemaValidationConfigs: [{ Attribute: only }],
  };
  const group = { SelfManagedKafkaEventSourceConfig: { ConsumerGroupId: topic, SchemaRegistryConfig } };
  return scene({ ...rest, topic, settings: { ...PROVISIONED, ...AT_ONCE, ...group, ...settings } });
}

function recordOf({ invoker }: Pick<Scene, "invoker">) {
  return Object.values(invoker.events[0]?.records ?? {})[0]?.[0];
}
