// JSON Schema: the payload is the JSON itself, handed on as it came once it is valid. Drafts 4, 6, 7, 2019-09 and 2020-12.
// https://docs.confluent.io/platform/current/schema-registry/fundamentals/serdes-develop/serdes-json.html
import type { Ajv, ValidateFunction } from "ajv";
import { asObject } from "../template/template.ts";
import { type NamedText, UnreadableError } from "./registry.ts";

const utf8 = new TextDecoder("utf-8", { fatal: true });

/** The decoder of a schema; rejects when the schema can't be read. */
export async function jsonDecoder(
  text: string,
  references: readonly NamedText[],
): Promise<(payload: Buffer) => Buffer> {
  const schema: unknown = JSON.parse(text);
  const ajv = await validatorFor(String(asObject(schema)?.$schema ?? ""));
  const base = baseOf(schema);
  for (const reference of references) ajv.addSchema(JSON.parse(reference.text), resolved(reference.name, base));
  const validate = ajv.compile(asSchema(schema));
  return (payload) => {
    if (!validate(parsedValue(payload))) throw new UnreadableError(`the value breaks the schema: ${ruleOf(validate)}`);
    return payload;
  };
}

async function validatorFor(draft: string): Promise<Ajv> {
  const { default: addFormats } = await import("ajv-formats");
  const ajv = await made(draft);
  addFormats.default(ajv);
  // Ajv's own refuses 19.99 as a multiple of 0.01, and its option for that is a bound that 1234567.89 passes.
  ajv.removeKeyword("multipleOf");
  ajv.addKeyword({
    keyword: "multipleOf",
    type: "number",
    schemaType: "number",
    compile: (divisor: number) => (value: number) => isMultiple(value, divisor),
  });
  return ajv;
}

// Registries hold what their own validators accept: unknown keywords and formats are no error there.
const OPTIONS = {
  strict: false,
  validateSchema: false,
  logger: false,
  code: { regExp: Object.assign(expression, { code: "" }) }, // Ajv wants the code for schemas that are printed; none is here
} as const;

/** With `u`, which \p needs, or without, where \- and \@ are what other languages read in them. */
function expression(pattern: string, flags: string): RegExp {
  try {
    return new RegExp(pattern, flags);
  } catch {
    return new RegExp(pattern);
  }
}

/** Whether it is one in decimal: fractions are rounded when they are read, twice, and when they are divided. */
function isMultiple(value: number, divisor: number): boolean {
  if (value % divisor === 0) return true;
  if (Number.isInteger(divisor)) return false;
  const quotient = value / divisor;
  return Math.abs(quotient - Math.round(quotient)) <= 2 * Number.EPSILON * Math.abs(quotient);
}

// By `default`, for in a bundle CommonJS modules have no other name.
async function made(draft: string): Promise<Ajv> {
  if (draft.includes("draft-04")) return new (await import("ajv-draft-04")).default.default(OPTIONS);
  if (draft.includes("2019-09")) return new (await import("ajv/dist/2019.js")).default.Ajv2019(OPTIONS);
  if (draft.includes("2020-12")) return new (await import("ajv/dist/2020.js")).default.Ajv2020(OPTIONS);
  return new (await import("ajv")).default.Ajv(OPTIONS);
}

function asSchema(schema: unknown): object | boolean {
  return typeof schema === "boolean" ? schema : (asObject(schema) ?? {});
}

function baseOf(schema: unknown): string | undefined {
  const { $id, id } = asObject(schema) ?? {};
  const base = $id ?? id;
  return typeof base === "string" ? base : undefined;
}

/** A reference's name as `$ref` finds it: relative to the schema's own address. */
function resolved(name: string, base: string | undefined): string {
  return (base === undefined ? null : URL.parse(name, base))?.href ?? name;
}

function parsedValue(payload: Buffer): unknown {
  try {
    return JSON.parse(utf8.decode(payload));
  } catch {
    throw new UnreadableError("the value is not JSON in UTF-8"); // the parser's own words quote it
  }
}

/** Where in the schema the broken rule stands; what broke it is not said. */
function ruleOf({ errors }: ValidateFunction): string {
  const [first] = errors ?? [];
  return first === undefined ? "no rule named" : `${first.schemaPath} (${first.keyword})`;
}
