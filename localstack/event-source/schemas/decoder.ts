// A registered schema made ready to read records with.
import { jsonDecoder } from "./json-schema.ts";
import { type DataFormat, type RegisteredSchema, type Registry, UnreadableError } from "./registry.ts";

export interface SchemaDecoder {
  readonly dataFormat: DataFormat;
  /** The payload as JSON text. Throws `UnreadableError` when it doesn't fit the schema. */
  toJson(payload: Buffer): Buffer;
}

/** A schema that can't be read itself gives a decoder that refuses everything, and says why. */
export async function decoderOf(schema: RegisteredSchema, kind: Registry["kind"]): Promise<SchemaDecoder> {
  const { dataFormat } = schema;
  try {
    return { dataFormat, toJson: guarded(await compiled(schema, kind)) };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    const refusal = new UnreadableError(`its schema can't be read here: ${why}`, { cause: error });
    return {
      dataFormat,
      toJson: () => {
        throw refusal;
      },
    };
  }
}

async function compiled(
  { dataFormat, text, references }: RegisteredSchema,
  kind: Registry["kind"],
): Promise<SchemaDecoder["toJson"]> {
  switch (dataFormat) {
    case "AVRO": {
      const { avroDecoder } = await import("./avro.ts"); // here, for most mappings have no registry
      return avroDecoder(text, references);
    }
    case "JSON":
      return jsonDecoder(text, references);
    case "PROTOBUF": {
      const { protobufDecoder } = await import("./protobuf.ts");
      return protobufDecoder(text, references, kind);
    }
    default:
      return dataFormat satisfies never;
  }
}

/** What fails otherwise fails on the bytes too: a structure nested too deep, a length beyond all memory. */
function guarded(toJson: SchemaDecoder["toJson"]): SchemaDecoder["toJson"] {
  return (payload) => {
    try {
      return toJson(payload);
    } catch (error) {
      if (error instanceof UnreadableError) throw error;
      throw new UnreadableError(`it can't be read (${error instanceof Error ? error.name : "unknown"})`, {
        cause: error,
      });
    }
  };
}
