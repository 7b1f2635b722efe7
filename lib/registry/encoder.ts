// Writes values in a schema registry's wire format as Avro. The schema is registered for the topic when it is first needed, which the
// registry refuses where readers of the topic could not read it (the subject's compatibility).

import { type AvroSchema, type AvroType, avroType } from "./avro.ts";
import type { SchemaRegistry } from "./client.ts";
import { PAYLOAD_START, writePrefix } from "./wire-format.ts";

export interface EncoderOptions {
  readonly registry: SchemaRegistry;
  /** The topic whose values they are: the subject is `<topic>-value`. */
  readonly topic: string;
  readonly schema: AvroSchema;
}

export interface Encoder<V> {
  /** Registers the schema, once however often it is asked, and hands out the way to encode without waiting. A failure is tried again. */
  ready(): Promise<(value: V) => Buffer>;
  /** The value's bytes; a value that does not fit the schema is an error that names the field. */
  encode(value: V): Promise<Buffer>;
}

/** The encoder of a topic's values. */
export function registryEncoder<V>({ registry, topic, schema }: EncoderOptions): Encoder<V> {
  const type = avroType(schema);
  const text = JSON.stringify(schema);
  let registered: Promise<(value: V) => Buffer> | undefined;

  async function register(): Promise<(value: V) => Buffer> {
    const id = await registry.register(`${topic}-value`, text);
    return (value) => encoded(type, id, value);
  }

  function ready() {
    registered ??= register().catch((error) => {
      registered = undefined;
      throw error;
    });
    return registered;
  }
  return { ready, encode: async (value) => (await ready())(value) };
}

/** One buffer for every value: what is in it is copied out. Grown to the largest value seen. */
let scratch = Buffer.allocUnsafeSlow(4 * 1024);

/** A value as it stands in a record: prefix and Avro. */
export function encoded(type: AvroType, id: number, value: unknown): Buffer {
  let end = written(type, value);
  if (end < 0) {
    scratch = Buffer.allocUnsafeSlow(2 * (scratch.length - end));
    end = written(type, value);
  }
  writePrefix(scratch, id);
  return Buffer.from(scratch.subarray(0, end));
}

/** Where the value ends in the buffer, or by how much it is too long for it, as a negative number. */
function written(type: AvroType, value: unknown): number {
  try {
    return type.encode(value, scratch, PAYLOAD_START);
  } catch {
    throw new TypeError(`A value does not fit Avro schema ${type.name}: ${faultsOf(type, value)}`); // avsc's own message quotes it
  }
}

function faultsOf(type: AvroType, value: unknown): string {
  const faults: string[] = [];
  type.isValid(value, {
    errorHook: (path, _value, expected) => faults.push(`${path.join(".")} must be ${expected.typeName}`),
  });
  return faults.join("; ");
}
