// Makes records what the function is to see: the selected attributes checked with their schemas, the registry's prefix taken off, as
// JSON or as they were, and the metadata that names the schema. Records that can't be read are set aside with the reason.
// https://docs.aws.amazon.com/lambda/latest/dg/services-consume-kafka-events.html
import { keyBytes, type SourceRecord, valueBytes } from "../kafka/record-batch.ts";
import { type Replacement, replaced } from "../kafka/replaced-records.ts";
import type { SchemaRegistry } from "../template/mapping.ts";
import { schemaText } from "../wire.ts";
import { type Framing, framingOf } from "./framing.ts";
import { type Registry, UnreadableError } from "./registry.ts";
import type { SchemaCache } from "./schema-cache.ts";

/** AWS's reasons. */
export type SchemaCondition = "SCHEMA_NOT_FOUND" | "DESERIALIZATION_ERROR";

interface Refusal {
  readonly condition: SchemaCondition;
  /** In words; quotes nothing of the record. */
  readonly reason: string;
}

/** Records next to each other that can't be read for the same reason, as the broker gave them. The words are of the first. */
export interface Unreadable extends Refusal {
  readonly records: readonly SourceRecord[];
}

export interface Deserialized {
  /** In offset order, without those that can't be read. */
  readonly records: readonly SourceRecord[];
  /** What filters look at, record by record: the value as JSON where it has a schema. */
  readonly filterValues: readonly (Buffer | null)[];
  readonly unreadable: readonly Unreadable[];
}

export interface DeserializerOptions {
  readonly config: Pick<SchemaRegistry, "attributes" | "format">;
  readonly kind: Registry["kind"];
  readonly cache: SchemaCache;
}

/** A key or value that was read. */
interface Part {
  readonly bytes: Buffer | null;
  readonly json: Buffer | null;
  /** Absent for what is null or was not selected. */
  readonly schema?: { readonly dataFormat: string; readonly schemaId: string };
}

export class Deserializer {
  private readonly options: DeserializerOptions;
  private readonly framing: Framing;
  private readonly texts = new Map<string, Uint8Array>();

  constructor(options: DeserializerOptions) {
    this.options = options;
    this.framing = framingOf(options.kind);
  }

  /** Waits as long as the registry can't say what a schema id means; rejects when the signal aborts. */
  async deserialize(records: readonly SourceRecord[], signal: AbortSignal): Promise<Deserialized> {
    const { cache } = this.options;
    const unknown = [...this.idsIn(records)].filter((id) => cache.isToBeLearnt(id));
    if (unknown.length > 0) await cache.learn(unknown, signal);
    return this.read(records);
  }

  private read(records: readonly SourceRecord[]): Deserialized {
    const readable: Replacement[] = [];
    const filterValues: (Buffer | null)[] = [];
    const unreadable: (Refusal & { readonly records: SourceRecord[] })[] = [];
    let refusedBefore: Refusal | undefined;
    for (const record of records) {
      const key = this.partOf("key", keyBytes(record));
      const value = this.partOf("value", valueBytes(record));
      if ("bytes" in key && "bytes" in value) {
        readable.push({ record, key: key.bytes, value: value.bytes, text: this.textOf(key, value) });
        filterValues.push(value.json);
        refusedBefore = undefined;
      } else {
        const refusal = "bytes" in key ? (value as Refusal) : key;
        if (refusal.condition === refusedBefore?.condition) unreadable.at(-1)!.records.push(record);
        else unreadable.push({ ...refusal, records: [record] });
        refusedBefore = refusal;
      }
    }
    return { records: replaced(readable), filterValues, unreadable };
  }

  private isSelected(name: "key" | "value"): boolean {
    return this.options.config.attributes.includes(name === "key" ? "KEY" : "VALUE");
  }

  private idsIn(records: readonly SourceRecord[]): ReadonlySet<string> {
    const ids = new Set<string>();
    const note = (bytes: Buffer | null) => {
      const id = bytes === null ? undefined : this.framing.idOf(bytes);
      if (id !== undefined) ids.add(id);
    };
    for (const record of records) {
      if (this.isSelected("key")) note(keyBytes(record));
      if (this.isSelected("value")) note(valueBytes(record));
    }
    return ids;
  }

  private partOf(name: "key" | "value", bytes: Buffer | null): Part | Refusal {
    if (bytes === null || !this.isSelected(name)) return { bytes, json: bytes };
    const refuse = (condition: SchemaCondition, why: string) => ({ condition, reason: `the ${name}: ${why}` });
    const { cache, config } = this.options;
    const schemaId = this.framing.idOf(bytes);
    if (schemaId === undefined) return refuse("DESERIALIZATION_ERROR", `it has no ${this.framing.prefix} in front`);
    const schema = cache.get(schemaId);
    if (schema === undefined) return refuse("SCHEMA_NOT_FOUND", `the registry has no schema ${schemaId}`);
    try {
      const payload = this.framing.payloadOf(bytes);
      const json = schema.toJson(payload);
      const { dataFormat } = schema;
      return { bytes: config.format === "JSON" ? json : payload, json, schema: { dataFormat, schemaId } };
    } catch (error) {
      if (!(error instanceof UnreadableError)) throw error;
      return refuse("DESERIALIZATION_ERROR", `${error.message} (schema ${schemaId})`);
    }
  }

  /** The metadata's text in events, made once for each pair of schemas. */
  private textOf({ schema: key }: Part, { schema: value }: Part): Uint8Array {
    const name = `${key?.schemaId}/${value?.schemaId}`;
    const known = this.texts.get(name);
    if (known !== undefined) return known;
    const made = schemaText({
      ...(key === undefined ? {} : { keySchemaMetadata: key }),
      ...(value === undefined ? {} : { valueSchemaMetadata: value }),
    });
    this.texts.set(name, made);
    return made;
  }
}
