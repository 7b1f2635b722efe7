// AWS Glue's registry through the AWS SDK: a small server stands for it, since MiniStack has Glue without its schema registry.
import { deflateSync } from "node:zlib";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { type GlueServer, startGlue } from "../../../support/glue-server.ts";
import { freshTopic, produce } from "../../../support/kafka.ts";
import { until } from "../../../support/until.ts";
import { RecordingInvoker, recordsOf, run, stopAll } from "../running.ts";
import { avroBytes, readingSettings } from "./registered.ts";

const ARN = "arn:aws:glue:us-east-1:123456789012:registry/orders";

let glue: GlueServer;
beforeAll(async () => {
  glue = await startGlue();
});
afterEach(stopAll);
afterAll(() => glue.close());

function framed(id: string, payload: Uint8Array, isCompressed = false): Buffer {
  const uuid = Buffer.from(id.replaceAll("-", ""), "hex");
  const prefix = Buffer.from([3, isCompressed ? 5 : 0]);
  return Buffer.concat([prefix, uuid, isCompressed ? deflateSync(payload) : payload]);
}

const PROTO = 'syntax = "proto3"; package p; message Zebra { string z = 1; } message Ant { string a = 1; }';

describe.each([false, true])("compressed: %s", (isCompressed) => {
  test.each<["AVRO" | "JSON" | "PROTOBUF", string, Buffer, string]>([
    ["AVRO", '{"type":"array","items":"int"}', avroBytes({ type: "array", items: "int" }, [1, 2]), "[1,2]"],
    ["JSON", '{"type":"object"}', Buffer.from('{"a":1}'), '{"a":1}'],
    ["PROTOBUF", PROTO, Buffer.from([1, 10, 1, 65]), '{"z":"A"}'], // Ant is 0, Zebra 1
  ])("%s as JSON and as SOURCE", async (format, definition, payload, json) => {
    const topic = await freshTopic({ partitions: 1 });
    const id = glue.add({ format, definition });
    await produce(topic, [{ value: framed(id, payload, isCompressed) }]);
    const read = await Promise.all(
      ["JSON", "SOURCE"].map(async (wanted) => {
        const invoker = new RecordingInvoker();
        await run({ topic, settings: readingSettings(ARN, wanted, "VALUE"), invoker, awsEndpoint: glue.endpoint });
        await until(() => invoker.events.length === 1, "the event");
        return recordsOf(invoker.events[0]!)[0]!;
      }),
    );
    const metadata = { dataFormat: format, schemaId: id };
    expect(read.map(({ valueSchemaMetadata }) => valueSchemaMetadata)).toEqual([metadata, metadata]);
    expect(read.map(({ value }) => value)).toEqual([Buffer.from(json).toString("base64"), payload.toString("base64")]);
  });
});

test("a version that Glue doesn't have, or has not made available, is no schema; each id is asked for once", async () => {
  const topic = await freshTopic({ partitions: 1 });
  const pending = glue.add({ format: "AVRO", definition: '"int"', status: "PENDING" });
  const unknown = "00000000-0000-4000-8000-000000000000";
  const known = glue.add({ format: "AVRO", definition: '"int"' });
  const values = [pending, unknown, known, unknown, known].map((id) => framed(id, Buffer.from([2])));
  await produce(
    topic,
    values.map((value) => ({ value })),
  );
  const invoker = new RecordingInvoker();
  const before = glue.asked.length;
  const options = { settings: readingSettings(ARN, "JSON", "VALUE"), invoker, awsEndpoint: glue.endpoint };
  const source = await run({ topic, ...options });
  await until(() => invoker.events.flatMap(recordsOf).length === 2, "the records");
  expect(source.status().mappings[0]!.counters).toMatchObject({ droppedEventCount: 3, schemaRegistryErrorCount: 3 });
  expect(glue.asked.slice(before).sort()).toEqual([pending, unknown, known].sort());
});

test("without an AWS endpoint the mapping is refused, with what to do", async () => {
  const topic = await freshTopic({ partitions: 1 });
  const options = { settings: readingSettings(ARN, "JSON", "VALUE"), environment: {} };
  await expect(run({ topic, ...options })).rejects.toThrow(/the schema registry arn:aws:glue.*--aws-endpoint URL/);
});
