// The handler of a function behind an HTTP API: an answer to every request, in time and in the API's own words.

import { ConfigError, messageOf } from "../errors.ts";
import { begin, log, measure } from "../telemetry.ts";
import { type HttpEvent, type HttpRequest, type HttpResponse, isHttpEvent, problem, requestOf } from "./http-api.ts";

export interface ServeOptions {
  /** After so long the signal aborts, and a second later the answer is 503 whatever still runs. */
  readonly withinMs: number;
}

export type Endpoint = (request: HttpRequest, signal: AbortSignal) => Promise<HttpResponse>;

const GRACE_MS = 1_000;

/** Routes by `METHOD /path`. */
export function serve(routes: Readonly<Record<string, Endpoint>>, { withinMs }: ServeOptions) {
  return async (event: unknown, context?: unknown): Promise<HttpResponse> => {
    begin(context);
    if (!isHttpEvent(event)) {
      throw new ConfigError(
        "This function expects an HTTP API event, payload format 2.0. Bind it to an httpApi route.",
      );
    }
    const began = performance.now();
    const response = await answer(event, routes, withinMs);
    measure(
      "request",
      { request_ms: Math.round(performance.now() - began), ...(isOurFault(response) ? { requests_failed: 1 } : {}) },
      { route: event.routeKey, status: response.statusCode },
    );
    return response;
  };
}

function isOurFault({ statusCode }: HttpResponse): boolean {
  return statusCode >= 500;
}

async function answer(
  event: HttpEvent,
  routes: Readonly<Record<string, Endpoint>>,
  withinMs: number,
): Promise<HttpResponse> {
  const endpoint = routes[event.routeKey];
  if (endpoint === undefined) {
    return problem(404, {
      title: "Not found",
      detail: `There is no ${event.routeKey}: there is ${Object.keys(routes).join(", ")}.`,
    });
  }
  const controller = new AbortController();
  const late = Promise.withResolvers<HttpResponse>();
  const timers = [
    setTimeout(() => controller.abort(new Error(`not done within ${withinMs} ms`)), withinMs),
    setTimeout(() => late.resolve(unavailable()), withinMs + GRACE_MS),
  ];
  try {
    return await Promise.race([endpoint(requestOf(event), controller.signal), late.promise]);
  } catch (error) {
    log.error("request failed", { route: event.routeKey, error: messageOf(error) });
    return unavailable();
  } finally {
    for (const timer of timers) clearTimeout(timer);
    controller.abort();
  }
}

/** Whatever failed was not the client's doing, and trying again may succeed. */
export function unavailable(): HttpResponse {
  const detail = "The request could not be carried out now. Try again, with the same Idempotency-Key if it had one.";
  return problem(503, { title: "Unavailable", detail }, { "retry-after": "1" });
}
