// A request as an HTTP API hands it to a function.
import type { HttpEvent } from "../../lib/http/http-api.ts";

export function httpEvent(
  routeKey: string,
  { body, headers = {} }: { readonly body?: unknown; readonly headers?: Readonly<Record<string, string>> } = {},
): HttpEvent {
  const text = body === undefined || typeof body === "string" ? body : JSON.stringify(body);
  return { version: "2.0", routeKey, headers, ...(text === undefined ? {} : { body: text }), isBase64Encoded: false };
}
