// As much of AWS Glue's schema registry as reading records takes, in the JSON protocol that the SDK speaks: GetSchemaVersion.
// MiniStack 1.5.33 has Glue without its schema registry.
// https://docs.aws.amazon.com/glue/latest/webapi/API_GetSchemaVersion.html
import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface GlueVersion {
  readonly format: "AVRO" | "JSON" | "PROTOBUF";
  readonly definition: string;
  readonly status?: "AVAILABLE" | "PENDING" | "FAILURE" | "DELETING";
}

export interface GlueServer {
  readonly endpoint: string;
  /** Adds a version; answers its id. */
  add(version: GlueVersion): string;
  /** Ids that were asked for. */
  readonly asked: string[];
  close(): Promise<void>;
}

export async function startGlue(): Promise<GlueServer> {
  const versions = new Map<string, GlueVersion>();
  const asked: string[] = [];
  const server = createServer((request, response) => void answer(request, response));

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { SchemaVersionId: id = "" } = JSON.parse(Buffer.concat(await request.toArray()).toString() || "{}");
    if (request.headers["x-amz-target"] !== "AWSGlue.GetSchemaVersion") {
      return send(response, 400, { __type: "InvalidInputException", Message: "only GetSchemaVersion is answered" });
    }
    asked.push(id);
    const version = versions.get(id);
    if (version === undefined) {
      return send(response, 400, { __type: "EntityNotFoundException", Message: `Schema version is not found: ${id}` });
    }
    const { format, definition, status = "AVAILABLE" } = version;
    send(response, 200, { SchemaVersionId: id, DataFormat: format, SchemaDefinition: definition, Status: status });
  }

  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    add(version) {
      const id = randomUUID();
      versions.set(id, version);
      return id;
    },
    asked,
    close: () => new Promise((resolve) => void server.close(() => resolve())),
  };
}

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { "content-type": "application/x-amz-json-1.1" }).end(JSON.stringify(body));
}
