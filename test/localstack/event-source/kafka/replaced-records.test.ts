import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  headersOf,
  keyBytes,
  timestampOf,
  valueBytes,
} from "../../../../localstack/event-source/kafka/record-batch.ts";
import { originalOf, replaced } from "../../../../localstack/event-source/kafka/replaced-records.ts";
import {
  eventBytes,
  eventHead,
  eventSize,
  measure,
  partitionText,
  schemaText,
} from "../../../../localstack/event-source/wire.ts";
import { sourceRecords, TIME } from "./record-batches.ts";

const bytes = fc.option(fc.uint8Array({ maxLength: 200 }).map((b) => Buffer.from(b)));
const metadata = schemaText({ valueSchemaMetadata: { dataFormat: "AVRO", schemaId: "7" } });
const nothing = schemaText({});

describe("a replaced record", () => {
  test("holds the other key and value, and everything else as it came", () => {
    const record = fc.record({
      timestamp: fc.integer({ min: 0, max: 10 ** 13 }),
      key: bytes,
      value: bytes,
      headers: fc.array(fc.tuple(fc.string({ unit: "grapheme" }), bytes), { maxLength: 3 }),
      newKey: bytes,
      newValue: bytes,
      isNoted: fc.boolean(),
    });
    const law = fc.property(fc.array(record, { minLength: 1, maxLength: 6 }), fc.boolean(), (list, logAppendTime) => {
      const records = sourceRecords(
        list.map((r, offset) => ({ ...r, offset })),
        { logAppendTime },
      );
      const others = replaced(
        list.map(({ newKey, newValue, isNoted }, i) => ({
          ...{ record: records[i]!, key: newKey, value: newValue, text: isNoted ? metadata : nothing },
        })),
      );
      for (const [i, { key, value, newKey, newValue }] of list.entries()) {
        const [before, after] = [records[i]!, others[i]!];
        expect([keyBytes(after), valueBytes(after)]).toEqual([newKey, newValue]);
        expect([after.offset, timestampOf(after), headersOf(after)]).toEqual([
          before.offset,
          timestampOf(before),
          headersOf(before),
        ]);
        expect([keyBytes(originalOf(after)), valueBytes(originalOf(after))]).toEqual([key, value]);
      }
    });
    fc.assert(law, { numRuns: 500 });
  });

  test("stands in an event with its metadata, whose size is known before it is written", () => {
    const text = partitionText("tt", 0);
    const headers = [["h", Buffer.from("1")]] as const;
    const records = replaced(
      sourceRecords([{ offset: 4, key: Buffer.from("k"), value: Buffer.from("v"), headers }, { offset: 5 }]).map(
        (record, i) => ({
          record,
          key: keyBytes(record),
          value: Buffer.from("{}"),
          text: i === 0 ? metadata : nothing,
        }),
      ),
    );
    for (const record of records) measure(text, record);
    const head = eventHead({ kind: "kafka", bootstrapServers: "b:9092" });
    const written = eventBytes(head, [{ text, records }]).toString("latin1");
    expect(written.length).toBe(eventSize(head, [{ text, records }]));
    const place = { topic: "tt", partition: 0, timestamp: TIME, timestampType: "CREATE_TIME", value: "e30=" };
    expect(JSON.parse(written).records["tt-0"]).toEqual([
      {
        ...place,
        offset: 4,
        key: "aw==",
        headers: [{ h: [49] }],
        valueSchemaMetadata: { dataFormat: "AVRO", schemaId: "7" },
      },
      { ...place, offset: 5, headers: [] },
    ]);
  });

  test("that was not replaced is its own original", () => {
    const [record] = sourceRecords([{ offset: 1 }]);
    expect(originalOf(record!)).toBe(record);
  });
});
