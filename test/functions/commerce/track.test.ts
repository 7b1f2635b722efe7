// The endpoint as a client sees it, with Kafka, the registry and the keys' store as values. Every request and answer is held to the OpenAPI document.
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { MOST_BYTES } from "../../../functions/commerce/correct.ts";
import { type TrackEdges, track } from "../../../functions/commerce/track.ts";
import type { HttpResponse } from "../../../lib/http/http-api.ts";
import { serve } from "../../../lib/http/serve.ts";
import type { NewRecord } from "../../../lib/kafka/append.ts";
import { checkRequest, checkResponse } from "../../support/openapi.ts";
import { quiet } from "../../support/quiet.ts";
import { delivery, order, purchase } from "./events.ts";

interface Sent {
  readonly appended: NewRecord[];
  readonly keys: string[];
}

beforeEach(() => {
  quiet();
});

afterEach(() => {
  vi.restoreAllMocks();
});

const signal = new AbortController().signal;

function api(changes: Partial<TrackEdges> = {}) {
  const sent: Sent = { appended: [], keys: [] };
  const append: TrackEdges["append"] = async (records) => {
    sent.appended.push(...records);
    return records.map(({ topic }, i) => ({ topic, partition: 1, offset: 40 + i }));
  };
  const edges: TrackEdges = {
    apiKey: undefined,
    topics: { order: "event_order", purchase: "event_purchase", delivery: "event_delivery" },
    encode: async (event) => Buffer.from(JSON.stringify(event)),
    append,
    appendOnce: async ({ key, records }) => {
      sent.keys.push(key);
      return {
        kind: "appended",
        places: await append(records, signal),
        isReplay: sent.keys.indexOf(key) < sent.keys.length - 1,
      };
    },
    ...changes,
  };
  const handler = serve({ "POST /track": track(edges) }, { withinMs: 1_000 });
  const post = async (body: unknown, headers: Readonly<Record<string, string>> = {}): Promise<HttpResponse> => {
    const text = typeof body === "string" ? body : JSON.stringify(body);
    const event = { version: "2.0", routeKey: "POST /track", headers, body: text, isBase64Encoded: false };
    const response = await handler(event);
    checkResponse("/track", "post", response);
    checkRequest("/track", "post", { body: text, isTaken: response.statusCode === 202 });
    return response;
  };
  return { post, sent };
}

const errorsOf = ({ body }: HttpResponse) => JSON.parse(body).errors as { path: string; message: string }[];
const pathsOf = (response: HttpResponse) => errorsOf(response).map(({ path }) => path);

test("an event is answered with where it stands, and goes to its type's topic under its user's id", async () => {
  const { post, sent } = api();
  const response = await post(order);
  expect(response).toMatchObject({ statusCode: 202, headers: { "content-type": "application/json" } });
  expect(JSON.parse(response.body)).toEqual({ topic: "event_order", partition: 1, offset: 40 });
  expect(sent.appended).toEqual([{ topic: "event_order", key: "user-1", value: Buffer.from(JSON.stringify(order)) }]);
});

const traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
const ofAws = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1";
const made = "00-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8-01";

test.each([
  ["the client's own trace", { traceparent, tracestate: "a=1" }, { traceparent, tracestate: "a=1" }],
  ["the client's rather than AWS's", { traceparent, "x-amzn-trace-id": ofAws }, { traceparent }],
  ["AWS's where the client's is none", { traceparent: "none", "x-amzn-trace-id": ofAws }, { traceparent: made }],
  ["no trace", {}, undefined],
])("a record's headers carry %s", async (_which, headers, wanted) => {
  const { post, sent } = api();
  await post(order, headers);
  expect(sent.appended[0]?.headers).toEqual(wanted);
});

test("a number is a user's id too, and time comes out in UTC", async () => {
  const { post, sent } = api();
  await post({ ...purchase, user_details: { user_id: 7 }, triggered_at: "2026-11-21T09:00:00.5-03:00" });
  expect(sent.appended[0]?.key).toBe("7");
  expect(JSON.parse(String(sent.appended[0]?.value))).toMatchObject({ triggered_at: "2026-11-21T12:00:00.500Z" });
});

test("fields that nobody asked for are ignored", async () => {
  const { post, sent } = api();
  const more = { ...order, source: "web", user_details: { ...order.user_details, email: "a@example.com" } };
  expect((await post(more)).statusCode).toBe(202);
  expect(JSON.parse(String(sent.appended[0]?.value))).toEqual(order);
});

test("a batch is answered event by event, in its order", async () => {
  const { post } = api();
  const response = await post([order, purchase, delivery]);
  expect(response.statusCode).toBe(202);
  expect(JSON.parse(response.body)).toEqual([
    { topic: "event_order", partition: 1, offset: 40 },
    { topic: "event_purchase", partition: 1, offset: 41 },
    { topic: "event_delivery", partition: 1, offset: 42 },
  ]);
});

test("one wrong event refuses its batch, and its place is said", async () => {
  const { post, sent } = api();
  const response = await post([order, { ...purchase, event_details: { item_id: 7.5, item_name: "Kettle" } }, null]);
  expect(response.statusCode).toBe(400);
  expect(pathsOf(response)).toEqual(["[1].event_details.item_id", "[1].event_details.price", "[2]"]);
  expect(sent.appended).toEqual([]);
});

test.each([
  { why: "no JSON", body: "{", paths: [""] },
  { why: "no object", body: "7", paths: [""] },
  { why: "an empty batch", body: [], paths: [""] },
  {
    why: "nothing in it",
    body: {},
    paths: ["event_name", "event_type", "triggered_at", "user_details", "event_details"],
  },
  {
    why: "an unknown type hears of everything",
    body: { ...order, event_type: "refund", user_details: {} },
    paths: ["event_type", "user_details.user_id"],
  },
  { why: "a name of another type", body: { ...order, event_name: "added_to_cart" }, paths: ["event_name"] },
  {
    why: "names are compared with regard to case",
    body: { ...order, event_name: "ORDER_PLACED" },
    paths: ["event_name"],
  },
  { why: "a time without a zone", body: { ...order, triggered_at: "2026-11-21T12:00:00" }, paths: ["triggered_at"] },
  {
    why: "a day that doesn't exist",
    body: { ...order, triggered_at: "2026-02-30T12:00:00Z" },
    paths: ["triggered_at"],
  },
  {
    why: "a year before there were any",
    body: { ...order, triggered_at: "0000-06-01T12:00:00Z" },
    paths: ["triggered_at"],
  },
  { why: "an epoch number", body: { ...order, triggered_at: 1_795_262_400_000 }, paths: ["triggered_at"] },
  { why: "no user", body: { ...order, user_details: { user_id: "" } }, paths: ["user_details.user_id"] },
  {
    why: "numbers as text",
    body: { ...order, event_details: { order_id: "12", order_value: "59.8" } },
    paths: ["event_details.order_id", "event_details.order_value"],
  },
  {
    why: "an id beyond exact numbers",
    body: { ...order, event_details: { order_id: 2 ** 53, order_value: 1 } },
    paths: ["event_details.order_id"],
  },
  {
    why: "infinity, written as a large number",
    body: JSON.stringify(order).replace("59.8", "1e999"),
    paths: ["event_details.order_value"],
  },
  {
    why: "NUL",
    body: { ...delivery, event_details: { tracking_id: 1, carrier: "a\0b" } },
    paths: ["event_details.carrier"],
  },
  {
    why: "half a character",
    body: { ...delivery, event_details: { tracking_id: 1, carrier: "\ud83d" } },
    paths: ["event_details.carrier"],
  },
])("$why: 400 with the paths that are wrong", async ({ body, paths }) => {
  const { post, sent } = api();
  const response = await post(body);
  expect(response.statusCode).toBe(400);
  expect(pathsOf(response)).toEqual(paths);
  expect(sent.appended).toEqual([]);
});

test("bytes that are not UTF-8 are not mended", async () => {
  const handler = serve({ "POST /track": track({} as TrackEdges) }, { withinMs: 1_000 });
  const body = Buffer.from([0x22, 0xff, 0x22]).toString("base64");
  const response = await handler({ version: "2.0", routeKey: "POST /track", headers: {}, body, isBase64Encoded: true });
  expect(response.statusCode).toBe(400);
});

test("values that were sent are not repeated in the answer", async () => {
  const { post } = api();
  const response = await post({ ...order, event_name: "secret-name", user_details: { user_id: ["secret-user"] } });
  expect(response.body).not.toContain("secret");
});

test("a body of thousands of errors gets an answer of its own size", async () => {
  const response = await api().post(`[${Array(100_000).fill("1").join(",")}]`);
  expect(response.statusCode).toBe(400);
  expect(errorsOf(response)).toHaveLength(100);
  expect(response.body).toContain("100000 errors");
});

test("256 KiB are taken, a byte more is not, however many characters that is", async () => {
  const filled = (bytes: number) => {
    const empty = JSON.stringify({ ...purchase, event_details: { item_id: 1, item_name: "", price: 1 } });
    return empty.replace(
      '"item_name":""',
      `"item_name":"${"é".repeat((bytes - empty.length) / 2)}${"x".repeat((bytes - empty.length) % 2)}"`,
    );
  };
  expect(Buffer.byteLength(filled(MOST_BYTES))).toBe(MOST_BYTES);
  expect((await api().post(filled(MOST_BYTES))).statusCode).toBe(202);
  expect((await api().post(filled(MOST_BYTES + 1))).statusCode).toBe(413);
});

test("an API key is asked for where there is one, before anything else is said", async () => {
  const { post, sent } = api({ apiKey: "s3cret" });
  for (const headers of [{}, { "x-api-key": "" }, { "x-api-key": "s3cre" }, { "x-api-key": "s3cret2" }]) {
    expect((await post("{", headers)).statusCode).toBe(401);
  }
  expect(sent.appended).toEqual([]);
  expect((await post(order, { "x-api-key": "s3cret" })).statusCode).toBe(202);
});

test("with an idempotency key the same request is answered again", async () => {
  const { post, sent } = api();
  const headers = { "idempotency-key": "k-1" };
  expect((await post(order, headers)).headers).not.toHaveProperty("idempotency-replayed");
  expect(await post(order, headers)).toMatchObject({ statusCode: 202, headers: { "idempotency-replayed": "true" } });
  expect(sent.keys).toEqual(["k-1", "k-1"]);
  expect((await post(order, { "idempotency-key": "k".repeat(256) })).statusCode).toBe(400);
});

test("a key that is being worked on is 409 with when to ask again, one of another body 422", async () => {
  const headers = { "idempotency-key": "k-1" };
  const working = await api({ appendOnce: async () => ({ kind: "working", forMs: 1_200 }) }).post(order, headers);
  expect(working).toMatchObject({ statusCode: 409, headers: { "retry-after": "2" } });
  const other = await api({ appendOnce: async () => ({ kind: "other-request" }) }).post(order, headers);
  expect(other.statusCode).toBe(422);
});

test("what fails behind the endpoint is 503, and so is what takes too long", async () => {
  const failing = [
    api({ append: () => Promise.reject(new Error("no broker")) }),
    api({ encode: () => Promise.reject(new Error("no registry")) }),
    api({
      append: (_, stop) => new Promise((_resolve, reject) => stop.addEventListener("abort", () => reject(stop.reason))),
    }),
    api({ append: () => new Promise(() => undefined) }),
  ];
  const answers = await Promise.all(failing.map(({ post }) => post(order)));
  for (const answer of answers) expect(answer).toMatchObject({ statusCode: 503, headers: { "retry-after": "1" } });
});
