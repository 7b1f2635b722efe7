// As much of S3 as the bucket's edge uses, over HTTP: PUT with conditions, HEAD and GET. The suite that it passes was also run against
// moto 5.2.5, by S3_ENDPOINT.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html

import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

interface Stored {
  readonly body: Buffer;
  readonly headers: Readonly<Record<string, string>>;
}

export interface S3Server {
  readonly endpoint: string;
  /** By `/bucket/key`. */
  readonly objects: Map<string, Stored>;
  close(): Promise<void>;
}

/** Serves every bucket but `not-there`, addressed by path. */
export async function startS3(): Promise<S3Server> {
  const objects = new Map<string, Stored>();
  const server = createServer((request, response) => void answer(objects, request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    endpoint: `http://127.0.0.1:${port}`,
    objects,
    close: () => new Promise((resolve) => void server.close(() => resolve())),
  };
}

async function answer(objects: Map<string, Stored>, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const key = decodeURIComponent(new URL(request.url ?? "/", "http://s3").pathname);
  const body = Buffer.concat(await request.toArray());
  if (key.startsWith("/not-there/")) return refuse(response, 404, "NoSuchBucket");
  const present = objects.get(key);
  if (request.method !== "PUT") {
    if (present === undefined) return refuse(response, 404, "NoSuchKey");
    response.writeHead(200, { ...present.headers, "content-length": present.body.length });
    response.end(request.method === "HEAD" ? undefined : present.body);
    return;
  }
  const expected = request.headers["if-match"];
  if (expected !== undefined && present === undefined) return refuse(response, 404, "NoSuchKey");
  if (expected !== undefined && present?.headers.etag !== expected) return refuse(response, 412, "PreconditionFailed");
  if (request.headers["if-none-match"] === "*" && present !== undefined)
    return refuse(response, 412, "PreconditionFailed");
  const etag = `"${createHash("md5").update(body).digest("hex")}"`;
  objects.set(key, { body, headers: { ...keptHeaders(request), etag } });
  response.writeHead(200, { etag }).end();
}

function keptHeaders({ headers }: IncomingMessage): Record<string, string> {
  const kept = Object.entries(headers).filter(([name]) => /^(content-type|cache-control|x-amz-meta-.*)$/.test(name));
  return Object.fromEntries(kept.map(([name, value]) => [name, String(value)]));
}

function refuse(response: ServerResponse, status: number, code: string): void {
  response.writeHead(status, { "content-type": "application/xml" });
  response.end(`<?xml version="1.0"?><Error><Code>${code}</Code><Message>${code}</Message></Error>`);
}
