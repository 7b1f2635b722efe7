// Records with another key or value than the broker gave, written as the broker would have: whoever reads records reads these too.
import type { BatchBytes, SourceRecord } from "./record-batch.ts";
import { rawHeaders } from "./record-batch.ts";

/** What a record is to hold. */
export interface Replacement {
  readonly record: SourceRecord;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  /** The schema metadata in its events; the same object for records that share it. */
  readonly text: Uint8Array;
}

/** In front of each: where the record lies in the batch that it came in. */
const ORIGIN_BYTES = 4;
const LONGEST_LENGTH = 5;

/** The records with what they are to hold, in one buffer; offset, timestamp and headers stay. */
export function replaced(replacements: readonly Replacement[]): SourceRecord[] {
  const headers = replacements.map(({ record }) => rawHeaders(record));
  const bytes = Buffer.allocUnsafeSlow(
    replacements.reduce(
      (sum, { key, value }, i) => sum + sizeOf(key) + sizeOf(value) + headers[i]!.length,
      replacements.length * ORIGIN_BYTES,
    ),
  );
  const batchFor = sharedBatches(bytes);
  let end = 0;
  return replacements.map(({ record, key, value, text }, i) => {
    const at = bytes.writeUInt32BE(record.at, end);
    end = writePart(bytes, value, writePart(bytes, key, at));
    end += headers[i]!.copy(bytes, end);
    const { offset, timestampDelta } = record;
    return { batch: batchFor(record.batch, text), offset, timestampDelta, at, wireSize: 0 };
  });
}

/** The record as the broker gave it. */
export function originalOf(record: SourceRecord): SourceRecord {
  const { bytes, schemas } = record.batch;
  if (schemas === undefined) return record;
  const { offset, timestampDelta } = record;
  const at = bytes.readUInt32BE(record.at - ORIGIN_BYTES);
  return { batch: schemas.original, offset, timestampDelta, at, wireSize: 0 };
}

/** One batch for all records that came in one and have the same metadata. */
function sharedBatches(bytes: Buffer): (original: BatchBytes, text: Uint8Array) => BatchBytes {
  const made = new Map<BatchBytes, Map<Uint8Array, BatchBytes>>();
  return (original, text) => {
    const byText = made.get(original) ?? new Map<Uint8Array, BatchBytes>();
    made.set(original, byText);
    const { baseTimestamp, logAppendTime } = original;
    const batch = byText.get(text) ?? { bytes, baseTimestamp, logAppendTime, schemas: { text, original } };
    byText.set(text, batch);
    return batch;
  };
}

function sizeOf(part: Buffer | null): number {
  return LONGEST_LENGTH + (part?.length ?? 0);
}

/** A length and its bytes; null is a length of -1. Answers where they end. */
function writePart(bytes: Buffer, part: Buffer | null, at: number): number {
  let zigzag = part === null ? 1 : part.length * 2;
  let end = at;
  for (; zigzag > 0x7f; zigzag = Math.floor(zigzag / 128)) bytes[end++] = (zigzag & 0x7f) | 0x80;
  bytes[end++] = zigzag;
  return part === null ? end : end + part.copy(bytes, end);
}
