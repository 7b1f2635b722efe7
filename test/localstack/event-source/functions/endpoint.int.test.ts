// What Lambda's Invoke API answers, and what it means for a batch.
import { afterEach, describe, expect, test } from "vitest";
import { type EndpointOptions, openEndpoint } from "../../../../localstack/event-source/functions/endpoint.ts";
import type { Invoker } from "../../../../localstack/event-source/invoke.ts";
import { functionElsewhere } from "../../../../localstack/event-source/template/function-definition.ts";
import { templateOf } from "../../../../localstack/event-source/template/template.ts";
import { anyFreePort } from "../../../../localstack/services/port.ts";
import { type ApiAnswer, type LambdaApi, startLambdaApi } from "../../../support/lambda-api.ts";

const apis = new Set<LambdaApi>();
const invokers = new Set<Invoker>();

afterEach(async () => {
  await Promise.all([...invokers].map((invoker) => invoker.stop()));
  await Promise.all([...apis].map((api) => api.stop()));
  invokers.clear();
  apis.clear();
});

const template = templateOf(
  { Resources: { Count: { Type: "AWS::Lambda::Function", Properties: { FunctionName: "count", Timeout: 900 } } } },
  "/nowhere",
);
const functions = [functionElsewhere(template, "Count")];

async function apiWith(...answer: Parameters<typeof startLambdaApi>): Promise<LambdaApi> {
  const api = await startLambdaApi(...answer);
  apis.add(api);
  return api;
}

async function invokerOf(endpoint: string, options: Partial<EndpointOptions> = {}): Promise<Invoker> {
  const invoker = await openEndpoint({ endpoint, region: "us-east-1", functions, ...options });
  invokers.add(invoker);
  return invoker;
}

const call = (invoker: Invoker, payload = Buffer.from('{"n":1}')) => invoker.invoke({ functionName: "count", payload });
const isDryRun = ({ type }: { readonly type: string }) => type === "DryRun";

describe("an invocation", () => {
  test("carries the event's bytes, signed, and answers what the function answered", async () => {
    const api = await apiWith(() => ({ body: { batchItemFailures: [] } }));
    const result = await call(await invokerOf(api.url));
    expect(result).toMatchObject({ kind: "success", requestId: "api-request", response: { batchItemFailures: [] } });
    expect(result.durationMs).toBeGreaterThan(0);
    const [{ functionName, body, headers } = { functionName: "", body: "", headers: {} }] = api.requests;
    expect([functionName, body.toString()]).toEqual(["count", '{"n":1}']);
    expect(headers.authorization).toMatch(/^AWS4-HMAC-SHA256 Credential=.*\/us-east-1\/lambda\/aws4_request/);
  });

  test.each<[string, ApiAnswer, object]>([
    ["no body is null", {}, { kind: "success", response: null }],
    ["an empty answer is null", { status: 204 }, { kind: "success", response: null }],
    [
      "a function error, as AWS says it",
      {
        headers: { "x-amz-function-error": "Unhandled" },
        body: { errorType: "TypeError", errorMessage: "no", stackTrace: ["at x"] },
      },
      { kind: "function-error", error: { errorType: "TypeError", errorMessage: "no", stackTrace: ["at x"] } },
    ],
    [
      "a function error, as serverless-offline says it",
      {
        headers: { "x-amz-function-error": "Unhandled" },
        body: { errorType: "Error", errorMessage: "no", trace: ["at x"] },
      },
      { kind: "function-error", error: { errorType: "Error", errorMessage: "no", stackTrace: ["at x"] } },
    ],
    [
      "a throttle reached nobody",
      { status: 429, headers: { "x-amzn-errortype": "TooManyRequestsException" }, body: { message: "Rate Exceeded." } },
      { kind: "not-delivered", reason: expect.stringContaining("throttled: ") },
    ],
    ["a broken emulator reached nobody", { status: 500, body: { message: "oops" } }, { kind: "not-delivered" }],
    ["a gateway without an answer reached nobody", { status: 504 }, { kind: "not-delivered" }],
    [
      "a function that is gone",
      {
        status: 404,
        headers: { "x-amzn-errortype": "ResourceNotFoundException" },
        body: { Message: "Function not found: count" },
      },
      { kind: "not-delivered", reason: "ResourceNotFoundException: Function not found: count" },
    ],
    [
      "an event that is too large counts as a failure: bisected it may pass",
      {
        status: 413,
        headers: { "x-amzn-errortype": "RequestTooLargeException" },
        body: { message: "Request must be smaller than 6291456 bytes" },
      },
      { kind: "function-error", error: { errorType: "RequestTooLargeException" } },
    ],
  ])("%s", async (_what, answer, expected) => {
    const api = await apiWith((request) => (isDryRun(request) ? undefined : answer));
    expect(await call(await invokerOf(api.url))).toMatchObject(expected);
  });

  test("no answer within the function's time limit and a margin is a time-out", async () => {
    const api = await apiWith((request) => (isDryRun(request) ? undefined : "hang"));
    const result = await call(await invokerOf(api.url, { answerMarginMs: 100 - 900_000 }));
    expect(result).toMatchObject({ kind: "function-error", error: { errorType: "Sandbox.Timedout" } });
  });

  test("an endpoint that went away reached nobody, and is found again when it is back", async () => {
    const api = await apiWith(() => ({ body: 1 }), { port: await anyFreePort() });
    const invoker = await invokerOf(api.url);
    expect((await call(invoker)).kind).toBe("success");
    await api.stop();
    const result = await call(invoker);
    expect(result).toMatchObject({ kind: "not-delivered", reason: expect.stringContaining("ECONNREFUSED") });
    await apiWith(() => ({ body: 2 }), { port: api.port });
    expect(await call(invoker)).toMatchObject({ kind: "success", response: 2 });
  });

  test("a kept connection that was closed meanwhile costs nothing but a new one", async () => {
    const api = await apiWith(() => ({ body: 1 }), { port: await anyFreePort() });
    const invoker = await invokerOf(api.url);
    await call(invoker);
    await api.stop();
    const again = await apiWith(() => ({ body: 2 }), { port: api.port });
    expect(await call(invoker)).toMatchObject({ kind: "success", response: 2 });
    expect(again.requests).toHaveLength(1);
  });

  test("6 MB arrive whole, ten at once, on connections that are kept", async () => {
    const api = await apiWith(({ body }) => ({ body: body.length }));
    const invoker = await invokerOf(api.url);
    const payload = Buffer.from(JSON.stringify("x".repeat(6_291_000)));
    for (let round = 0; round < 2; round++) {
      const results = await Promise.all(Array.from({ length: 10 }, () => call(invoker, payload)));
      expect(results.map((result) => result.kind === "success" && result.response)).toEqual(
        Array.from({ length: 10 }, () => payload.length),
      );
    }
    expect(api.connections()).toBeLessThanOrEqual(10);
  });

  test("what failed is logged with what the endpoint said", async () => {
    const logged: unknown[] = [];
    const api = await apiWith((request) => (isDryRun(request) ? undefined : { status: 503 }));
    await call(await invokerOf(api.url, { log: (message, facts) => logged.push({ message, ...facts }) }));
    expect(logged).toEqual([
      { message: "the function was not reached", function: "count", reason: expect.any(String) },
    ]);
  });
});

describe("the function's name there", () => {
  const arn = "arn:aws:lambda:eu-west-1:123456789012:function:other";
  test.each([
    ["count", undefined, "count", null],
    ["count:live", undefined, "count", "live"],
    ["count", "other", "other", null],
    ["count", "other:live", "other", "live"],
    ["count:live", "other", "other", "live"],
    ["count:live", "other:7", "other", "7"],
    ["count", arn, arn, null],
    ["count", `${arn}:7`, arn, "7"],
    ["count:live", arn, arn, "live"],
    ["count", "123456789012:function:other:live", "123456789012:function:other", "live"],
  ])("%s, there %s", async (called, there, functionName, qualifier) => {
    const api = await apiWith(() => ({ body: null }));
    const invoker = await invokerOf(api.url, there === undefined ? {} : { names: new Map([["count", there]]) });
    await invoker.invoke({ functionName: called, payload: Buffer.from("{}") });
    expect(api.requests).toMatchObject([{ functionName, qualifier }]);
  });
});

describe("at start", () => {
  test("a function that the endpoint doesn't know is refused with what to do", async () => {
    const api = await apiWith(() => ({
      status: 404,
      headers: { "x-amzn-errortype": "ResourceNotFoundException" },
      body: { Message: "Function not found: count" },
    }));
    await expect(invokerOf(api.url)).rejects.toThrow(
      `There is no function 'count' at ${api.url}. Deploy or start it there, or say what it is called: --function KEY=NAME.`,
    );
    expect(api.requests).toEqual([]);
  });

  test("an endpoint that nobody listens at is refused by its address", async () => {
    const api = await apiWith(() => undefined, { port: await anyFreePort() });
    await api.stop();
    await expect(invokerOf(api.url)).rejects.toThrow(/'count' can't be invoked at http.*ECONNREFUSED.*mend --endpoint/);
  });

  test("one that knows no dry run, as serverless-offline, is taken at its word that the function is there", async () => {
    const refusal = { status: 400, headers: { "x-amzn-errortype": "InvalidParameterValueException" }, body: {} };
    const api = await apiWith((request) => (isDryRun(request) ? refusal : { body: 1 }));
    expect((await call(await invokerOf(api.url))).kind).toBe("success");
  });
});
