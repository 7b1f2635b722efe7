// Reads Avro's binary encoding without believing it: lengths and counts are held against the bytes that are there, text must be UTF-8.
import { isUtf8 } from "node:buffer";
import { UnreadableError } from "./registry.ts";

/** What stands for bytes that are no text; it may also be what was written. */
const REPLACEMENT = "\ufffd";
/** Items that take no bytes (nulls) may outnumber the bytes left; so many of them in a record at most. */
const MOST_EMPTY_ITEMS = 65_536;
const LONGEST_VARINT = 10;

export class AvroReader {
  private readonly buffer: Buffer;
  private at = 0;
  private emptyItems = 0;

  constructor(buffer: Buffer) {
    this.buffer = buffer;
  }

  /** Bytes not read yet. */
  get left(): number {
    return this.buffer.length - this.at;
  }

  take(length: number): Buffer {
    if (length > this.left) throw new UnreadableError("the bytes end before what the schema reads");
    this.at += length;
    return this.buffer.subarray(this.at - length, this.at);
  }

  boolean(): string {
    const [byte] = this.take(1);
    if (byte !== 0 && byte !== 1) throw new UnreadableError("a boolean is neither 0 nor 1");
    return byte === 1 ? "true" : "false";
  }

  int(): number {
    const value = this.varint();
    const number = Number(value);
    if (number !== (number | 0)) throw new UnreadableError("an int has more than 32 bits");
    return number;
  }

  /** All digits of it: a JSON number may have more than a JavaScript number holds. */
  long(): string {
    return String(this.varint());
  }

  float(): string {
    return shortestFloat(this.take(4).readFloatLE(0));
  }

  double(): string {
    return numberText(this.take(8).readDoubleLE(0));
  }

  bytes(): Buffer {
    const length = Number(this.varint());
    if (length < 0) throw new UnreadableError("a length is negative");
    return this.take(length);
  }

  text(): string {
    const bytes = this.bytes();
    const text = bytes.toString("utf8");
    if (text.includes(REPLACEMENT) && !isUtf8(bytes)) throw new UnreadableError("text is not UTF-8");
    return text;
  }

  /** Calls back for every item of an array or map. */
  blocks(item: () => void): void {
    for (let count = this.count(); count !== 0; count = this.count()) {
      if (count < 0) this.varint(); // a negative count is followed by the block's length in bytes
      const items = Math.abs(count);
      this.emptyItems += Math.max(0, items - this.left);
      if (this.emptyItems > MOST_EMPTY_ITEMS) throw new UnreadableError("a block has more items than bytes");
      for (let i = 0; i < items; i++) item();
    }
  }

  private count(): number {
    return Number(this.varint());
  }

  /** Zig-zag; as a number while 49 bits do, which is seven bytes: a time in milliseconds takes six. */
  private varint(): number | bigint {
    let value = 0;
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = this.byte();
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return (value >>> 1) ^ -(value & 1);
    }
    for (let scale = 2 ** 28; scale < 2 ** 49; scale *= 128) {
      const byte = this.byte();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
    }
    return this.longVarint(BigInt(value));
  }

  private longVarint(low: bigint): bigint {
    let value = low;
    for (let length = 7; length < LONGEST_VARINT; length++) {
      const byte = this.byte();
      value |= BigInt(byte & 0x7f) << BigInt(7 * length);
      if (byte >= 0x80) continue;
      if (value >= 1n << 64n) break;
      return (value >> 1n) ^ -(value & 1n);
    }
    throw new UnreadableError("a number has more than 64 bits");
  }

  private byte(): number {
    if (this.at >= this.buffer.length) throw new UnreadableError("the bytes end before what the schema reads");
    return this.buffer[this.at++]!;
  }
}

/** As few digits as tell it from every other float: 1.1, not 1.100000023841858. */
function shortestFloat(value: number): string {
  for (let digits = 6; digits < 9 && Number.isFinite(value); digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return numberText(short);
  }
  return numberText(value);
}

function numberText(value: number): string {
  if (Object.is(value, -0)) return "-0.0";
  return Number.isFinite(value) ? String(value) : `"${value}"`;
}
