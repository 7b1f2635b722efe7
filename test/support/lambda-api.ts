// Lambda's Invoke API on a port of its own, as far as a caller sees it: a test says what each request is answered.
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";

export interface ApiRequest {
  /** As in the path, decoded. */
  readonly functionName: string;
  readonly qualifier: string | null;
  readonly type: string;
  readonly body: Buffer;
  readonly headers: IncomingMessage["headers"];
}

export interface ApiAnswer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

export interface LambdaApi {
  readonly url: string;
  readonly port: number;
  readonly requests: ApiRequest[];
  /** How many connections were opened. */
  connections(): number;
  stop(): Promise<void>;
}

/** `hang` never answers; a dry run is answered 204 unless the test says otherwise. */
export async function startLambdaApi(
  answer: (request: ApiRequest) => ApiAnswer | "hang" | undefined | Promise<ApiAnswer | "hang" | undefined>,
  { port: wanted = 0 }: { readonly port?: number } = {},
): Promise<LambdaApi> {
  const requests: ApiRequest[] = [];
  let connections = 0;
  // What is slow is not idle: kept connections stay until the end.
  const server = createServer({ keepAliveTimeout: 0 }, async (incoming, outgoing) => {
    const url = new URL(incoming.url ?? "/", "http://host");
    const [, functionName = ""] = /^\/2015-03-31\/functions\/([^/]+)\/invocations$/.exec(url.pathname) ?? [];
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk);
    const request: ApiRequest = {
      functionName: decodeURIComponent(functionName),
      qualifier: url.searchParams.get("Qualifier"),
      type: String(incoming.headers["x-amz-invocation-type"] ?? "RequestResponse"),
      body: Buffer.concat(chunks),
      headers: incoming.headers,
    };
    if (request.type !== "DryRun") requests.push(request);
    const answered = await answer(request);
    if (answered === "hang") return;
    const { status = request.type === "DryRun" ? 204 : 200, headers = {}, body } = answered ?? {};
    outgoing.writeHead(status, { "x-amzn-requestid": "api-request", ...headers });
    outgoing.end(body === undefined || status === 204 ? undefined : JSON.stringify(body));
  });
  server.on("connection", () => {
    connections += 1;
  });
  await new Promise<void>((resolve) => server.listen(wanted, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    requests,
    connections: () => connections,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
