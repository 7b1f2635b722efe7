// What API Gateway's HTTP API hands to a function and takes from it, payload format 2.0, as far as it is used here.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html

export interface HttpEvent {
  readonly version: "2.0";
  /** `POST /track`. */
  readonly routeKey: string;
  /** Names in lower case; values of a repeated name joined by commas. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly isBase64Encoded: boolean;
}

export interface HttpResponse {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** A request as endpoints read it. */
export interface HttpRequest {
  readonly route: string;
  /** By its name in lower case; undefined where it is absent or empty. */
  header(name: string): string | undefined;
  readonly body: Buffer;
}

export function requestOf(event: HttpEvent): HttpRequest {
  return {
    route: event.routeKey,
    header: (name) => event.headers[name]?.trim() || undefined,
    body: Buffer.from(event.body ?? "", event.isBase64Encoded ? "base64" : "utf8"),
  };
}

export function isHttpEvent(event: unknown): event is HttpEvent {
  if (typeof event !== "object" || event === null) return false;
  return "version" in event && event.version === "2.0" && "routeKey" in event && "headers" in event;
}

export function json(
  statusCode: number,
  content: unknown,
  headers: Readonly<Record<string, string>> = {},
): HttpResponse {
  const type = { "content-type": "application/json", "cache-control": "no-store" };
  return { statusCode, headers: { ...type, ...headers }, body: JSON.stringify(content) };
}

/** One thing that is wrong with a request, and where. */
export interface FieldProblem {
  /** `event_details.price`, or `[2].event_details.price` in a batch; empty for the body as a whole. */
  readonly path: string;
  readonly message: string;
}

export interface Problem {
  readonly title: string;
  /** What is wrong and what would be right. */
  readonly detail: string;
  readonly errors?: readonly FieldProblem[];
}

/** A refusal. https://www.rfc-editor.org/rfc/rfc9457 */
export function problem(
  statusCode: number,
  content: Problem,
  headers: Readonly<Record<string, string>> = {},
): HttpResponse {
  const { title, detail, errors } = content;
  const body = { title, status: statusCode, detail, ...(errors === undefined ? {} : { errors }) };
  return json(statusCode, body, { "content-type": "application/problem+json", ...headers });
}
