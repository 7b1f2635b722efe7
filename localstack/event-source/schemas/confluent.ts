// A registry behind Confluent's HTTP API. An id that it doesn't know is an answer; a registry that is away, refuses the key or answers
// like something else is an error, for what its records mean is unknown then.
// https://docs.confluent.io/platform/current/schema-registry/develop/api.html
import { asObject } from "../template/template.ts";
import type { NamedText, RegisteredSchema, Registry, SchemaText } from "./registry.ts";

/** An answer of the registry: its status and its body. */
export interface RegistryAnswer {
  readonly status: number;
  readonly text: string;
}

/** How the registry is asked: GET a path below its address. */
export interface RegistryConnection {
  readonly address: string;
  get(path: string): Promise<RegistryAnswer>;
  close(): void;
}

/** A schema's text, and which versions of other subjects it refers to. */
interface Found extends SchemaText {
  readonly references: readonly Reference[];
}

interface Reference {
  readonly name: string;
  readonly subject: string;
  readonly version: number;
}

/** No such subject, version or schema. */
const UNKNOWN_CODES = new Set([40_401, 40_402, 40_403]);
/** Ids are Java's ints. */
const GREATEST_ID = 2 ** 31 - 1;
const FORMATS: ReadonlySet<string> = new Set(["AVRO", "JSON", "PROTOBUF"]);

export function confluentRegistry(connection: RegistryConnection): Registry {
  async function find(path: string): Promise<Found | undefined> {
    const { status, text } = await connection.get(path);
    const content = asObject(parsed(text));
    if (status === 404 && UNKNOWN_CODES.has(Number(content?.error_code))) return undefined;
    if (status === 200 && typeof content?.schema === "string") return foundIn(content, content.schema);
    throw new Error(`${connection.address}${path} answers ${status}${reasonIn(content)}`);
  }

  /** All that the references need, each before what refers to it; undefined when one of them is gone. */
  async function referred(references: readonly Reference[], known: Map<string, NamedText>): Promise<boolean> {
    for (const { name, subject, version } of references) {
      if (known.has(name)) continue;
      const found = await find(`/subjects/${encodeURIComponent(subject)}/versions/${version}`);
      if (found === undefined || !(await referred(found.references, known))) return false;
      known.set(name, { name, text: found.text });
    }
    return true;
  }

  return {
    kind: "confluent",
    address: connection.address,
    async schema(id): Promise<RegisteredSchema | undefined> {
      if (Number(id) > GREATEST_ID) return undefined; // not asked: registries answer as if the path were wrong
      const found = await find(`/schemas/ids/${id}`);
      const references = new Map<string, NamedText>();
      if (found === undefined || !(await referred(found.references, references))) return undefined;
      return { dataFormat: found.dataFormat, text: found.text, references: [...references.values()] };
    },
    close: () => connection.close(),
  };
}

// Avro is not named: it was the first.
function foundIn(content: Readonly<Record<string, unknown>>, text: string): Found {
  const { schemaType = "AVRO", references } = content;
  if (!isFormat(schemaType)) throw new Error(`a schema of type '${String(schemaType)}' is not known here`);
  return { dataFormat: schemaType, text, references: Array.isArray(references) ? references.map(referenceIn) : [] };
}

function isFormat(type: unknown): type is SchemaText["dataFormat"] {
  return typeof type === "string" && FORMATS.has(type);
}

function referenceIn(entry: unknown): Reference {
  const { name, subject, version } = asObject(entry) ?? {};
  return { name: String(name), subject: String(subject), version: Number(version) };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function reasonIn(content: Readonly<Record<string, unknown>> | undefined): string {
  if (content === undefined) return " with no JSON: is that a schema registry's address?";
  return content.message === undefined ? "" : `: ${String(content.message)}`;
}
