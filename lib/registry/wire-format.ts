// Confluent's wire format: a zero byte, the schema's id as four bytes big-endian, then the payload. Pure.
// https://docs.confluent.io/platform/current/schema-registry/fundamentals/serdes-develop/index.html#wire-format

/** Where the payload begins. */
export const PAYLOAD_START = 5;

const MAGIC = 0;
/** The characters of base64 that hold the magic byte and the id. */
const BASE64_PREFIX = 7;

/** The id of the schema that the bytes were written with, or undefined where they are not in this format. */
export function schemaIdOf(bytes: Buffer): number | undefined {
  return bytes.length < PAYLOAD_START || bytes[0] !== MAGIC ? undefined : bytes.readUInt32BE(1);
}

/** Writes magic byte and id at the start of a buffer whose payload begins at `PAYLOAD_START`. */
export function writePrefix(bytes: Buffer, id: number): void {
  bytes[0] = MAGIC;
  bytes.writeUInt32BE(id, 1);
}

/** The distinct ids in base64 values; what is not in this format adds none. Costs one comparison a value while the id stays the same. */
export function schemaIdsIn(values: Iterable<string | null | undefined>): ReadonlySet<number> {
  const prefixes = new Set<string>();
  let latest = "";
  for (const value of values) {
    if (value == null || (latest !== "" && value.startsWith(latest))) continue;
    latest = value.slice(0, BASE64_PREFIX);
    prefixes.add(latest);
  }
  const ids = [...prefixes].map((prefix) => schemaIdOf(Buffer.from(prefix, "base64")));
  return new Set(ids.filter((id) => id !== undefined));
}
