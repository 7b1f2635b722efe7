// Holds requests and answers to the API's own OpenAPI document.
import { Ajv2020 } from "ajv/dist/2020.js";
import formats from "ajv-formats";
import { expect } from "vitest";
import { openApi } from "../../functions/commerce/openapi.ts";
import type { HttpResponse } from "../../lib/http/http-api.ts";

interface Content {
  readonly content?: Readonly<Record<string, { readonly schema: object }>>;
  readonly headers?: Readonly<Record<string, { readonly $ref?: string; readonly schema?: object }>>;
}

interface Operation {
  readonly requestBody?: Content;
  readonly responses: Readonly<Record<string, Content>>;
}

/** The document as clients read it. */
export const document = JSON.parse(JSON.stringify(openApi()));

const ajv = new Ajv2020({ strict: false, allErrors: true });
formats.default(ajv);
ajv.addSchema({ $id: "https://api.test/openapi.json", ...document });

function operationOf(path: string, method: string): Operation {
  const operation = document.paths[path]?.[method];
  expect(operation, `the document has ${method} ${path}`).toBeDefined();
  return operation;
}

/** References within the document are looked up in it. */
function isValid(schema: object, value: unknown): boolean {
  const whole = JSON.parse(JSON.stringify(schema).replaceAll('"#/', '"https://api.test/openapi.json#/'));
  return ajv.compile(whole)(value);
}

/** Whether the document and the endpoint agree on a request: what is taken is valid; what is invalid is not taken. */
export function checkRequest(
  path: string,
  method: string,
  { body, isTaken }: { body: string; isTaken: boolean },
): void {
  const schema = operationOf(path, method).requestBody?.content?.["application/json"]?.schema;
  if (schema === undefined || !isTaken) return;
  expect(isValid(schema, JSON.parse(body)), `the document allows ${body.slice(0, 200)}`).toBe(true);
}

export function allowsRequest(path: string, method: string, value: unknown): boolean {
  const schema = operationOf(path, method).requestBody?.content?.["application/json"]?.schema;
  return schema !== undefined && isValid(schema, value);
}

/** The answer's status, type, headers and body are in the document. */
export function checkResponse(path: string, method: string, { statusCode, headers, body }: HttpResponse): void {
  const said = operationOf(path, method).responses[String(statusCode)];
  expect(said, `the document has ${statusCode} of ${method} ${path}`).toBeDefined();
  const type = headers["content-type"] ?? "";
  const schema = said?.content?.[type]?.schema;
  expect(schema, `the document has ${type} for ${statusCode}`).toBeDefined();
  expect(isValid(schema ?? {}, JSON.parse(body)), `${body.slice(0, 300)} is as the document says`).toBe(true);
  for (const name of Object.keys(said?.headers ?? {})) {
    if (name === "Retry-After") expect(headers["retry-after"]).toMatch(/^[1-9]\d*$/);
  }
}
