import { createRequire } from "node:module";
import { gzipSync, zstdCompressSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  headersOf,
  keyBytes,
  listBatches,
  readRecords,
  type SourceRecord,
  timestampOf,
  valueBytes,
  visibleBatches,
} from "../../../../localstack/event-source/kafka/record-batch.ts";
import { encodeBatch, encodeMarker, sourceRecords, type TestRecord, TIME } from "./record-batches.ts";

const bytes = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array));
const nullable = fc.oneof(fc.constant(null), bytes);
const record = fc.record({
  gap: fc.integer({ min: 1, max: 100_000 }),
  timestamp: fc.oneof(fc.integer({ min: 0, max: 4_102_444_800_000 }), fc.integer({ min: TIME - 100, max: TIME + 100 })),
  key: nullable,
  value: nullable,
  headers: fc.array(fc.tuple(fc.string({ unit: "grapheme", maxLength: 20 }), nullable), { maxLength: 3 }),
});
const records = fc
  .tuple(fc.integer({ min: 0, max: 2 ** 50 }), fc.array(record, { minLength: 1, maxLength: 20 }))
  .map(([start, list]) => {
    let offset = start;
    return list.map(({ gap, ...rest }): Required<TestRecord> => {
      offset += gap;
      return { ...rest, offset };
    });
  });

const plain = (read: SourceRecord): Required<TestRecord> => ({
  offset: read.offset,
  timestamp: timestampOf(read),
  key: keyBytes(read),
  value: valueBytes(read),
  headers: headersOf(read).map(({ name, value }) => [name, value] as const),
});

describe("record batches", () => {
  test("what a broker sends is read back: offsets, times, keys, values and headers in order, nulls apart from empty", () => {
    fc.assert(
      fc.property(records, (written) => {
        expect(sourceRecords(written).map(plain)).toEqual(written);
      }),
      { numRuns: 500 },
    );
  });

  test.each([
    ["gzip", { codec: 1, compress: (b: Buffer) => gzipSync(b) }],
    ["zstd", { codec: 4, compress: (b: Buffer) => zstdCompressSync(b) }],
  ])("records compressed with %s are read", (_name, compression) => {
    const written = [
      { offset: 7, value: Buffer.from("a".repeat(500)) },
      { offset: 9, value: null },
    ];
    expect(sourceRecords(written, { compression }).map((r) => [r.offset, valueBytes(r)?.length])).toEqual([
      [7, 500],
      [9, undefined],
    ]);
  });

  test("an unreadable codec is named", () => {
    const compression = { codec: 5, compress: (b: Buffer) => b };
    expect(() => sourceRecords([{ offset: 1 }], { compression })).toThrow("compressed with codec 5");
  });

  test("what kafkajs's own encoder writes is read", async () => {
    const require = createRequire(import.meta.url);
    const { RecordBatch } = require("kafkajs/src/protocol/recordBatch/v0/index.js");
    const Record = require("kafkajs/src/protocol/recordBatch/record/v0/index.js");
    const encoded = await RecordBatch({
      firstOffset: 5,
      firstTimestamp: TIME,
      maxTimestamp: TIME + 3,
      lastOffsetDelta: 1,
      records: [
        Record({
          offsetDelta: 0,
          timestampDelta: 0,
          key: Buffer.from("k"),
          value: Buffer.from("v"),
          headers: { h: "1" },
        }),
        Record({ offsetDelta: 1, timestampDelta: 3, key: null, value: Buffer.from("é"), headers: {} }),
      ],
    });
    const slab: Buffer = encoded.buffer;
    const read: SourceRecord[] = [];
    for (const batch of listBatches(slab)) readRecords(slab, batch, 0, read);
    expect(read.map(plain)).toEqual([
      {
        offset: 5,
        timestamp: TIME,
        key: Buffer.from("k"),
        value: Buffer.from("v"),
        headers: [["h", Buffer.from("1")]],
      },
      { offset: 6, timestamp: TIME + 3, key: null, value: Buffer.from("é"), headers: [] },
    ]);
  });

  test("a batch cut off by the fetch's size limit is left for the next fetch", () => {
    const whole = encodeBatch([{ offset: 1 }, { offset: 2 }]);
    const cut = encodeBatch([{ offset: 3, value: Buffer.alloc(100) }]).subarray(0, 90);
    expect(listBatches(Buffer.concat([whole, cut])).map(({ lastOffset }) => lastOffset)).toEqual([2]);
  });

  test("records below the wanted offset are passed over: a fetch starts at a batch, not at a record", () => {
    const slab = encodeBatch([{ offset: 10 }, { offset: 11 }, { offset: 12 }]);
    const read: SourceRecord[] = [];
    readRecords(slab, listBatches(slab)[0]!, 12, read);
    expect(read.map(({ offset }) => offset)).toEqual([12]);
  });

  test("with log append time every record has the broker's time", () => {
    const read = sourceRecords(
      [
        { offset: 1, timestamp: 5 },
        { offset: 2, timestamp: 9 },
      ],
      { logAppendTime: true },
    );
    expect(read.map((record) => [timestampOf(record), record.batch.logAppendTime])).toEqual([
      [9, true],
      [9, true],
    ]);
  });
});

describe("what a reader may see", () => {
  const of = (offset: number, producerId: number) => encodeBatch([{ offset }], { isTransactional: true, producerId });
  // A at 50 and B at 60 are open together; A commits at 80 and B aborts at 90. C's abort ended before the next of its batches.
  const slab = Buffer.concat([
    of(50, 1),
    of(60, 2),
    encodeMarker(80, "commit", 1),
    of(85, 2),
    encodeMarker(90, "abort", 2),
    of(95, 2),
    encodeMarker(99, "commit", 2),
  ]);
  const offsets = (aborted: { producerId: string; firstOffset: string }[]) =>
    visibleBatches(slab, listBatches(slab), aborted).map(({ baseOffset }) => baseOffset);

  test("markers never", () => expect(offsets([])).toEqual([50, 60, 85, 95]));

  test("aborted records not, until their producer's next transaction", () =>
    expect(offsets([{ producerId: "2", firstOffset: "60" }])).toEqual([50, 95]));

  test("a fetch that starts within two aborted transactions shows neither", () => {
    const both = [
      { producerId: "2", firstOffset: "40" },
      { producerId: "1", firstOffset: "30" },
    ];
    expect(offsets(both)).toEqual([95]);
  });
});
