// What Kafka's records may be compressed with. Node has gzip and zstd; LZ4 frames and Snappy blocks are read here.
// https://github.com/lz4/lz4/blob/dev/doc/lz4_Frame_format.md  https://github.com/google/snappy/blob/main/format_description.txt
import { gunzipSync, zstdDecompressSync } from "node:zlib";

/** Decompresses a batch's records; `codec` is the number in the batch's attributes. */
export function decompress(bytes: Buffer, codec: number): Buffer {
  switch (codec) {
    case 1:
      return gunzipSync(bytes);
    case 2:
      return readSnappy(bytes);
    case 3:
      return readLz4Frame(bytes);
    case 4:
      return zstdDecompressSync(bytes);
    default:
      throw new Error(
        `Can't read records compressed with codec ${codec}: Kafka knows gzip (1), snappy (2), lz4 (3) and zstd (4).`,
      );
  }
}

const LZ4_MAGIC = 0x184d2204;
/** Java's stream format: this, then version and compatible version, then blocks with their lengths. */
const XERIAL_MAGIC = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00]);

function readLz4Frame(frame: Buffer): Buffer {
  if (frame.readUInt32LE(0) !== LZ4_MAGIC) throw new Error("An LZ4 batch doesn't start with LZ4's magic number.");
  const flags = frame[4]!;
  const hasBlockChecksums = (flags & 0x10) !== 0;
  const hasContentSize = (flags & 0x08) !== 0;
  let at = 4 + 2 + (hasContentSize ? 8 : 0) + 1;
  const output = new Output(hasContentSize ? Number(frame.readBigUInt64LE(6)) : frame.length * 4);
  for (;;) {
    const header = frame.readUInt32LE(at);
    at += 4;
    if (header === 0) return output.bytes();
    const length = header & 0x7fffffff;
    const isStored = header >>> 31 === 1;
    if (isStored) output.append(frame, at, length);
    else readLz4Block(frame.subarray(at, at + length), output);
    at += length + (hasBlockChecksums ? 4 : 0);
  }
}

function readLz4Block(block: Buffer, output: Output): void {
  let at = 0;
  const extended = (base: number) => {
    if (base < 15) return base;
    let length = base;
    let byte: number;
    do {
      byte = block[at++]!;
      length += byte;
    } while (byte === 255);
    return length;
  };
  while (at < block.length) {
    const token = block[at++]!;
    const literals = extended(token >>> 4);
    output.append(block, at, literals);
    at += literals;
    if (at >= block.length) return; // the last sequence is literals only
    const distance = block.readUInt16LE(at);
    at += 2;
    output.repeat(distance, extended(token & 0x0f) + 4);
  }
}

function readSnappy(bytes: Buffer): Buffer {
  if (!bytes.subarray(0, 8).equals(XERIAL_MAGIC)) return readSnappyBlock(bytes);
  const blocks: Buffer[] = [];
  for (let at = 16; at < bytes.length; ) {
    const length = bytes.readInt32BE(at);
    blocks.push(readSnappyBlock(bytes.subarray(at + 4, at + 4 + length)));
    at += 4 + length;
  }
  return Buffer.concat(blocks);
}

function readSnappyBlock(block: Buffer): Buffer {
  let at = 0;
  let size = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = block[at++]!;
    size += (byte & 0x7f) * 2 ** shift;
    if (byte < 0x80) break;
  }
  const output = new Output(size);
  while (at < block.length) {
    const tag = block[at++]!;
    switch (tag & 3) {
      case 0: {
        const short = tag >>> 2;
        const extra = short < 60 ? 0 : short - 59;
        const length = extra === 0 ? short + 1 : block.readUIntLE(at, extra) + 1;
        at += extra;
        output.append(block, at, length);
        at += length;
        break;
      }
      case 1:
        output.repeat(((tag & 0xe0) << 3) | block[at]!, ((tag >>> 2) & 7) + 4);
        at += 1;
        break;
      case 2:
        output.repeat(block.readUInt16LE(at), (tag >>> 2) + 1);
        at += 2;
        break;
      default:
        output.repeat(block.readUInt32LE(at), (tag >>> 2) + 1);
        at += 4;
    }
  }
  return output.bytes();
}

/** Bytes that grow, and that may be copied from further back. */
class Output {
  private buffer: Buffer;
  private length = 0;

  constructor(expected: number) {
    this.buffer = Buffer.allocUnsafeSlow(Math.max(64, expected));
  }

  append(from: Buffer, at: number, count: number): void {
    this.reserve(count);
    from.copy(this.buffer, this.length, at, at + count);
    this.length += count;
  }

  // What is copied may overlap what is written: a distance of 1 repeats one byte.
  repeat(distance: number, count: number): void {
    if (distance === 0 || distance > this.length) throw new Error("Compressed records point before their start.");
    this.reserve(count);
    for (let i = 0; i < count; i++, this.length++) this.buffer[this.length] = this.buffer[this.length - distance]!;
  }

  bytes(): Buffer {
    return this.buffer.subarray(0, this.length);
  }

  private reserve(count: number): void {
    if (this.length + count <= this.buffer.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(this.buffer.length * 2, this.length + count));
    this.buffer.copy(larger, 0, 0, this.length);
    this.buffer = larger;
  }
}
