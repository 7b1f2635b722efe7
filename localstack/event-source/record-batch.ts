// Kafka's record batches (message format v2), read in place: a record is where its parts lie in the fetched buffer,
// so nothing is copied and no number is boxed until an event is written from it.
// https://kafka.apache.org/documentation/#recordbatch
import { gunzipSync, zstdDecompressSync } from "node:zlib";

/** One record of a fetched buffer. A length of -1 is Kafka's null. */
export interface SourceRecord {
  readonly offset: number;
  /** Milliseconds since the epoch. */
  readonly timestamp: number;
  readonly logAppendTime: boolean;
  /** The buffer that holds the bytes; shared by all records of a batch. */
  readonly slab: Buffer;
  readonly keyAt: number;
  readonly keyLength: number;
  readonly valueAt: number;
  readonly valueLength: number;
  /** Where the first header lies; meaningless when there is none. */
  readonly headersAt: number;
  readonly headerCount: number;
  /** Bytes this record takes in an event, set once by `measure` when it is queued. */
  wireSize: number;
}

/** One record batch's place and header fields within a fetched buffer. */
export interface RecordBatch {
  readonly at: number;
  readonly end: number;
  readonly baseOffset: number;
  readonly lastOffset: number;
  readonly producerId: bigint;
  readonly isTransactional: boolean;
  /** A transaction marker: no reader sees it. */
  readonly isControl: boolean;
}

/** An aborted transaction of a fetch response: from `firstOffset` until the producer's next abort marker. */
export interface AbortedTransaction {
  readonly producerId: string;
  readonly firstOffset: string;
}

/** One header as it lies in the buffer; a null value is null. */
export interface SourceHeader {
  readonly name: string;
  readonly value: Buffer | null;
}

const HEADER_BYTES = 61;
const CODECS = ["none", "gzip", "snappy", "lz4", "zstd"] as const;

/** Lists the complete batches of a fetched buffer; a fetch may end in the middle of one, which is fetched again. */
export function listBatches(slab: Buffer): RecordBatch[] {
  const batches: RecordBatch[] = [];
  let at = 0;
  while (at + HEADER_BYTES <= slab.length) {
    const end = at + 12 + slab.readInt32BE(at + 8);
    if (end > slab.length) break;
    batches.push(batchAt(slab, at, end));
    at = end;
  }
  return batches;
}

/** Keeps what a reader may see: no markers, and with aborted transactions given, nothing of theirs. */
export function visibleBatches(
  slab: Buffer,
  batches: readonly RecordBatch[],
  aborted: readonly AbortedTransaction[],
): RecordBatch[] {
  const upcoming = aborted.map((t) => ({ producerId: BigInt(t.producerId), firstOffset: Number(t.firstOffset) }));
  upcoming.sort((a, b) => a.firstOffset - b.firstOffset);
  const open = new Set<bigint>();
  return batches.filter((batch) => {
    while (upcoming[0] && upcoming[0].firstOffset <= batch.lastOffset) open.add(upcoming.shift()!.producerId);
    if (batch.isControl) {
      if (isAbortMarker(slab, batch)) open.delete(batch.producerId);
      return false;
    }
    return !(batch.isTransactional && open.has(batch.producerId));
  });
}

/** Appends the batch's records at or after `fromOffset` to `into`. */
export function readRecords(slab: Buffer, batch: RecordBatch, fromOffset: number, into: SourceRecord[]): void {
  const attributes = slab.readInt16BE(batch.at + 21);
  const logAppendTime = (attributes & 0x08) !== 0;
  const baseTimestamp = int64(slab, batch.at + 27);
  const maxTimestamp = int64(slab, batch.at + 35);
  const count = slab.readInt32BE(batch.at + 57);
  const codec = attributes & 0x07;
  const bytes = codec === 0 ? slab : decompress(slab.subarray(batch.at + HEADER_BYTES, batch.end), codec);
  const cursor: Cursor = { bytes, at: codec === 0 ? batch.at + HEADER_BYTES : 0 };
  for (let i = 0; i < count; i++) {
    const length = varint(cursor);
    const end = cursor.at + length;
    cursor.at += 1; // attributes, unused
    const timestampDelta = varint(cursor);
    const offset = batch.baseOffset + varint(cursor);
    if (offset >= fromOffset) {
      const timestamp = logAppendTime ? maxTimestamp : baseTimestamp + timestampDelta;
      into.push(recordAt(cursor, { offset, timestamp, logAppendTime }));
    }
    cursor.at = end;
  }
}

/** Decodes a record's headers, in order; a name that comes twice stays twice. */
export function headersOf(record: SourceRecord): SourceHeader[] {
  const cursor: Cursor = { bytes: record.slab, at: record.headersAt };
  const headers: SourceHeader[] = [];
  for (let i = 0; i < record.headerCount; i++) {
    const nameLength = varint(cursor);
    const name = record.slab.toString("utf8", cursor.at, cursor.at + nameLength);
    cursor.at += nameLength;
    const length = varint(cursor);
    const value = length < 0 ? null : record.slab.subarray(cursor.at, cursor.at + length);
    if (length > 0) cursor.at += length;
    headers.push({ name, value });
  }
  return headers;
}

/** The key's bytes, or null. */
export function keyBytes(record: SourceRecord): Buffer | null {
  return record.keyLength < 0 ? null : record.slab.subarray(record.keyAt, record.keyAt + record.keyLength);
}

/** The value's bytes, or null for a tombstone. */
export function valueBytes(record: SourceRecord): Buffer | null {
  return record.valueLength < 0 ? null : record.slab.subarray(record.valueAt, record.valueAt + record.valueLength);
}

interface Cursor {
  readonly bytes: Buffer;
  at: number;
}

function recordAt(
  cursor: Cursor,
  when: { readonly offset: number; readonly timestamp: number; readonly logAppendTime: boolean },
): SourceRecord {
  const keyLength = varint(cursor);
  const keyAt = cursor.at;
  if (keyLength > 0) cursor.at += keyLength;
  const valueLength = varint(cursor);
  const valueAt = cursor.at;
  if (valueLength > 0) cursor.at += valueLength;
  const headerCount = varint(cursor);
  return {
    offset: when.offset,
    timestamp: when.timestamp,
    logAppendTime: when.logAppendTime,
    slab: cursor.bytes,
    keyAt,
    keyLength,
    valueAt,
    valueLength,
    headersAt: cursor.at,
    headerCount,
    wireSize: 0,
  };
}

function batchAt(slab: Buffer, at: number, end: number): RecordBatch {
  const magic = slab.readInt8(at + 16);
  if (magic !== 2) {
    throw new Error(
      `Can't read message format v${magic}: only v2 (Kafka 0.11 and later) is read. Set the topic's message.format.version to 0.11 or later and produce again.`,
    );
  }
  const baseOffset = int64(slab, at);
  const attributes = slab.readInt16BE(at + 21);
  return {
    at,
    end,
    baseOffset,
    lastOffset: baseOffset + slab.readInt32BE(at + 23),
    producerId: slab.readBigInt64BE(at + 43),
    isTransactional: (attributes & 0x10) !== 0,
    isControl: (attributes & 0x20) !== 0,
  };
}

// A marker's key is its version and its type, two bytes each; type 0 aborts.
function isAbortMarker(slab: Buffer, batch: RecordBatch): boolean {
  const cursor: Cursor = { bytes: slab, at: batch.at + HEADER_BYTES };
  varint(cursor); // length
  cursor.at += 1; // attributes
  varint(cursor); // timestamp delta
  varint(cursor); // offset delta
  varint(cursor); // key length
  return slab.readInt16BE(cursor.at + 2) === 0;
}

function decompress(bytes: Buffer, codec: number): Buffer {
  const name = CODECS[codec] ?? `codec ${codec}`;
  if (name === "gzip") return gunzipSync(bytes);
  if (name === "zstd") return zstdDecompressSync(bytes);
  throw new Error(`Can't read records compressed with ${name}: send them with gzip, zstd or none.`);
}

function int64(bytes: Buffer, at: number): number {
  return bytes.readInt32BE(at) * 4294967296 + bytes.readUInt32BE(at + 4);
}

// Zig-zag varints of up to 64 bits, as a number: the first four bytes by shifts, the rare rest by arithmetic.
function varint(cursor: Cursor): number {
  const { bytes } = cursor;
  let byte = bytes[cursor.at++]!;
  if (byte < 0x80) return (byte >>> 1) ^ -(byte & 1);
  let value = byte & 0x7f;
  for (let shift = 7; shift < 28; shift += 7) {
    byte = bytes[cursor.at++]!;
    value |= (byte & 0x7f) << shift;
    if (byte < 0x80) return (value >>> 1) ^ -(value & 1);
  }
  let scale = 268435456;
  do {
    byte = bytes[cursor.at++]!;
    value += (byte & 0x7f) * scale;
    scale *= 128;
  } while (byte >= 0x80);
  return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
}
