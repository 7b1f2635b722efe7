// Records as a person reads them: text where bytes are text, and values of a schema registry as what their schema says.

import { isUtf8 } from "node:buffer";
import { Refusal } from "../../lib/kafka/decode.ts";
import type { WireRecord } from "../../lib/kafka/event.ts";
import { bytesOf, headersOf } from "../../lib/kafka/record.ts";
import { schemaRegistry } from "../../lib/registry/client.ts";
import { registryFormat } from "../../lib/registry/format.ts";
import { schemaIdOf } from "../../lib/registry/wire-format.ts";

export interface Readable {
  readonly place: string;
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly timestamp: number;
  readonly key: string | null;
  /** Of an encoded value its JSON; null for a tombstone. */
  readonly value: string | null;
  /** Why a value that names a schema can't be decoded. */
  readonly undecoded?: string;
  readonly headers: readonly (readonly [name: string, value: string | null])[];
}

/** Decodes records; the registry is looked for only where one is needed. */
export async function readableRecords(
  records: readonly WireRecord[],
  findRegistry: () => Promise<string>,
): Promise<readonly Readable[]> {
  const encoded = records.filter((record) => isEncoded(bytesOf(record.value)));
  if (encoded.length === 0) return records.map((record) => readable(record, textOf(bytesOf(record.value))));
  const format = registryFormat({ registry: schemaRegistry(await findRegistry()) });
  await format.prepare?.(encoded);
  return records.map((record) => {
    const bytes = bytesOf(record.value);
    if (bytes === null || !isEncoded(bytes)) return readable(record, textOf(bytes));
    const value = format.read(bytes);
    if (value instanceof Refusal) return { ...readable(record, textOf(bytes)), undecoded: value.message };
    return readable(record, JSON.stringify(value, plain));
  });
}

function isEncoded(bytes: Buffer | null): boolean {
  return bytes !== null && schemaIdOf(bytes) !== undefined;
}

function readable(record: WireRecord, value: string | null): Readable {
  const { topic, partition, offset, timestamp } = record;
  return {
    ...{ place: `${topic}-${partition}@${offset}`, topic, partition, offset, timestamp, value },
    key: textOf(bytesOf(record.key)),
    headers: headersOf(record).map((header) => [header.name, textOf(header.value)] as const),
  };
}

/** UTF-8, or hexadecimal where the bytes are no text. */
function textOf(bytes: Buffer | null): string | null {
  if (bytes === null) return null;
  return isUtf8(bytes) && !bytes.includes(0) ? bytes.toString("utf8") : `0x${bytes.toString("hex")}`;
}

/** What JSON has no words for. */
function plain(_name: string, value: unknown): unknown {
  if (typeof value === "bigint") return String(value);
  if (value instanceof Uint8Array) return textOf(Buffer.from(value));
  return value;
}
