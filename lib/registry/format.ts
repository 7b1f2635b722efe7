// Reads values in a schema registry's wire format: Avro of any schema that the reader's can be resolved with, and JSON Schema payloads.
// Without a reader's schema Avro is read as it was written.
// What the records' ids mean is fetched once a batch and kept as long as the environment, for a schema never changes under its id.

import { messageOf } from "../errors.ts";
import { type Format, json, Refusal } from "../kafka/decode.ts";
import { type AvroSchema, type AvroType, avroType, writersType } from "./avro.ts";
import type { RegisteredSchema, SchemaRegistry } from "./client.ts";
import { PAYLOAD_START, schemaIdOf, schemaIdsIn } from "./wire-format.ts";

export interface RegistryFormatOptions {
  readonly registry: SchemaRegistry;
  /** The reader's Avro schema: what every writer's is resolved to, so that fields may be added while records come in. */
  readonly schema?: AvroSchema;
}

/** The `format` of a consumer whose records carry schema ids. */
export function registryFormat({ registry, schema }: RegistryFormatOptions): Format {
  const type = schema === undefined ? undefined : avroType(schema);
  const readers = new Map<number, Read>();
  const underWay = new Map<number, Promise<void>>();

  async function learn(id: number): Promise<void> {
    const registered = await registry.schema(id);
    // An unknown id is asked for again with the next batch: it may be registered by then.
    if (registered !== undefined) readers.set(id, readerOf(id, registered, type));
  }

  function learnOnce(id: number): Promise<void> {
    const known = underWay.get(id) ?? learn(id).finally(() => underWay.delete(id));
    underWay.set(id, known);
    return known;
  }

  return {
    async prepare(records) {
      const missing = [...schemaIdsIn(valuesOf(records))].filter((id) => !readers.has(id));
      // Made-up ids are asked for too: a handful at a time, so that a batch full of them is no flood.
      for (let i = 0; i < missing.length; i += askedAtOnce) {
        await Promise.all(missing.slice(i, i + askedAtOnce).map(learnOnce));
      }
    },
    read(bytes) {
      const id = schemaIdOf(bytes);
      if (id === undefined)
        return new Refusal("wire-format", "the value does not begin with a zero byte and a schema id");
      const read = readers.get(id);
      return read === undefined ? new Refusal("unknown-schema", `the registry has no schema ${id}`) : read(bytes);
    },
  };
}

type Read = (bytes: Buffer) => unknown;

const askedAtOnce = 16;

function* valuesOf(records: Iterable<{ readonly value?: string | null }>) {
  for (const { value } of records) yield value;
}

function readerOf(id: number, registered: RegisteredSchema, type: AvroType | undefined): Read {
  const { kind, hasReferences } = registered;
  if (kind === "JSON") return (bytes) => json.read(bytes.subarray(PAYLOAD_START));
  if (kind === "AVRO" && !hasReferences) return avroReader(id, registered.text, type);
  const refusal = new Refusal(
    "schema",
    `schema ${id} is ${kind}${hasReferences ? " with references" : ""}, which is not read here`,
  );
  return () => refusal;
}

function avroReader(id: number, text: string, type: AvroType | undefined): Read {
  const decode = decoding(text, type);
  if (decode instanceof Error) {
    const what = type === undefined ? `schema ${id} can't be read` : `schema ${id} can't be read as ${type.name}`;
    const refusal = new Refusal("schema", `${what}: ${decode.message.slice(0, 300)}`);
    return () => refusal;
  }
  return (bytes) => {
    try {
      const { value, offset } = decode(bytes);
      if (offset === bytes.length) return value;
      return new Refusal(
        "not-avro",
        offset < 0 ? `the value is cut short for schema ${id}` : `the value goes on after schema ${id}`,
      );
    } catch {
      return new Refusal("not-avro", `the value does not follow schema ${id}`); // avsc's own message may quote what was sent
    }
  };
}

/** How to read what was written with a schema, or why it can't be. */
function decoding(text: string, type: AvroType | undefined) {
  try {
    const written = writersType(text);
    if (type === undefined) return (bytes: Buffer) => written.decode(bytes, PAYLOAD_START);
    const resolver = type.createResolver(written, { ignoreNamespaces: true });
    return (bytes: Buffer) => type.decode(bytes, PAYLOAD_START, resolver);
  } catch (error) {
    return error instanceof Error ? error : new Error(messageOf(error));
  }
}
