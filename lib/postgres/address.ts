// What a database's address means to the client: where, who, which database, and TLS whose certificate is verified unless it is local. Pure.

import { ConfigError } from "../errors.ts";

export interface Address {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
  /** Certificates are verified; nothing else is offered. */
  readonly tls: boolean;
}

/** A database's name, or what is made of the one in the address. */
export type OtherDatabase = string | ((named: string) => string);

const USUAL_PORT = 5432;
const local = /^(localhost|127(\.\d+){3}|::1)$/;
const example = "postgres://user:password@host:5432/database";

/** Reads `postgres://user:password@host:port/database`; another `database` on the same server where one is named. */
export function addressOf(url: string, database?: OtherDatabase): Address {
  const read = URL.parse(url);
  if (read === null || !/^postgres(ql)?:$/.test(read.protocol) || read.hostname === "" || read.username === "") {
    throw new ConfigError(`DATABASE_URL must be an address such as ${example}.`);
  }
  const host = read.hostname.replace(/^\[(.*)\]$/, "$1");
  const inUrl = decodeURIComponent(read.pathname.slice(1));
  const named = typeof database === "function" ? database(inUrl) : (database ?? inUrl);
  if (named === "") throw new ConfigError(`DATABASE_URL must name a database after the host, as in ${example}.`);
  return {
    host,
    port: read.port === "" ? USUAL_PORT : Number(read.port),
    user: decodeURIComponent(read.username),
    password: decodeURIComponent(read.password),
    database: named,
    tls: wantsTls(read.searchParams, host),
  };
}

function wantsTls(parameters: URLSearchParams, host: string): boolean {
  for (const name of parameters.keys()) {
    if (name !== "sslmode") throw new ConfigError(`DATABASE_URL has the parameter '${name}': only sslmode is read.`);
  }
  const mode = parameters.get("sslmode");
  if (mode === null) return !local.test(host);
  if (mode === "disable") return false;
  if (mode === "require" || mode === "verify-full") return true;
  throw new ConfigError(
    `DATABASE_URL has sslmode=${mode}: it must be verify-full (the default; the certificate is verified) or disable.`,
  );
}
