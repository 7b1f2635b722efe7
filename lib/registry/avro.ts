// Avro types as avsc makes them, made safe for bytes that anybody may have sent: a damaged count or length is refused where avsc would
// loop over it, and text that is not UTF-8 is refused where avsc would replace what it can't read.

import type { Schema, Type } from "avsc";
import avro from "avsc/etc/browser/avsc-types.js";

export type AvroSchema = Schema;
export type AvroType = Type;

/** Makes the type of a schema, given as an object or as its JSON. */
export function avroType(schema: AvroSchema | string): AvroType {
  const parsed: AvroSchema = typeof schema === "string" ? JSON.parse(schema) : schema;
  return avro.Type.forSchema(parsed, { typeHook });
}

/** avsc's cursor over bytes. Past the end it reads zeros; whoever started it asks in the end whether it went too far. */
interface Tap {
  readonly buf: Buffer;
  pos: number;
  readLong(): number;
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

/** avsc asks this before it makes a type of its own. */
function typeHook(schema: unknown, options: unknown): Type | undefined {
  if (schema === "string") return checkedString;
  if (typeof schema !== "object" || schema === null || !("type" in schema)) return undefined;
  if (schema.type === "string") return checkedString;
  if (schema.type === "array") return new CheckedArray(schema as Schema, options);
  if (schema.type === "map") return new CheckedMap(schema as Schema, options);
  return undefined;
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
