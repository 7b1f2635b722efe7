// Protobuf as JSON: Protobuf's own JSON mapping with the schema's field names. 64-bit integers are text, bytes base64, enums names,
// fields that are not set are left out. Which of the schema's messages it is stands in front of the payload.
// https://protobuf.dev/programming-guides/json/
import protobuf from "protobufjs";
import protojson from "protobufjs/ext/protojson.js";
import { messageTypesOf } from "./message-types.ts";
import { type NamedText, type Registry, UnreadableError } from "./registry.ts";

const PARSING = { keepCase: true };
/** What Confluent's serializers know without a reference, as far as fields use it. */
const CONFLUENT_FILES: Readonly<Record<string, string>> = {
  "confluent/type/decimal.proto": `syntax = "proto3"; package confluent.type;
    message Decimal { bytes value = 1; uint32 precision = 2; int32 scale = 3; }`,
};

/** The decoder of a schema; throws when the schema can't be read. */
export function protobufDecoder(
  text: string,
  references: readonly NamedText[],
  kind: Registry["kind"],
): (payload: Buffer) => Buffer {
  const root = rootOf(text, references);
  const types = messageTypesOf(text, kind);
  return (payload) => {
    const reader = protobuf.Reader.create(payload);
    const name = types.read(reader);
    const type = root.lookupType(name);
    return Buffer.from(JSON.stringify(protojson.toJson(type, decoded(type, reader))));
  };
}

function decoded(type: protobuf.Type, reader: protobuf.Reader): protobuf.Message {
  try {
    return type.decode(reader);
  } catch (cause) {
    // The parser's words are of positions and types.
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new UnreadableError(`the value is no ${type.name}: ${why}`, { cause });
  }
}

function rootOf(text: string, references: readonly NamedText[]): protobuf.Root {
  const root = new protobuf.Root();
  const given = new Map(references.map((reference) => [reference.name, reference.text]));
  const added = new Set<string>();
  const add = (file: string) => {
    const { imports = [], weakImports = [] } = protobuf.parse(file, root, PARSING);
    for (const path of [...imports, ...weakImports]) {
      if (added.has(path)) continue;
      added.add(path);
      const found = given.get(path) ?? CONFLUENT_FILES[path];
      const bundled = protobuf.common.get(path);
      if (found !== undefined) add(found);
      else if (bundled?.nested !== undefined) root.addJSON(bundled.nested);
      // Else it is needed for options only, or resolving below says which type is missing.
    }
  };
  add(text);
  root.resolveAll();
  keepNames(root);
  return root;
}

/** JSON under the names that stand in the schema, not in camel case. */
function keepNames(namespace: protobuf.NamespaceBase): void {
  for (const nested of namespace.nestedArray) {
    if (nested instanceof protobuf.Type) {
      for (const field of nested.fieldsArray) Object.assign(field, { jsonName: field.name });
    }
    if (nested instanceof protobuf.Namespace) keepNames(nested);
  }
}
