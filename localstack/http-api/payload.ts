// Requests as functions get them and functions' answers as clients get them: an HTTP API's payload format 2.0. Pure.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html

import { isUtf8 } from "node:buffer";
import type { InvokeResult } from "../event-source/invoke.ts";
import { asObject } from "../event-source/template/template.ts";
import type { Match } from "./routes.ts";

export interface Request {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  /** Names in lower case, each with all its values. */
  readonly headers: Readonly<Record<string, readonly string[]>>;
  readonly body: Buffer;
  readonly sourceIp: string;
  /** Milliseconds since the epoch. */
  readonly time: number;
  readonly requestId: string;
}

export interface Response {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  readonly body: Buffer;
}

/** Bodies of these types are handed on as text, others in base64. */
const texts = /^(text\/|application\/(json|javascript|xml|([\w.-]+\+)?(json|xml)))/i;

/** The event of a request. */
export function eventOf(request: Request, { route, pathParameters }: Match): object {
  const { pathname, search, searchParams } = new URL(request.url, "http://api");
  const { cookie = [], ...headers } = request.headers;
  const host = headers.host?.[0] ?? "127.0.0.1";
  const query = joined(
    Map.groupBy(searchParams, ([name]) => name),
    ([, value]) => value,
  );
  const isText = texts.test(headers["content-type"]?.[0] ?? "application/json") && isUtf8(request.body);
  return {
    version: "2.0",
    routeKey: route.key,
    rawPath: pathname,
    rawQueryString: search.slice(1),
    ...(cookie.length === 0 ? {} : { cookies: cookie.flatMap((line) => line.split(/;\s*/)) }),
    headers: joined(Object.entries(headers), (value) => value),
    ...(Object.keys(query).length === 0 ? {} : { queryStringParameters: query }),
    ...(Object.keys(pathParameters).length === 0 ? {} : { pathParameters }),
    requestContext: {
      accountId: "000000000000",
      apiId: "local",
      domainName: host,
      domainPrefix: host.split(".")[0],
      http: {
        method: request.method,
        path: pathname,
        protocol: "HTTP/1.1",
        sourceIp: request.sourceIp,
        userAgent: headers["user-agent"]?.[0] ?? "",
      },
      requestId: request.requestId,
      routeKey: route.key,
      stage: "$default",
      time: new Date(request.time).toUTCString(),
      timeEpoch: request.time,
    },
    ...(request.body.length === 0 ? {} : { body: request.body.toString(isText ? "utf8" : "base64") }),
    isBase64Encoded: request.body.length > 0 && !isText,
  };
}

/** The answer to the client. What a function gets wrong is not told, only that it did. */
export function responseOf(result: InvokeResult): Response {
  if (result.kind === "not-delivered") return message(503, "Service Unavailable");
  if (result.kind === "function-error") return message(500, "Internal Server Error");
  const answer = asObject(result.response);
  if (answer === undefined || !("statusCode" in answer)) return inferred(result.response);
  const { statusCode, headers, cookies, body = "", isBase64Encoded } = answer;
  if (!Number.isInteger(Number(statusCode)) || typeof body !== "string") return message(500, "Internal Server Error");
  const named = Object.entries(asObject(headers) ?? {}).map(([name, value]) => [name.toLowerCase(), String(value)]);
  return {
    statusCode: Number(statusCode),
    headers: {
      "content-type": "text/plain;charset=UTF-8",
      ...Object.fromEntries(named),
      ...(Array.isArray(cookies) ? { "set-cookie": cookies.map(String) } : {}),
    },
    body: Buffer.from(body, isBase64Encoded === true ? "base64" : "utf8"),
  };
}

/** What the API says by itself. */
export function message(statusCode: number, text: string): Response {
  const body = Buffer.from(JSON.stringify({ message: text }));
  return { statusCode, headers: { "content-type": "application/json" }, body };
}

/** An answer without a status is the body of a good one. */
function inferred(response: unknown): Response {
  const text = typeof response === "string" ? response : JSON.stringify(response ?? null);
  return { statusCode: 200, headers: { "content-type": "application/json" }, body: Buffer.from(text) };
}

/** Values of a repeated name, joined by commas. */
function joined<Value>(
  entries: Iterable<readonly [string, readonly Value[]]>,
  text: (value: Value) => string,
): Record<string, string> {
  return Object.fromEntries([...entries].map(([name, values]) => [name, values.map(text).join(",")]));
}
