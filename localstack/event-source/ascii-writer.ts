// Writes ASCII into a buffer of known size. The pieces are small and many, so what is short is written byte by byte here:
// a call into Node's own encoders costs more than forty bytes do.

const BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const BASE64_CODES = Uint8Array.from(BASE64, (char) => char.charCodeAt(0));
const PADDING = 0x3d;
const ZERO = 0x30;
/** From here on Node's own base64 is faster. */
const LONG_BYTES = 48;

export class AsciiWriter {
  readonly bytes: Buffer;
  private at = 0;

  constructor(size: number) {
    this.bytes = Buffer.allocUnsafeSlow(size);
  }

  /** Text that is made once and written often. */
  constant(text: Uint8Array): void {
    const { bytes, at } = this;
    const { length } = text;
    for (let i = 0; i < length; i++) bytes[at + i] = text[i]!;
    this.at = at + length;
  }

  text(text: string): void {
    this.at += this.bytes.write(text, this.at, "latin1");
  }

  /** A whole number: from 2^53 on, where division is not exact, as it is in JSON too. */
  integer(value: number): void {
    if (value < 0 || value > Number.MAX_SAFE_INTEGER) {
      this.text(String(value));
      return;
    }
    const { bytes, at } = this;
    const end = at + digitsOf(value);
    let place = end - 1;
    let rest = value;
    // Division is cheap in 32 bits: six digits at a time until the rest fits.
    while (rest > 0x7fffffff) {
      const high = Math.floor(rest / 1_000_000);
      let low = rest - high * 1_000_000;
      for (let i = 0; i < 6; i++) {
        const tenth = (low / 10) | 0;
        bytes[place--] = ZERO + low - tenth * 10;
        low = tenth;
      }
      rest = high;
    }
    let small = rest | 0;
    while (place >= at) {
      const tenth = (small / 10) | 0;
      bytes[place--] = ZERO + small - tenth * 10;
      small = tenth;
    }
    this.at = end;
  }

  base64(source: Buffer, from: number, length: number): void {
    if (length >= LONG_BYTES) {
      this.at += this.bytes.write(source.toString("base64", from, from + length), this.at, "latin1");
      return;
    }
    const { bytes } = this;
    let { at } = this;
    const rest = length % 3;
    const end = from + length - rest;
    for (let i = from; i < end; i += 3) {
      const group = (source[i]! << 16) | (source[i + 1]! << 8) | source[i + 2]!;
      bytes[at++] = BASE64_CODES[group >> 18]!;
      bytes[at++] = BASE64_CODES[(group >> 12) & 63]!;
      bytes[at++] = BASE64_CODES[(group >> 6) & 63]!;
      bytes[at++] = BASE64_CODES[group & 63]!;
    }
    if (rest > 0) {
      const group = (source[end]! << 16) | (rest === 2 ? source[end + 1]! << 8 : 0);
      bytes[at++] = BASE64_CODES[group >> 18]!;
      bytes[at++] = BASE64_CODES[(group >> 12) & 63]!;
      bytes[at++] = rest === 2 ? BASE64_CODES[(group >> 6) & 63]! : PADDING;
      bytes[at++] = PADDING;
    }
    this.at = at;
  }
}

/** How many characters a whole number takes. */
export function digitsOf(value: number): number {
  if (value < 0) return String(value).length;
  let count = 1;
  for (let bound = 10; value >= bound; bound *= 10) count++;
  return count;
}
