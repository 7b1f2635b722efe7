// What a schema registry is to the event source: something that says what the id in a record means.

/** AWS's words, as they stand in a record's schema metadata. */
export type DataFormat = "AVRO" | "JSON" | "PROTOBUF";

export interface SchemaText {
  readonly dataFormat: DataFormat;
  readonly text: string;
}

export interface RegisteredSchema extends SchemaText {
  /** What its text refers to, by the name it uses; what one of them needs comes before it. */
  readonly references: readonly NamedText[];
}

export interface NamedText {
  readonly name: string;
  readonly text: string;
}

export interface Registry {
  /** Decides how records name their schemas. */
  readonly kind: "confluent" | "glue";
  /** Where it is, for log lines. */
  readonly address: string;
  /** The schema with this id; undefined when the registry has none. Throws while it can't say. */
  schema(id: string): Promise<RegisteredSchema | undefined>;
  close(): void;
}

/** Why a record can't be read with its schema. Its message never quotes the record. */
export class UnreadableError extends Error {}
