// How a key or value names its schema: the bytes in front of it, by registry. Pure.
// Confluent: 0x00, then the id as four bytes: https://docs.confluent.io/platform/current/schema-registry/fundamentals/serdes-develop/index.html#wire-format
// Glue: 0x03, then 0x00 or 0x05 for zlib, then the schema version's UUID: https://docs.aws.amazon.com/glue/latest/dg/schema-registry-gs.html
import { inflateSync } from "node:zlib";
import { type Registry, UnreadableError } from "./registry.ts";

export interface Framing {
  /** The id that the bytes begin with; undefined when they don't begin as this registry's do. */
  idOf(bytes: Buffer): string | undefined;
  /** What follows the prefix, decompressed. For Protobuf it begins with the message's index. */
  payloadOf(bytes: Buffer): Buffer;
  /** What a prefix looks like, for whoever reads why a record was refused. */
  readonly prefix: string;
}

const CONFLUENT_BYTES = 5;
const CONFLUENT_MAGIC = 0;
const GLUE_BYTES = 18;
const GLUE_VERSION = 3;
const UNCOMPRESSED = 0;
const ZLIB = 5;
/** No event holds more than 6 MB; what would inflate far beyond is taken for damaged. */
const MOST_INFLATED_BYTES = 67_108_864;

const confluent: Framing = {
  prefix: "0x00 and a schema id of 4 bytes",
  idOf: (bytes) =>
    bytes.length < CONFLUENT_BYTES || bytes[0] !== CONFLUENT_MAGIC ? undefined : String(bytes.readUInt32BE(1)),
  payloadOf: (bytes) => bytes.subarray(CONFLUENT_BYTES),
};

const glue: Framing = {
  prefix: "0x03, 0x00 or 0x05, and a schema version's UUID of 16 bytes",
  idOf: (bytes) =>
    bytes.length < GLUE_BYTES || bytes[0] !== GLUE_VERSION || !isCompression(bytes[1])
      ? undefined
      : uuidOf(bytes.toString("hex", 2, GLUE_BYTES)),
  payloadOf(bytes) {
    const payload = bytes.subarray(GLUE_BYTES);
    if (bytes[1] === UNCOMPRESSED) return payload;
    try {
      return inflateSync(payload, { maxOutputLength: MOST_INFLATED_BYTES });
    } catch (cause) {
      throw new UnreadableError("what follows the prefix can't be decompressed with zlib", { cause });
    }
  },
};

export function framingOf(kind: Registry["kind"]): Framing {
  return kind === "glue" ? glue : confluent;
}

function isCompression(byte: number | undefined): boolean {
  return byte === UNCOMPRESSED || byte === ZLIB;
}

function uuidOf(hex: string): string {
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
