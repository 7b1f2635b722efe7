import { expect, test } from "vitest";
import { DecodedRecord, headersOf } from "../../../lib/kafka/record.ts";
import { wireRecord } from "../../support/kafka-event.ts";

const source = { topic: "rides", partition: 2 };

test("a record tells where it stands, and its key as bytes", () => {
  const record = new DecodedRecord(wireRecord(source, { offset: 7, value: "{}", key: "ké", timestamp: 9 }), {});
  const { topic, partition, offset, timestamp, key } = record;
  expect({ topic, partition, offset, timestamp, key }).toEqual({
    ...source,
    offset: 7,
    timestamp: 9,
    key: Buffer.from("ké"),
  });
});

test.each([{ key: null }, {}])("an absent or null key is null: %j", (key) => {
  const wire = { ...wireRecord(source, { offset: 0, value: "{}" }), ...key };
  expect(new DecodedRecord(wire, {}).key).toBeNull();
});

test("an empty key is not a null one", () => {
  const wire = { ...wireRecord(source, { offset: 0, value: "{}" }), key: "" };
  expect(new DecodedRecord(wire, {}).key).toEqual(Buffer.alloc(0));
});

test("header bytes are signed on the wire, order and repeated names are kept, null stays null", () => {
  const wire = wireRecord(source, {
    offset: 0,
    value: "{}",
    headers: [
      ["name", "ë"],
      ["other", ""],
      ["name", "2"],
      ["none", null],
    ],
  });
  expect(wire.headers[0]).toEqual({ name: [-61, -85] });
  expect(headersOf(wire)).toEqual([
    { name: "name", value: Buffer.from("ë") },
    { name: "other", value: Buffer.alloc(0) },
    { name: "name", value: Buffer.from("2") },
    { name: "none", value: null },
  ]);
});
