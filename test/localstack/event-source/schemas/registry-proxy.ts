// A registry that a test can take away: it passes requests on to the run's own, over TLS and with a password where that is asked for.
import http, { type IncomingMessage, type Server, type ServerResponse } from "node:http";
import https, { type ServerOptions } from "node:https";
import type { AddressInfo } from "node:net";
import { schemaRegistryUrl } from "../../../support/on-demand.ts";

export interface ProxyOptions {
  /** `user:password`; anybody may ask without it. */
  readonly login?: string;
  readonly tls?: ServerOptions;
}

export class RegistryProxy {
  /** What every request is answered instead, while it is set. */
  status: number | undefined;
  login: string | undefined;
  readonly asked: string[] = [];
  private readonly server: Server | https.Server;
  private readonly scheme: string;

  constructor({ login, tls }: ProxyOptions = {}) {
    this.login = login;
    const answer = (request: IncomingMessage, response: ServerResponse) => void this.answer(request, response);
    this.server = tls === undefined ? http.createServer(answer) : https.createServer(tls, answer);
    this.scheme = tls === undefined ? "http" : "https";
  }

  async listen(port = 0): Promise<void> {
    await new Promise<void>((resolve) => this.server.listen(port, "127.0.0.1", resolve));
  }

  get url(): string {
    return `${this.scheme}://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  close(): Promise<void> {
    this.server.closeAllConnections();
    return new Promise((resolve) => void this.server.close(() => resolve()));
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.asked.push(request.url ?? "");
    const wanted = this.login && `Basic ${Buffer.from(this.login).toString("base64")}`;
    const refused = wanted === undefined || request.headers.authorization === wanted ? undefined : 401;
    const status = this.status ?? refused;
    if (status !== undefined) return void response.writeHead(status).end("no");
    const passed = await fetch(`${await schemaRegistryUrl()}${request.url}`);
    response.writeHead(passed.status, { "content-type": "application/json" }).end(await passed.text());
  }
}
