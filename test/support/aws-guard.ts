// AWS as a role sees it: DynamoDB lets through what the role may do and notes it, Secrets Manager tells the secrets that it names.
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { inject } from "vitest";

export interface AwsGuard {
  readonly url: string;
  /** What DynamoDB was asked and allowed, such as `GetItem`. */
  readonly asked: Set<string>;
  /** What was asked without a right to it. */
  readonly refused: string[];
  close(): void;
}

export interface GuardedRights {
  /** DynamoDB's actions. */
  readonly actions: readonly string[];
  /** By ARN. */
  readonly secrets: Readonly<Record<string, unknown>>;
  /** How often requests with such a text in them fail before they are carried out, as when AWS has a bad moment. */
  readonly failures?: Readonly<Record<string, number>>;
}

export async function awsGuard({ actions, secrets, failures = {} }: GuardedRights): Promise<AwsGuard> {
  const asked = new Set<string>();
  const refused: string[] = [];
  const left = new Map(Object.entries(failures));

  function denied(response: ServerResponse, what: string): void {
    refused.push(what);
    response
      .writeHead(400)
      .end(JSON.stringify({ __type: "AccessDeniedException", message: `not authorized: ${what}` }));
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = Buffer.concat(chunks);
    const [service, action = ""] = String(request.headers["x-amz-target"]).split(".");
    if (service === "secretsmanager") {
      const { SecretId } = JSON.parse(body.toString());
      const secret = secrets[SecretId];
      if (secret === undefined) return denied(response, SecretId);
      response.end(JSON.stringify({ SecretString: JSON.stringify(secret) }));
      return;
    }
    if (!actions.includes(action)) return denied(response, action);
    asked.add(action);
    const failing = [...left].find(([text, times]) => times > 0 && body.includes(text));
    if (failing !== undefined) {
      left.set(failing[0], failing[1] - 1);
      response.writeHead(500).end(JSON.stringify({ __type: "InternalServerError" }));
      return;
    }
    const { host: _, connection: __, "content-length": ___, ...headers } = request.headers;
    const told = await fetch(inject("dynamodbEndpoint"), {
      method: "POST",
      headers: headers as Record<string, string>,
      body,
    });
    response.writeHead(told.status, { "content-type": "application/x-amz-json-1.0" });
    response.end(Buffer.from(await told.arrayBuffer()));
  }

  const server = createServer((request, response) => {
    answer(request, response).catch((error) => response.writeHead(500).end(String(error)));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    ...{ asked, refused, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` },
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}
