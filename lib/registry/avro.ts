// Avro types as avsc makes them, made safe for bytes that anybody may have sent. Refused is what avsc would take wrongly: a damaged count, over
// which it would loop; text that is not UTF-8, which it would mend; a long from 2^52 on, which it would round (those up to 2^53 are read here).

import type { Schema, Type } from "avsc";
import avro from "avsc/etc/browser/avsc-types.js";

/** An Avro schema as its JSON says it: https://avro.apache.org/docs/1.12.0/specification/ */
export type AvroSchema = object;
export type AvroType = Type;

/** Makes the type of a schema, given as an object or as its JSON. */
export function avroType(schema: AvroSchema | string): AvroType {
  const parsed = typeof schema === "string" ? JSON.parse(schema) : schema;
  return avro.Type.forSchema(parsed as Schema, { typeHook });
}

/**
 * Makes the type that records were written with, from its JSON. Defaults are left out: reading with the writer's schema never uses them, and
 * avsc refuses a schema over some that others register, such as the largest long.
 */
export function writersType(schema: string): AvroType {
  return avroType(JSON.parse(schema, (key, value) => (key === "default" ? undefined : value)));
}

/** avsc's cursor over bytes. Past the end it reads zeros; whoever started it asks in the end whether it went too far. */
interface Tap {
  readonly buf: Buffer;
  pos: number;
  readLong(): number;
  writeLong(value: number): void;
  readString(): string | undefined;
  skipString(): void;
  skipLong(): void;
}

/** What avsc's types have and its declarations leave out. */
interface Reading {
  _read(tap: Tap): unknown;
  _skip(tap: Tap): void;
}

class CheckedString extends avro.types.StringType {
  _read(tap: Tap): string | undefined {
    const text = tap.readString();
    // Only text that holds the replacement character can have been mended.
    if (text?.includes("\uFFFD")) assertUtf8(tap, text);
    return text;
  }
}

class CheckedLong extends avro.types.LongType {
  _read(tap: Tap): number {
    const start = tap.pos;
    const value = tap.readLong();
    return Math.abs(value) < EXACT ? value : exactLong(tap.buf.subarray(start, tap.pos));
  }

  _write(tap: Tap, value: unknown): void {
    if (!Number.isSafeInteger(value)) throw new RangeError("not a whole number that is exact");
    if (Math.abs(Number(value)) < EXACT) tap.writeLong(Number(value));
    else writeExactLong(tap, BigInt(Number(value)));
  }
}

class CheckedArray extends avro.types.ArrayType {
  _read(tap: Tap): unknown[] {
    const items: unknown[] = [];
    const type = reading(this.itemsType);
    forEachItem(tap, () => items.push(type._read(tap)));
    return items;
  }

  _skip(tap: Tap): void {
    const type = reading(this.itemsType);
    forEachItem(tap, () => type._skip(tap));
  }
}

class CheckedMap extends avro.types.MapType {
  _read(tap: Tap): Record<string, unknown> {
    const type = reading(this.valuesType);
    const entries: [string, unknown][] = [];
    forEachItem(tap, () => entries.push([tap.readString() ?? "", type._read(tap)]));
    return Object.fromEntries(entries);
  }

  _skip(tap: Tap): void {
    const type = reading(this.valuesType);
    forEachItem(tap, () => {
      tap.skipString();
      type._skip(tap);
    });
  }
}

const checkedString = new CheckedString();
const checkedLong = new CheckedLong();

/** avsc asks this before it makes a type of its own. */
function typeHook(schema: Schema, options: unknown): Type | undefined {
  const kind = typeof schema === "object" && "type" in schema ? schema.type : schema;
  if (kind === "string") return checkedString;
  if (kind === "long") return checkedLong;
  if (kind === "array") return new CheckedArray(schema, options);
  if (kind === "map") return new CheckedMap(schema, options);
  return undefined;
}

/** Twice this, which is what is written of a long, is the last number below which all are exact. */
const EXACT = 2 ** 52;
/** Bytes of the longest long, in sevens of bits. */
const LONGEST = 10;

function exactLong(bytes: Buffer): number {
  if (bytes.length > LONGEST) throw new RangeError("a long with too many bytes");
  const written = bytes.reduce((sum, byte, i) => sum | (BigInt(byte & 0x7f) << BigInt(7 * i)), 0n);
  const value = Number(written & 1n ? -(written + 1n) / 2n : written / 2n);
  if (!Number.isSafeInteger(value)) throw new RangeError("a long beyond 2^53");
  return value;
}

function writeExactLong(tap: Tap, value: bigint): void {
  let left = value < 0n ? -value * 2n - 1n : value * 2n;
  for (; left > 0x7fn; left >>= 7n) tap.buf[tap.pos++] = Number(left & 0x7fn) | 0x80;
  tap.buf[tap.pos++] = Number(left);
}

/** Goes through the blocks of an array or a map. An item takes a byte at least, so no block has more items than there are bytes left. */
function forEachItem(tap: Tap, visit: () => void): void {
  for (let count = tap.readLong(); count !== 0; count = tap.readLong()) {
    if (count < 0) tap.skipLong(); // a negative count is followed by the block's length in bytes
    const items = Math.abs(count);
    if (!(items <= tap.buf.length - tap.pos)) throw new RangeError("more items than bytes");
    for (let left = items; left > 0; left--) visit();
  }
}

/** Text that was UTF-8 becomes the same bytes again. */
function assertUtf8({ buf, pos }: Tap, text: string): void {
  const bytes = Buffer.from(text);
  if (!buf.subarray(Math.max(0, pos - bytes.length), pos).equals(bytes)) throw new RangeError("text that is not UTF-8");
}

/** A type, or the resolver that avsc puts in its place. */
function reading(type: unknown): Reading {
  return type as Reading;
}
