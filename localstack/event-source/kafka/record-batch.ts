// Kafka's record batches (message format v2), read in place: a record is a place in the fetched buffer, and its parts are
// looked up when they are needed. Millions wait in memory at a backlog, so each holds little and nothing boxed.
// https://kafka.apache.org/documentation/#recordbatch
import { decompress } from "./compression.ts";

/** One record of a fetched buffer. */
export interface SourceRecord {
  readonly batch: BatchBytes;
  readonly offset: number;
  readonly timestampDelta: number;
  /** Where its key's length lies. */
  readonly at: number;
  /** Bytes this record takes in an event, set once by `measure` when it is queued. */
  wireSize: number;
}

/** What the records of a batch share. */
export interface BatchBytes {
  /** The buffer that holds the records, decompressed. */
  readonly bytes: Buffer;
  readonly baseTimestamp: number;
  readonly logAppendTime: boolean;
  /** What stands in the events of records whose schemas are known; undefined for records as the broker gave them. */
  readonly schemas: SchemaNote | undefined;
}

/** Of records that were read with a schema registry; kept by batch, so that other records carry nothing of it. */
export interface SchemaNote {
  /** The schema metadata as it stands in an event: empty, or properties behind a comma. */
  readonly text: Uint8Array;
  /** The batch that the records came in. */
  readonly original: BatchBytes;
}

/** Where a record's parts lie in its batch's bytes. A length of -1 is Kafka's null. */
export interface RecordParts {
  keyAt: number;
  keyLength: number;
  valueAt: number;
  valueLength: number;
  headersAt: number;
  headerCount: number;
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

/** One header; a null value is null. */
export interface SourceHeader {
  readonly name: string;
  readonly value: Buffer | null;
}

const HEADER_BYTES = 61;

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
  const codec = attributes & 0x07;
  const count = slab.readInt32BE(batch.at + 57);
  const bytes = codec === 0 ? slab : decompress(slab.subarray(batch.at + HEADER_BYTES, batch.end), codec);
  const baseTimestamp = int64(slab, batch.at + (logAppendTime ? 35 : 27));
  const shared: BatchBytes = { bytes, baseTimestamp, logAppendTime, schemas: undefined };
  cursor.bytes = bytes;
  cursor.at = codec === 0 ? batch.at + HEADER_BYTES : 0;
  for (let i = 0; i < count; i++) {
    const length = varint();
    const end = cursor.at + length;
    cursor.at += 1; // attributes, unused
    const delta = varint();
    const offset = batch.baseOffset + varint();
    const timestampDelta = logAppendTime ? 0 : delta;
    if (offset >= fromOffset) into.push({ batch: shared, offset, timestampDelta, at: cursor.at, wireSize: 0 });
    cursor.at = end;
  }
}

/** Milliseconds since the epoch. */
export function timestampOf({ batch, timestampDelta }: SourceRecord): number {
  return batch.baseTimestamp + timestampDelta;
}

/** Finds a record's parts. The answer is the same object every time: it holds until the next call. */
export function partsOf(record: SourceRecord): Readonly<RecordParts> {
  cursor.bytes = record.batch.bytes;
  cursor.at = record.at;
  parts.keyLength = varint();
  parts.keyAt = cursor.at;
  if (parts.keyLength > 0) cursor.at += parts.keyLength;
  parts.valueLength = varint();
  parts.valueAt = cursor.at;
  if (parts.valueLength > 0) cursor.at += parts.valueLength;
  parts.headerCount = varint();
  parts.headersAt = cursor.at;
  return parts;
}

/** A record's headers, in order; a name that comes twice stays twice. */
export function headersOf(record: SourceRecord): SourceHeader[] {
  const { headersAt, headerCount } = partsOf(record);
  const { bytes } = record.batch;
  cursor.at = headersAt;
  const headers: SourceHeader[] = [];
  for (let i = 0; i < headerCount; i++) {
    const nameLength = varint();
    const name = bytes.toString("utf8", cursor.at, cursor.at + nameLength);
    cursor.at += nameLength;
    const length = varint();
    const value = length < 0 ? null : bytes.subarray(cursor.at, cursor.at + length);
    if (length > 0) cursor.at += length;
    headers.push({ name, value });
  }
  return headers;
}

/** The bytes of a record's headers, with their count in front. */
export function rawHeaders(record: SourceRecord): Buffer {
  const { valueAt, valueLength, headersAt, headerCount } = partsOf(record);
  const { bytes } = record.batch;
  cursor.at = headersAt;
  for (let i = 0; i < headerCount; i++) {
    const nameLength = varint();
    cursor.at += nameLength;
    const length = varint();
    if (length > 0) cursor.at += length;
  }
  return bytes.subarray(valueAt + Math.max(0, valueLength), cursor.at);
}

/** The key's bytes, or null. */
export function keyBytes(record: SourceRecord): Buffer | null {
  const { keyAt, keyLength } = partsOf(record);
  return keyLength < 0 ? null : record.batch.bytes.subarray(keyAt, keyAt + keyLength);
}

/** The value's bytes, or null for a tombstone. */
export function valueBytes(record: SourceRecord): Buffer | null {
  const { valueAt, valueLength } = partsOf(record);
  return valueLength < 0 ? null : record.batch.bytes.subarray(valueAt, valueAt + valueLength);
}

// One of each for all reading: it is never interrupted, and a record costs no object but its own.
const cursor: { bytes: Buffer; at: number } = { bytes: Buffer.alloc(0), at: 0 };
const parts: RecordParts = { keyAt: 0, keyLength: 0, valueAt: 0, valueLength: 0, headersAt: 0, headerCount: 0 };

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
  cursor.bytes = slab;
  cursor.at = batch.at + HEADER_BYTES;
  varint(); // length
  cursor.at += 1; // attributes
  varint(); // timestamp delta
  varint(); // offset delta
  varint(); // key length
  return slab.readInt16BE(cursor.at + 2) === 0;
}

function int64(bytes: Buffer, at: number): number {
  return bytes.readInt32BE(at) * 4294967296 + bytes.readUInt32BE(at + 4);
}

// Zig-zag varints of up to 64 bits, as a number: the first four bytes by shifts, the rare rest by arithmetic.
function varint(): number {
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
