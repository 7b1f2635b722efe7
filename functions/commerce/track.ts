// `POST /track`: what a request means and what it is answered. Pure; Kafka, the registry and the keys' store are passed in.

import { isUtf8 } from "node:buffer";
import { createHash, timingSafeEqual } from "node:crypto";
import { type FieldProblem, type HttpRequest, type HttpResponse, json, problem } from "../../lib/http/http-api.ts";
import type { NewRecord, Place } from "../../lib/kafka/append.ts";
import type { AppendedOnce, KeyedRequest } from "../../lib/kafka/append-once.ts";
import { TRACEPARENT, TRACESTATE, traceIdIn, traceparentOfXray } from "../../lib/kafka/trace-context.ts";
import { type Setting, textOf } from "../../lib/setting.ts";
import { MOST_BYTES } from "./correct.ts";
import { type CommerceEvent, EventOfUnknownType, type EventType, eventSchemas, isEventType, keyOf } from "./schema.ts";

/** The function's time limit, as functions.yml has it. */
export const TIME_LIMIT_MS = 15_000;
/** What Kafka, the registry and the store have together before the answer is 503. */
export const WITHIN_MS = 8_000;

/** The longest idempotency key, in characters. */
export const LONGEST_KEY = 255;

export interface TrackEdges {
  /** What clients have to show; undefined where anybody may send. */
  readonly apiKey: Setting | undefined;
  readonly topics: Readonly<Record<EventType, string>>;
  /** An event as its topic's value. */
  encode(event: CommerceEvent): Promise<Buffer>;
  /** Resolves once Kafka has acknowledged every record. */
  append(records: readonly NewRecord[], signal: AbortSignal): Promise<readonly Place[]>;
  /** The same, once for a key. */
  appendOnce(request: KeyedRequest, signal: AbortSignal): Promise<AppendedOnce>;
}

/** The endpoint. It throws where Kafka, the registry or the store fails, which is answered 503: an answer below 300 means that every event is in Kafka. */
export function track(edges: TrackEdges) {
  return async (request: HttpRequest, signal: AbortSignal): Promise<HttpResponse> => {
    const refusal = refusalOf(request, edges.apiKey && (await textOf(edges.apiKey)));
    if (refusal !== undefined) return refusal;
    const read = eventsIn(request.body);
    if ("errors" in read) return invalid(read.errors);
    const headers = traceHeaders(request);
    const records = await Promise.all(read.events.map((event) => recordOf(event, headers, edges)));
    const answer = (places: readonly Place[], headers = {}) => json(202, read.isBatch ? places : places[0], headers);
    const key = request.header("idempotency-key");
    if (key === undefined) return answer(await edges.append(records, signal));

    const once = await edges.appendOnce({ key, body: request.body, records }, signal);
    if (once.kind === "appended") return answer(once.places, once.isReplay ? { "idempotency-replayed": "true" } : {});
    return once.kind === "working" ? stillWorking(once.forMs) : otherRequest();
  };
}

export type EventsRead =
  | { readonly events: readonly CommerceEvent[]; readonly isBatch: boolean }
  | { readonly errors: readonly FieldProblem[] };

/** The event or the batch of events in a body, or everything that is wrong with it: one wrong event refuses its batch. */
export function eventsIn(body: Buffer): EventsRead {
  const content = isUtf8(body) ? parsed(body.toString("utf8")) : undefined;
  if (content === undefined) return { errors: [{ path: "", message: "must be JSON in UTF-8" }] };
  if (!Array.isArray(content)) {
    const read = eventIn(content, "");
    return "errors" in read ? read : { events: [read.event], isBatch: false };
  }
  if (content.length === 0) return { errors: [{ path: "", message: "must hold at least one event" }] };
  const all = content.map((one, i) => eventIn(one, `[${i}]`));
  const errors = all.flatMap((one) => ("errors" in one ? one.errors : []));
  if (errors.length > 0) return { errors };
  return { events: all.flatMap((one) => ("event" in one ? [one.event] : [])), isBatch: true };
}

function eventIn(
  value: unknown,
  at: string,
): { readonly event: CommerceEvent } | { readonly errors: readonly FieldProblem[] } {
  const type = typeof value === "object" && value !== null && "event_type" in value ? value.event_type : undefined;
  const result = isEventType(type) ? eventSchemas[type].safeParse(value) : EventOfUnknownType.safeParse(value);
  // Without a known type there is always an error; the other schemas' output is an event.
  if (result.success) return { event: result.data as CommerceEvent };
  const errors = result.error.issues.map(({ path, message }) => ({ path: pathOf(at, path), message }));
  return { errors };
}

/** A field's path as people write it, behind its event's place in the batch. */
function pathOf(at: string, path: readonly PropertyKey[]): string {
  const fields = path.map(String).join(".");
  return at === "" || fields === "" ? at + fields : `${at}.${fields}`;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

async function recordOf(
  event: CommerceEvent,
  headers: Readonly<Record<string, string>> | undefined,
  { topics, encode }: TrackEdges,
): Promise<NewRecord> {
  return {
    topic: topics[event.event_type],
    key: keyOf(event),
    value: await encode(event),
    ...(headers && { headers }),
  };
}

/** The client's own trace context, or the one that AWS gave the request. */
function traceHeaders({ header }: HttpRequest): Readonly<Record<string, string>> | undefined {
  const own = header("traceparent");
  if (own === undefined || traceIdIn(own) === undefined) {
    const traceparent = traceparentOfXray(header("x-amzn-trace-id") ?? "");
    return traceparent === undefined ? undefined : { [TRACEPARENT]: traceparent };
  }
  const state = header("tracestate");
  return { [TRACEPARENT]: own, ...(state === undefined ? {} : { [TRACESTATE]: state }) };
}

function refusalOf(request: HttpRequest, apiKey: string | undefined): HttpResponse | undefined {
  if (apiKey !== undefined && !isSame(request.header("x-api-key") ?? "", apiKey)) return unauthorized();
  if (request.body.length > MOST_BYTES) return tooLarge(request.body.length);
  const key = request.header("idempotency-key");
  return key !== undefined && key.length > LONGEST_KEY ? keyTooLong() : undefined;
}

/** Takes as long for a key that is nearly right as for any other. */
function isSame(one: string, other: string): boolean {
  const digest = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(one), digest(other));
}

/** More are counted, not listed: an answer has its limits too. */
const MOST_ERRORS = 100;

function invalid(errors: readonly FieldProblem[]): HttpResponse {
  const listed = errors.slice(0, MOST_ERRORS);
  const paths = [...new Set(listed.map(({ path }) => path || "the body"))].slice(0, 5).join(", ");
  const more = errors.length > listed.length ? ` (${errors.length} errors, the first ${MOST_ERRORS} listed)` : "";
  const detail = `Nothing was taken. To be mended: ${paths}${more}.`;
  return problem(400, { title: "Invalid", detail, errors: listed });
}

function unauthorized(): HttpResponse {
  const detail = "The header x-api-key must carry the key that this API was given.";
  return problem(401, { title: "Unauthorized", detail }, { "www-authenticate": 'ApiKey realm="track"' });
}

function tooLarge(bytes: number): HttpResponse {
  const detail = `A body has at most ${MOST_BYTES} bytes, a batch included: this one has ${bytes}. Send smaller batches.`;
  return problem(413, { title: "Too large", detail });
}

function keyTooLong(): HttpResponse {
  const message = `must have at most ${LONGEST_KEY} characters`;
  return problem(400, {
    title: "Invalid",
    detail: `The header Idempotency-Key ${message}.`,
    errors: [{ path: "Idempotency-Key", message }],
  });
}

function stillWorking(forMs: number): HttpResponse {
  const seconds = Math.max(1, Math.ceil(forMs / 1_000));
  const detail = `A request with this Idempotency-Key is being worked on or was broken off. Ask again in ${seconds} s at the latest.`;
  return problem(409, { title: "Being worked on", detail }, { "retry-after": String(seconds) });
}

function otherRequest(): HttpResponse {
  const detail = "This Idempotency-Key came with another body before. A new request needs a new key.";
  return problem(422, { title: "Key used before", detail });
}
