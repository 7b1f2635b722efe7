// Where Prometheus scrapes: GET /metrics, on this machine alone unless a host is given.
import { createServer } from "node:http";

export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

export interface PrometheusEndpoint {
  readonly url: string;
  stop(): Promise<void>;
}

const DEFAULT_HOST = "127.0.0.1";

/** Resolves once it listens. */
export async function startPrometheusEndpoint(
  { host, port }: Endpoint,
  text: () => string,
): Promise<PrometheusEndpoint> {
  const server = createServer((request, response) => {
    const path = request.url?.split("?")[0];
    if (path !== "/metrics") return void response.writeHead(404).end("The metrics are at /metrics\n");
    if (request.method !== "GET" && request.method !== "HEAD") return void response.writeHead(405).end();
    response.writeHead(200, { "content-type": "text/plain; version=0.0.4; charset=utf-8" });
    response.end(request.method === "HEAD" ? undefined : text());
  });
  const listening = Promise.withResolvers<void>();
  server.once("error", (cause) =>
    listening.reject(
      new Error(
        `--prometheus: can't listen at ${host}:${port} (${cause.message}): give another port, 0 for a free one.`,
        { cause },
      ),
    ),
  );
  server.listen(port, host, () => listening.resolve());
  await listening.promise;
  const address = server.address();
  const open = typeof address === "object" && address !== null ? address.port : port;
  return {
    url: `http://${host.includes(":") ? `[${host}]` : host}:${open}/metrics`,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Reads `9464`, `0.0.0.0:9464` or `[::1]:9464`. */
export function parseEndpoint(text: string): Endpoint {
  const {
    host = DEFAULT_HOST,
    ipv6,
    port,
  } = /^(?:(?:\[(?<ipv6>[\da-fA-F:]+)\]|(?<host>[^\s:[\]]+)):)?(?<port>\d{1,5})$/.exec(text)?.groups ?? {};
  if (port === undefined || Number(port) > 65_535) {
    throw new Error(`--prometheus takes a port or HOST:PORT, such as 9464 or 0.0.0.0:9464: got '${text}'`);
  }
  return { host: ipv6 ?? host, port: Number(port) };
}
