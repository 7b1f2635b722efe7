// The template's HTTP API on this machine: requests to functions that run as Lambda runs them, from the bundles that are deployed.
import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { startPool } from "../event-source/functions/pool.ts";
import type { InvokeResult, Invoker } from "../event-source/invoke.ts";
import { Slots } from "../event-source/slots.ts";
import { functionOf } from "../event-source/template/function-definition.ts";
import { readTemplate } from "../event-source/template/template.ts";
import { eventOf, message, type Request, type Response, responseOf } from "./payload.ts";
import { matchRoute, type Route, routesOf } from "./routes.ts";

export interface HttpApiOptions {
  readonly templateFile: string;
  /** Variables of every function, over the template's. */
  readonly environment: Readonly<Record<string, string>>;
  readonly localFolder: string;
  /** Another one where it is taken. */
  readonly port: number;
  /** Calls functions; by default a pool of local environments. */
  readonly invoker?: Invoker;
}

export interface HttpApi {
  /** `http://127.0.0.1:4000` */
  readonly url: string;
  readonly routes: readonly string[];
  /** Lets what is in flight finish for a moment, and ends the functions. */
  stop(): Promise<void>;
}

/** https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html */
const MOST_BYTES = 10 * 1024 * 1024;
/** A laptop's share of Lambda's concurrency: more requests wait for one of these environments. */
const ENVIRONMENTS = 4;

/** Starts listening on 127.0.0.1. */
export async function startHttpApi(options: HttpApiOptions): Promise<HttpApi> {
  const template = readTemplate(options.templateFile);
  const routes = routesOf(template);
  const ids = [...new Set(routes.map(({ functionLogicalId }) => functionLogicalId))];
  const functions = ids.map((logicalId) => functionOf(template, logicalId, options.environment));
  const nameOf = new Map(functions.map(({ logicalId, name }) => [logicalId, name]));
  const { region } = template.account;
  const invoker = options.invoker ?? startPool({ functions, region, localFolder: options.localFolder });
  const slots = new Slots(ENVIRONMENTS);

  async function answer(request: Request): Promise<Response> {
    const match = matchRoute(routes, request.method, new URL(request.url, "http://api").pathname);
    if (match === undefined) return message(404, "Not Found");
    const payload = asciiJson(eventOf(request, match));
    const functionName = nameOf.get(match.route.functionLogicalId) ?? "";
    return responseOf(
      await within(
        match.route,
        slots.run(() => invoker.invoke({ functionName, payload })),
      ),
    );
  }

  const server = createServer((request, response) => {
    requestOf(request)
      .then((read) => (read === "too-large" ? message(413, "Request Entity Too Large") : answer(read)))
      .catch(() => message(500, "Internal Server Error"))
      .then((said) => write(response, said));
  });
  const url = await listen(server, options.port);
  return {
    url,
    routes: routes.map(({ key }) => key),
    async stop() {
      server.close();
      server.closeIdleConnections();
      await invoker.stop();
      server.closeAllConnections();
    },
  };
}

/** Functions are handed ASCII, as the event source does. */
function asciiJson(value: object): Buffer {
  const escaped = (character: string) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
  return Buffer.from(JSON.stringify(value).replace(/[\u0080-\uffff]/g, escaped), "latin1");
}

/** The API waits no longer than its integration allows; the function goes on. */
async function within({ timeoutMs }: Route, result: Promise<InvokeResult>): Promise<InvokeResult> {
  const late = Promise.withResolvers<InvokeResult>();
  const lateResult = {
    kind: "not-delivered",
    requestId: "",
    durationMs: timeoutMs,
    isThrottled: false,
    reason: "timed out",
  } as const;
  const timer = setTimeout(() => late.resolve(lateResult), timeoutMs);
  try {
    return await Promise.race([result, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

async function requestOf(request: IncomingMessage): Promise<Request | "too-large"> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    bytes += chunk.length;
    if (bytes <= MOST_BYTES) chunks.push(chunk);
  }
  if (bytes > MOST_BYTES) return "too-large";
  const headers = Object.entries(request.headersDistinct).map(([name, values]) => [name, values ?? []] as const);
  return {
    method: request.method ?? "GET",
    url: request.url ?? "/",
    headers: Object.fromEntries(headers),
    body: Buffer.concat(chunks),
    sourceIp: request.socket.remoteAddress ?? "127.0.0.1",
    time: Date.now(),
    requestId: randomUUID(),
  };
}

function write(response: ServerResponse, { statusCode, headers, body }: Response): void {
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  response.statusCode = statusCode;
  response.end(body);
}

async function listen(server: Server, port: number): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once("error", (error) => {
    if (!("code" in error) || error.code !== "EADDRINUSE") return reject(error);
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  server.listen(port, "127.0.0.1", resolve);
  await promise;
  const address = server.address();
  if (typeof address !== "object" || address === null) throw new Error("The HTTP API listens on no port");
  return `http://127.0.0.1:${address.port}`;
}
