// Avro as plain JSON, written straight from the bytes by the schema they were written with, so that no digit is lost on the way.
// Unions are unwrapped; bytes and fixed are text of one character a byte, as in Avro's JSON encoding; logical types give what
// lies under them (a date its days, a decimal its bytes); NaN and the infinities are text.
// https://avro.apache.org/docs/1.12.0/specification/#binary-encoding
import avro, { type Schema, type Type, type types } from "avsc";
import { AvroReader } from "./avro-reader.ts";
import { type NamedText, UnreadableError } from "./registry.ts";

type ToJson = (reader: AvroReader) => string;

/** The decoder of a schema; throws when the schema can't be read. */
export function avroDecoder(text: string, references: readonly NamedText[]): (payload: Buffer) => Buffer {
  const registry: Record<string, Type> = {};
  for (const reference of references) avro.Type.forSchema(parsed(reference.text), { registry });
  const toJson = compile(avro.Type.forSchema(parsed(text), { registry }), new Map());
  return (payload) => {
    const reader = new AvroReader(payload);
    const json = toJson(reader);
    if (reader.left > 0) throw new UnreadableError(`${reader.left} bytes are left behind what the schema reads`);
    return Buffer.from(json);
  };
}

// Defaults are for readers whose schema has more fields than the writer's, and none is used here: avsc refuses some that are valid
// (a long's that JSON.parse rounds) or that registries let through. A field that is called default is a value of `name`, and stays.
function parsed(text: string): Schema {
  return JSON.parse(text, (key, value) => (key === "default" ? undefined : value));
}

/** Named types may contain themselves, so each is compiled once and looked up when it is met again. */
function compile(type: Type, known: Map<Type, ToJson>): ToJson {
  const found = known.get(type);
  if (found !== undefined) return found;
  let compiled: ToJson | undefined;
  known.set(type, (reader) => compiled!(reader));
  compiled = compileNew(type, known);
  known.set(type, compiled);
  return compiled;
}

function compileNew(type: Type, known: Map<Type, ToJson>): ToJson {
  switch (type.typeName) {
    case "null":
      return () => "null";
    case "boolean":
      return (reader) => reader.boolean();
    case "int":
      return (reader) => String(reader.int());
    case "long":
      return (reader) => reader.long();
    case "float":
      return (reader) => reader.float();
    case "double":
      return (reader) => reader.double();
    case "bytes":
      return (reader) => latin1(reader.bytes());
    case "string":
      return (reader) => JSON.stringify(reader.text());
    case "fixed": {
      const { size } = type as types.FixedType;
      return (reader) => latin1(reader.take(size));
    }
    case "enum":
      return enumToJson(type as types.EnumType);
    case "array":
      return arrayToJson(compile((type as types.ArrayType).itemsType, known));
    case "map":
      return mapToJson(compile((type as types.MapType).valuesType, known));
    case "union:unwrapped":
    case "union:wrapped":
      return unionToJson((type as types.UnwrappedUnionType).types.map((branch) => compile(branch, known)));
    case "record":
    case "error":
      return recordToJson(type as types.RecordType, known);
    default:
      throw new Error(`Avro type '${type.typeName}' is not known here`);
  }
}

function enumToJson({ symbols }: types.EnumType): ToJson {
  const texts = symbols.map((symbol) => JSON.stringify(symbol));
  return (reader) => texts[reader.int()] ?? refuse("an enum has no symbol with the number that is written");
}

function unionToJson(branches: readonly ToJson[]): ToJson {
  return (reader) => {
    const branch = branches[reader.int()] ?? refuse("a union has no branch with the number that is written");
    return branch(reader);
  };
}

function arrayToJson(item: ToJson): ToJson {
  return (reader) => {
    let json = "";
    reader.blocks(() => {
      json += `${json === "" ? "" : ","}${item(reader)}`;
    });
    return `[${json}]`;
  };
}

function mapToJson(value: ToJson): ToJson {
  return (reader) => {
    let json = "";
    reader.blocks(() => {
      const name = JSON.stringify(reader.text());
      json += `${json === "" ? "" : ","}${name}:${value(reader)}`;
    });
    return `{${json}}`;
  };
}

function recordToJson(type: types.RecordType, known: Map<Type, ToJson>): ToJson {
  const fields = type.fields.map((field, index) => {
    const name = `${index === 0 ? "" : ","}${JSON.stringify(field.name)}:`;
    return { name, toJson: compile(field.type, known) };
  });
  return (reader) => {
    let json = "{";
    for (const { name, toJson } of fields) json += name + toJson(reader);
    return `${json}}`;
  };
}

function latin1(bytes: Buffer): string {
  return JSON.stringify(bytes.toString("latin1"));
}

function refuse(why: string): never {
  throw new UnreadableError(why);
}
