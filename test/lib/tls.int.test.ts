// A server whose certificate nobody vouches for is told nothing: not a password, not a key.
import { mkdtempSync, rmSync } from "node:fs";
import { createServer as createTcpServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createServer as createTlsServer, TLSSocket } from "node:tls";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { database } from "../../lib/postgres/database.ts";
import { schemaRegistry } from "../../lib/registry/client.ts";
import { certificateAuthority, type Issued, issue } from "../support/certificates.ts";

const folder = mkdtempSync(join(tmpdir(), "tls-"));
let own: Issued;
const servers: Server[] = [];

beforeAll(async () => {
  const nobody = await certificateAuthority(folder, "nobody");
  own = await issue(folder, nobody, { commonName: "localhost", altNames: "DNS:localhost,IP:127.0.0.1" });
});
afterAll(() => {
  for (const server of servers) server.close();
  rmSync(folder, { recursive: true, force: true });
});

async function portOf(server: Server): Promise<number> {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
  const address = server.address();
  if (typeof address !== "object" || address === null) throw new Error("The server has no port");
  return address.port;
}

describe("a certificate that nobody vouches for", () => {
  it("ends the connection to a database before it says who it is", async () => {
    let heard = "";
    // PostgreSQL's way: a client asks for TLS in the clear, and is answered `S`. https://www.postgresql.org/docs/current/protocol-flow.html
    const server = createTcpServer((socket: Socket) => {
      socket.on("error", () => undefined);
      socket.once("data", () => {
        socket.write("S");
        const secured = new TLSSocket(socket, { isServer: true, cert: own.certificate, key: own.privateKey });
        secured.on("error", () => undefined).on("data", (bytes) => (heard += bytes.toString("latin1")));
      });
    });
    const port = await portOf(server);
    const trades = database({ url: `postgres://somebody:secret@127.0.0.1:${port}/trades?sslmode=verify-full` });
    await expect(trades.ready()).rejects.toThrow(/certificate/);
    await trades.close();
    expect(heard).toBe("");
  });

  it("ends the connection to a schema registry before it shows its key", async () => {
    let heard = "";
    const server = createTlsServer({ cert: own.certificate, key: own.privateKey }, (socket) =>
      socket.on("error", () => undefined).on("data", (bytes) => (heard += bytes.toString("latin1"))),
    );
    server.on("tlsClientError", () => undefined);
    const registry = schemaRegistry(`https://key:secret@localhost:${await portOf(server)}`);
    await expect(registry.schema(1)).rejects.toThrow(/The schema registry does not answer/);
    expect(heard).toBe("");
  });
});
