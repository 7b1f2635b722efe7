// Writes Kafka record batches (format v2) as a broker would send them, for tests that have no broker.
import { listBatches, readRecords, type SourceRecord } from "../../../../localstack/event-source/kafka/record-batch.ts";

export interface TestRecord {
  readonly offset: number;
  readonly timestamp?: number;
  readonly key?: Buffer | null;
  readonly value?: Buffer | null;
  readonly headers?: readonly (readonly [name: string, value: Buffer | null])[];
}

export interface BatchOptions {
  readonly logAppendTime?: boolean;
  readonly isTransactional?: boolean;
  /** Makes the batch a marker that ends a transaction. */
  readonly marker?: "abort" | "commit";
  readonly producerId?: number;
  /** Compresses the records; the number is Kafka's codec. */
  readonly compression?: { readonly codec: number; compress(bytes: Buffer): Buffer };
}

export const TIME = Date.UTC(2026, 10, 20, 10);

export function encodeBatch(records: readonly TestRecord[], options: BatchOptions = {}): Buffer {
  const { logAppendTime = false, isTransactional = false, marker, producerId = -1, compression } = options;
  const [first] = records;
  if (first === undefined) throw new Error("a batch holds at least one record");
  const baseOffset = first.offset;
  const baseTimestamp = first.timestamp ?? TIME;
  const maxTimestamp = Math.max(...records.map(({ timestamp = TIME }) => timestamp));
  const plain = Buffer.concat(records.map((record) => encodeRecord(record, { baseOffset, baseTimestamp })));
  const body = compression === undefined ? plain : compression.compress(plain);
  const head = Buffer.alloc(61);
  head.writeBigInt64BE(BigInt(baseOffset), 0);
  head.writeInt32BE(61 - 12 + body.length, 8);
  head.writeInt8(2, 16);
  const flags = (logAppendTime ? 0x08 : 0) | (isTransactional || marker ? 0x10 : 0) | (marker ? 0x20 : 0);
  head.writeInt16BE(flags | (compression?.codec ?? 0), 21);
  head.writeInt32BE(records.at(-1)!.offset - baseOffset, 23);
  head.writeBigInt64BE(BigInt(baseTimestamp), 27);
  head.writeBigInt64BE(BigInt(maxTimestamp), 35);
  head.writeBigInt64BE(BigInt(producerId), 43);
  head.writeInt32BE(records.length, 57);
  return Buffer.concat([head, body]);
}

/** A transaction marker at this offset. */
export function encodeMarker(offset: number, marker: "abort" | "commit", producerId: number): Buffer {
  const key = Buffer.from([0, 0, 0, marker === "abort" ? 0 : 1]);
  return encodeBatch([{ offset, key, value: Buffer.alloc(6) }], { marker, producerId });
}

/** Records as the event source holds them. */
export function sourceRecords(records: readonly TestRecord[], options: BatchOptions = {}): SourceRecord[] {
  const slab = encodeBatch(records, options);
  const read: SourceRecord[] = [];
  for (const batch of listBatches(slab)) readRecords(slab, batch, 0, read);
  return read;
}

function encodeRecord(
  { offset, timestamp = TIME, key = null, value = null, headers = [] }: TestRecord,
  { baseOffset, baseTimestamp }: { readonly baseOffset: number; readonly baseTimestamp: number },
): Buffer {
  const body = Buffer.concat([
    Buffer.from([0]),
    varint(timestamp - baseTimestamp),
    varint(offset - baseOffset),
    withLength(key),
    withLength(value),
    varint(headers.length),
    ...headers.flatMap(([name, bytes]) => [withLength(Buffer.from(name)), withLength(bytes)]),
  ]);
  return Buffer.concat([varint(body.length), body]);
}

function withLength(bytes: Buffer | null): Buffer {
  return bytes === null ? varint(-1) : Buffer.concat([varint(bytes.length), bytes]);
}

function varint(value: number): Buffer {
  let rest = BigInt.asUintN(64, (BigInt(value) << 1n) ^ (BigInt(value) >> 63n));
  const bytes: number[] = [];
  while (rest >= 0x80n) {
    bytes.push(Number(rest & 0x7fn) | 0x80);
    rest >>= 7n;
  }
  return Buffer.from([...bytes, Number(rest)]);
}
