// The HTTP API as clients and functions see it, in front of an invoker that a test plays.

import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import type { InvokeResult } from "../../../localstack/event-source/invoke.ts";
import { type HttpApi, startHttpApi } from "../../../localstack/http-api/server.ts";

const integration = (timeout: number) => ({
  Type: "AWS::ApiGatewayV2::Integration",
  Properties: {
    IntegrationUri: { "Fn::GetAtt": ["EchoLambdaFunction", "Arn"] },
    PayloadFormatVersion: "2.0",
    TimeoutInMillis: timeout,
  },
});
const route = (RouteKey: string, to: string) => ({
  Type: "AWS::ApiGatewayV2::Route",
  Properties: { RouteKey, Target: { "Fn::Join": ["/", ["integrations", { Ref: to }]] } },
});
const folder = mkdtempSync(join(tmpdir(), "http-api-"));
const templateFile = join(folder, "template.json");
writeFileSync(
  templateFile,
  JSON.stringify({
    Resources: {
      EchoLambdaFunction: {
        Type: "AWS::Lambda::Function",
        Properties: { FunctionName: "echo", Handler: "a.b", Code: { S3Key: "x/echo.zip" } },
      },
      Normal: integration(30_000),
      Short: integration(50),
      Post: route("POST /echo/{id}", "Normal"),
      Slow: route("GET /slow", "Short"),
    },
  }),
);

let api: HttpApi | undefined;
const events: Record<string, unknown>[] = [];

afterEach(async () => {
  events.length = 0;
  await api?.stop();
});

type Outcome = { kind: "success"; response: unknown } | { kind: "function-error" } | { kind: "not-delivered" };

async function apiThat(answers: (event: Record<string, unknown>) => Outcome | Promise<Outcome>): Promise<string> {
  api = await startHttpApi({
    ...{ templateFile, environment: {}, localFolder: folder, port: 0 },
    invoker: {
      async invoke({ functionName, payload }) {
        expect(functionName).toBe("echo");
        expect(payload.every((byte) => byte < 128)).toBe(true);
        const event = JSON.parse(payload.toString("latin1"));
        events.push(event);
        const facts = {
          requestId: "",
          durationMs: 0,
          error: { errorType: "Error", errorMessage: "secret" },
          reason: "throttled",
        };
        const result: object = { ...facts, ...(await answers(event)) };
        return result as InvokeResult;
      },
      stop: async () => undefined,
    },
  });
  return api.url;
}

const success = (response: unknown): Outcome => ({ kind: "success", response });

test("a function is handed method, path, query, headers, cookies and body", async () => {
  const url = await apiThat(() => success({ statusCode: 204 }));
  const headers = { "Content-Type": "application/json", "X-Twice": "a", cookie: "one=1; two=2" };
  const response = await fetch(`${url}/echo/7?b=2&a=1&b=3`, { method: "POST", headers, body: '{"é":"漢"}' });
  expect(response.status).toBe(204);
  expect(events[0]).toMatchObject({
    version: "2.0",
    routeKey: "POST /echo/{id}",
    rawPath: "/echo/7",
    rawQueryString: "b=2&a=1&b=3",
    cookies: ["one=1", "two=2"],
    headers: { "content-type": "application/json", "x-twice": "a" },
    queryStringParameters: { a: "1", b: "2,3" },
    pathParameters: { id: "7" },
    requestContext: { http: { method: "POST", path: "/echo/7" }, stage: "$default" },
    body: '{"é":"漢"}',
    isBase64Encoded: false,
  });
  expect(events[0]?.headers).not.toHaveProperty("cookie");
});

test.each([
  ["application/octet-stream", Buffer.from("text")],
  ["application/x-www-form-urlencoded", Buffer.from("a=1")],
  ["application/json", Buffer.from([0xff, 0x00])],
])("a body of %s that is no text comes in base64", async (type, body) => {
  const url = await apiThat(() => success({ statusCode: 200 }));
  await fetch(`${url}/echo/7`, { method: "POST", headers: { "content-type": type }, body });
  expect(events[0]).toMatchObject({ body: body.toString("base64"), isBase64Encoded: true });
});

test.each([
  ["what the function says", success({ statusCode: 418, headers: { "X-A": "b" }, body: "short" }), 418, "short"],
  ["bytes", success({ statusCode: 200, body: Buffer.from("é").toString("base64"), isBase64Encoded: true }), 200, "é"],
  ["an answer without a status as the body of a good one", success({ hello: "world" }), 200, '{"hello":"world"}'],
  ["text as it is", success("hello"), 200, "hello"],
  [
    "that something is wrong with an answer",
    success({ statusCode: "many" }),
    500,
    '{"message":"Internal Server Error"}',
  ],
  [
    "that a function failed, and not how",
    { kind: "function-error" } as const,
    500,
    '{"message":"Internal Server Error"}',
  ],
  ["that a function is throttled", { kind: "not-delivered" } as const, 503, '{"message":"Service Unavailable"}'],
])("a client is told %s", async (_what, outcome, status, body) => {
  const url = await apiThat(() => outcome);
  const response = await fetch(`${url}/echo/7`, { method: "POST" });
  expect([response.status, await response.text()]).toEqual([status, body]);
});

test("cookies and headers of the answer reach the client", async () => {
  const url = await apiThat(() =>
    success({ statusCode: 200, headers: { "X-A": "b" }, cookies: ["a=1", "b=2"], body: "" }),
  );
  const { headers } = await fetch(`${url}/echo/7`, { method: "POST" });
  expect([headers.get("x-a"), headers.getSetCookie()]).toEqual(["b", ["a=1", "b=2"]]);
});

test("a path without a route is not found, an endless body too large, a slow function given up", async () => {
  const url = await apiThat(() => new Promise(() => undefined));
  expect((await fetch(`${url}/nothing`)).status).toBe(404);
  const large = await fetch(`${url}/echo/7`, { method: "POST", body: Buffer.alloc(10 * 1024 * 1024 + 1) });
  expect(large.status).toBe(413);
  const slow = await fetch(`${url}/slow`);
  expect([slow.status, await slow.text()]).toEqual([503, '{"message":"Service Unavailable"}']);
});

test("no more than four functions run at once, and nobody is turned away", async () => {
  let atOnce = 0;
  let most = 0;
  const url = await apiThat(async () => {
    most = Math.max(most, ++atOnce);
    await new Promise((resolve) => setImmediate(resolve));
    atOnce -= 1;
    return success({ statusCode: 200 });
  });
  const answers = await Promise.all(Array.from({ length: 20 }, () => fetch(`${url}/echo/7`, { method: "POST" })));
  expect(answers.every(({ status }) => status === 200)).toBe(true);
  expect(most).toBeLessThanOrEqual(4);
});
