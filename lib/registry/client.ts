// A schema registry behind Confluent's HTTP API: what a schema id means, and the id of a schema.
// A registry that doesn't answer is an error, which is retried; an id that it doesn't know is an answer.
// https://docs.confluent.io/platform/current/schema-registry/develop/api.html

import { settingOrSecret } from "../aws/secret-setting.ts";
import { required } from "../config.ts";
import { ConfigError, messageOf } from "../errors.ts";
import { type Setting, textOf } from "../setting.ts";

export interface RegisteredSchema {
  /** `AVRO`, `JSON` or `PROTOBUF`. */
  readonly kind: string;
  readonly text: string;
  /** Whether it names other subjects' schemas, without which its text is not whole. */
  readonly hasReferences: boolean;
}

export interface SchemaRegistry {
  /** The schema that has this id, for good; undefined where none has it by now. */
  schema(id: number): Promise<RegisteredSchema | undefined>;
  /**
   * The id of a schema, Avro unless told otherwise, under a subject. One that is new there becomes its next version, if the subject's
   * compatibility allows it.
   */
  register(subject: string, schema: string, kind?: "AVRO" | "JSON"): Promise<number>;
}

interface Call {
  readonly method: "GET" | "POST";
  readonly path: string;
  readonly body?: unknown;
}

interface Answer {
  readonly status: number;
  readonly content: Readonly<Record<string, unknown>>;
}

const TIMEOUT_MS = 5_000;
const unknownCodes = new Set([40_401, 40_402, 40_403]); // no such subject, version, schema

/** This execution environment's registry, from SCHEMA_REGISTRY_URL: an address, or the ARN of the secret with it. */
export function environmentRegistry(): SchemaRegistry {
  return schemaRegistry(settingOrSecret(required("SCHEMA_REGISTRY_URL"), "url"));
}

/** The registry at an address such as `https://key:secret@host/path`; asked for with each call, where it is a secret's. */
export function schemaRegistry(url: Setting, fetchFrom: typeof fetch = fetch): SchemaRegistry {
  const fixed = typeof url === "string" ? addressOf(url) : undefined;

  async function answerTo({ method, path, body }: Call): Promise<Answer> {
    const { base, headers } = fixed ?? addressOf(await textOf(url));
    const what = `${method} ${base}${path}`;
    const init = { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) };
    let response: Response;
    let text: string;
    try {
      response = await fetchFrom(base + path, { ...init, signal: AbortSignal.timeout(TIMEOUT_MS) });
      text = await response.text();
    } catch (cause) {
      throw new Error(`The schema registry does not answer: ${what}: ${messageOf(cause)}`, { cause });
    }
    const { status } = response;
    if (status === 401 || status === 403) {
      throw new ConfigError(
        `The schema registry refuses ${what} (${status}). Mend the key in SCHEMA_REGISTRY_URL, or its rights.`,
      );
    }
    if (status >= 500 || status === 408 || status === 429)
      throw new Error(`The schema registry fails: ${what}: ${status}`);
    const content = jsonObject(text);
    // Without its error codes a 404 comes from something else: taking it for "unknown" would make poison of good records.
    if (content === undefined || (status === 404 && !unknownCodes.has(Number(content.error_code)))) {
      throw new ConfigError(`${what} is not answered as a schema registry does (${status}). Mend SCHEMA_REGISTRY_URL.`);
    }
    return { status, content };
  }

  /** The id that the subject has for this schema already, which a key that may only read can find out too. */
  async function registeredId(subject: string, body: object): Promise<number | undefined> {
    const { status, content } = await answerTo({
      method: "POST",
      path: `/subjects/${encodeURIComponent(subject)}`,
      body,
    });
    return status === 200 && typeof content.id === "number" ? content.id : undefined;
  }

  return {
    async schema(id) {
      const { status, content } = await answerTo({ method: "GET", path: `/schemas/ids/${id}` });
      if (status === 404) return undefined;
      if (status !== 200 || typeof content.schema !== "string") throw unexpected(`schema ${id}`, status, content);
      const { schema: text, schemaType: kind = "AVRO", references } = content;
      return { kind: String(kind), text, hasReferences: Array.isArray(references) && references.length > 0 };
    },
    async register(subject, schema, kind = "AVRO") {
      const body = kind === "AVRO" ? { schema } : { schema, schemaType: kind };
      const known = await registeredId(subject, body);
      if (known !== undefined) return known;
      const path = `/subjects/${encodeURIComponent(subject)}/versions`;
      const { status, content } = await answerTo({ method: "POST", path, body });
      if (status === 409) throw incompatible(subject, content);
      if (status !== 200 || typeof content.id !== "number") throw unexpected(`subject '${subject}'`, status, content);
      return content.id;
    },
  };
}

function addressOf(url: string): { base: string; headers: Readonly<Record<string, string>> } {
  const address = URL.parse(url);
  if (address === null || !/^https?:$/.test(address.protocol)) {
    throw new ConfigError("SCHEMA_REGISTRY_URL must be an address such as https://key:secret@registry.example.com.");
  }
  const { username, password, origin, pathname } = address;
  const key = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  const json = "application/vnd.schemaregistry.v1+json";
  return {
    base: origin + pathname.replace(/\/+$/, ""),
    headers: {
      accept: `${json}, application/json`,
      "content-type": json,
      ...(username === "" ? {} : { authorization: `Basic ${Buffer.from(key).toString("base64")}` }),
    },
  };
}

function jsonObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const read: unknown = JSON.parse(text);
    return typeof read === "object" && read !== null ? { ...read } : undefined;
  } catch {
    return undefined;
  }
}

function incompatible(subject: string, { message }: Answer["content"]): ConfigError {
  return new ConfigError(
    `Subject '${subject}' does not take this schema: it is incompatible with those registered (${message}). ` +
      "A new field needs a default; a field that goes needs to have had one.",
  );
}

function unexpected(what: string, status: number, { error_code, message }: Answer["content"]): Error {
  const words = `The schema registry answers ${status} for ${what}: ${message ?? "no reason given"} (${error_code ?? "no code"})`;
  return status === 422 ? new ConfigError(`${words}. Mend the schema.`) : new Error(words);
}
