// Real broker, real registry: records that can't be read beside good ones, filters over what was read, and records without a value.
import { afterEach, describe, expect, test } from "vitest";
import { freshTopic, produce, readAll } from "../../../support/kafka.ts";
import { schemaRegistryUrl } from "../../../support/on-demand.ts";
import { until } from "../../../support/until.ts";
import { committed, RecordingInvoker, recordsOf, run, stopAll, textOf } from "../running.ts";
import { registered } from "./confluent-subjects.ts";
import { avroBytes, framed, readingSettings } from "./registered.ts";

afterEach(stopAll);

const UNKNOWN_ID = 2_147_483_646;
const JSON_SCHEMA = '{"$schema":"http://json-schema.org/draft-07/schema#","type":"object","required":["id"]}';
const groupOf = (settings: ReturnType<typeof readingSettings>) =>
  settings.SelfManagedKafkaEventSourceConfig.ConsumerGroupId;

async function topicOfGoodAndBad() {
  const topic = await freshTopic({ partitions: 1 });
  const [number, object, proto] = await Promise.all([
    registered("AVRO", '"int"'),
    registered("JSON", JSON_SCHEMA),
    registered("PROTOBUF", 'syntax = "proto3"; message M { string text = 1; }'),
  ]);
  const values = {
    good: framed(number.id, avroBytes("int", 7)),
    "no prefix": Buffer.from('{"id":1}'),
    "an unknown id": framed(UNKNOWN_ID, Buffer.from([2])),
    "an id beyond all ids": Buffer.from([0, 255, 255, 255, 255, 1]),
    "Avro cut short": framed(number.id, Buffer.alloc(0)),
    "JSON that breaks its schema": framed(object.id, Buffer.from("{}")),
    "Protobuf of no message": framed(proto.id, Buffer.from([2, 8])),
    "the last": framed(object.id, Buffer.from('{"id":1}')),
  };
  await produce(
    topic,
    Object.entries(values).map(([key, value]) => ({ key, value })),
  );
  return { topic, values };
}

const REASONS = [
  ["no prefix", "DESERIALIZATION_ERROR"],
  ["an unknown id", "SCHEMA_NOT_FOUND"],
  ["an id beyond all ids", "SCHEMA_NOT_FOUND"],
  ["Avro cut short", "DESERIALIZATION_ERROR"],
  ["JSON that breaks its schema", "DESERIALIZATION_ERROR"],
  ["Protobuf of no message", "DESERIALIZATION_ERROR"],
];

describe("records that can't be read", () => {
  test("go to the destination as they were, with AWS's reason; the others are invoked, and all are committed", async () => {
    const { topic, values } = await topicOfGoodAndBad();
    const failed = await freshTopic({ partitions: 1 });
    const invoker = new RecordingInvoker();
    const settings = {
      ...readingSettings(await schemaRegistryUrl(), "JSON", "VALUE"),
      DestinationConfig: { OnFailure: { Destination: `kafka://${failed}` } },
    };
    const source = await run({ topic, settings, invoker });
    await until(async () => (await committed(groupOf(settings), topic))[0] === 8, "the commit");
    expect(invoker.events.flatMap(recordsOf).map(textOf)).toEqual(["7", '{"id":1}']);
    const letters = (await readAll(failed)).map(({ key, value }) => ({
      key: String(key),
      ...JSON.parse(String(value)),
    }));
    expect(letters.map(({ key, requestContext }) => [key, requestContext.condition])).toEqual(REASONS);
    for (const { key, payload, requestContext, responseContext } of letters) {
      const [record] = recordsOf(payload);
      expect(record?.value).toBe(values[key as keyof typeof values].toString("base64"));
      expect([requestContext.approximateInvokeCount, responseContext]).toEqual([1, null]);
      expect(record).not.toHaveProperty("valueSchemaMetadata");
    }
    expect(source.status().mappings[0]!.counters).toMatchObject({
      polledEventCount: 8,
      invokedEventCount: 2,
      schemaRegistryErrorCount: 6,
      onFailureDestinationDeliveredEventCount: 6,
      droppedEventCount: 0,
    });
  });

  test("without a destination are dropped and counted, and said without a word of them", async () => {
    const { topic } = await topicOfGoodAndBad();
    const invoker = new RecordingInvoker();
    const lines: string[] = [];
    const settings = readingSettings(await schemaRegistryUrl(), "SOURCE", "VALUE");
    const log = (message: string, facts: object) => lines.push(`${message} ${JSON.stringify(facts)}`);
    const source = await run({ topic, settings, invoker, log });
    await until(async () => (await committed(groupOf(settings), topic))[0] === 8, "the commit");
    expect(source.status().mappings[0]!.counters).toMatchObject({ droppedEventCount: 6, schemaRegistryErrorCount: 6 });
    const said = lines.filter((line) => line.startsWith("records dropped"));
    expect(said.length).toBe(3); // neighbours with the same reason are one
    expect(said[1]).toContain(`the registry has no schema ${UNKNOWN_ID}`);
  });

  test("a function's own failure sends the record as the function saw it, under the record's own key", async () => {
    const topic = await freshTopic({ partitions: 1 });
    const failed = await freshTopic({ partitions: 1 });
    const { id } = await registered("AVRO", '"int"');
    const key = framed(id, avroBytes("int", 9));
    await produce(topic, [{ key, value: framed(id, avroBytes("int", 7)) }]);
    const settings = {
      ...readingSettings(await schemaRegistryUrl(), "JSON", "KEY", "VALUE"),
      MaximumRetryAttempts: 0,
      DestinationConfig: { OnFailure: { Destination: `kafka://${failed}` } },
    };
    await run({ topic, settings, invoker: new RecordingInvoker(() => ({ kind: "function-error" })) });
    await until(async () => (await committed(groupOf(settings), topic))[0] === 1, "the commit");
    const [letter] = await readAll(failed);
    expect(letter?.key).toEqual(key);
    const [record] = recordsOf(JSON.parse(String(letter?.value)).payload);
    const metadata = { dataFormat: "AVRO", schemaId: String(id) };
    expect(record).toMatchObject({ key: "OQ==", value: "Nw==", keySchemaMetadata: metadata });
  });
});

describe("filters", () => {
  test.each(["JSON", "SOURCE"])("look at what was read, delivered as %s", async (format) => {
    const topic = await freshTopic({ partitions: 1 });
    const schema = { type: "record", name: "Price", fields: [{ name: "cents", type: "long" }] };
    const { id } = await registered("AVRO", JSON.stringify(schema));
    const prices = [5, 150, 20, 300].map((cents) => avroBytes(schema as never, { cents }));
    await produce(
      topic,
      prices.map((payload) => ({ value: framed(id, payload) })),
    );
    const invoker = new RecordingInvoker();
    const settings = {
      ...readingSettings(await schemaRegistryUrl(), format, "VALUE"),
      FilterCriteria: { Filters: [{ Pattern: '{"value":{"cents":[{"numeric":[">",100]}]}}' }] },
    };
    const source = await run({ topic, settings, invoker });
    await until(async () => (await committed(groupOf(settings), topic))[0] === 4, "the commit");
    const wanted = format === "JSON" ? ['{"cents":150}', '{"cents":300}'] : [String(prices[1]), String(prices[3])];
    expect(invoker.events.flatMap(recordsOf).map(textOf)).toEqual(wanted);
    expect(source.status().mappings[0]!.counters.filteredOutEventCount).toBe(2);
  });
});

describe("tombstones and null keys", () => {
  test("pass without value or key, and without metadata", async () => {
    const topic = await freshTopic({ partitions: 1 });
    const { id } = await registered("AVRO", '"int"');
    const seven = framed(id, avroBytes("int", 7));
    await produce(topic, [
      { key: seven, value: null },
      { key: null, value: seven },
      { key: null, value: null },
    ]);
    const invoker = new RecordingInvoker();
    await run({ topic, settings: readingSettings(await schemaRegistryUrl(), "JSON", "KEY", "VALUE"), invoker });
    await until(() => invoker.events.flatMap(recordsOf).length === 3, "the records");
    const schema = { dataFormat: "AVRO", schemaId: String(id) };
    const seen = invoker.events.flatMap(recordsOf).map(({ key, value, keySchemaMetadata, valueSchemaMetadata }) => ({
      ...{ key, value, keySchemaMetadata, valueSchemaMetadata },
    }));
    expect(seen).toEqual([
      { key: "Nw==", keySchemaMetadata: schema },
      { value: "Nw==", valueSchemaMetadata: schema },
      {},
    ]);
  });
});

describe("an event of 6 MB", () => {
  test("is filled by what the function sees, not by what Kafka holds", async () => {
    const topic = await freshTopic({ partitions: 1 });
    const { id } = await registered("AVRO", '"bytes"');
    // As JSON each of these bytes takes six characters, and base64 a third more: 400 kB become 3.2 MB.
    const value = framed(id, avroBytes("bytes", Buffer.alloc(400_000)));
    for (let i = 0; i < 3; i++) await produce(topic, [{ value }]);
    const sizes: number[] = [];
    const invoker = new RecordingInvoker();
    const measuring = {
      invoke: (request: Parameters<RecordingInvoker["invoke"]>[0] & { readonly payload: Buffer }) => {
        sizes.push(request.payload.length);
        return invoker.invoke(request);
      },
      stop: async () => {},
    };
    const settings = readingSettings(await schemaRegistryUrl(), "JSON", "VALUE");
    await run({ topic, settings, invoker: measuring });
    await until(async () => (await committed(groupOf(settings), topic))[0] === 3, "the commit");
    expect(sizes.length).toBe(3);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(6_291_456);
  });
});
