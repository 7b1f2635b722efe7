// A Postgres database as a function uses it: one connection an execution environment, opened when it is first needed and again when it breaks.
// Fit for RDS Proxy: statements have no names and leave nothing behind in the session, so that connections can be shared between them.
// https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/rds-proxy-pinning.html

import { existsSync, readFileSync } from "node:fs";
import { rootCertificates } from "node:tls";
import { Client, type QueryResult, type QueryResultRow } from "pg";
import { messageOf } from "../errors.ts";
import { type Setting, textOf } from "../setting.ts";
import { log } from "../telemetry.ts";
import { type Address, addressOf, type OtherDatabase } from "./address.ts";
import { isLost, isMissingDatabase } from "./failures.ts";
import { createDatabase, type Migration, migrate } from "./migrate.ts";

export interface DatabaseOptions {
  /** `postgres://user:password@host:port/database`; asked for whenever a connection is opened, where it is a secret's. */
  readonly url: Setting;
  /** Another database on that server than the one the address names. */
  readonly database?: OtherDatabase;
  /** What every connection finds applied. */
  readonly migrations?: readonly Migration[];
}

export interface Database {
  name(): Promise<string>;
  /** Makes what is missing, as the first statement would; resolves once the server answers and the tables are there. */
  ready(): Promise<void>;
  /**
   * Runs one statement. Where the connection breaks it is run once more on a new one, and may then have been run twice: statements must bear that.
   * Calls wait for each other.
   */
  query<R extends QueryResultRow>(text: string, values?: readonly unknown[]): Promise<QueryResult<R>>;
  close(): Promise<void>;
}

const CONNECT_MS = 5_000;
/** An answer that takes longer is given up; less than a function's time, so that it can still say so. */
const ANSWER_MS = 20_000;
/** Where a new database is created from: every server has it. */
const MAINTENANCE = "postgres";
/** Lambda's copy of Amazon's certificate authorities, RDS's among them: https://docs.aws.amazon.com/lambda/latest/dg/lambda-nodejs.html */
const AMAZON_AUTHORITIES = "/var/runtime/ca-cert.pem";

/** The database at an address. Nothing is opened before the first statement. */
export function database({ url, database: name, migrations = [] }: DatabaseOptions): Database {
  const fixed = typeof url === "string" ? addressOf(url, name) : undefined;
  const addressed = async () => fixed ?? addressOf(await textOf(url), name);
  let current: Promise<Client> | undefined;
  let last: Promise<unknown> = Promise.resolve();

  async function open(): Promise<Client> {
    const address = await addressed();
    const client = await connected(address).catch(async (error) => {
      if (!isMissingDatabase(error)) throw error;
      await withClient({ ...address, database: MAINTENANCE }, (other) => createDatabase(other, address.database));
      return connected(address);
    });
    try {
      await migrate(client, migrations);
      return client;
    } catch (error) {
      discard(client);
      throw error;
    }
  }

  function connection(): Promise<Client> {
    if (current !== undefined) return current;
    const opening = open();
    current = opening;
    const forget = () => {
      if (current === opening) current = undefined;
    };
    opening.then((client) => client.once("end", forget).once("error", forget), forget);
    return opening;
  }

  async function drop(): Promise<void> {
    const dropped = current;
    current = undefined;
    await dropped?.then(discard, () => undefined);
  }

  async function attempt<R extends QueryResultRow>(text: string, values: readonly unknown[]): Promise<QueryResult<R>> {
    const client = await connection();
    try {
      return await client.query<R>(text, [...values]);
    } catch (error) {
      // A connection whose state is unknown is not used again; a statement that the server refused leaves it as it was.
      if (isLost(error) || !("code" in Object(error))) await drop();
      throw error;
    }
  }

  async function renewing<R extends QueryResultRow>(text: string, values: readonly unknown[]): Promise<QueryResult<R>> {
    try {
      return await attempt<R>(text, values);
    } catch (error) {
      if (!isLost(error)) throw error;
      log.info("database connection renewed", { database: fixed?.database, cause: messageOf(error) });
      return attempt<R>(text, values);
    }
  }

  function query<R extends QueryResultRow>(text: string, values: readonly unknown[] = []): Promise<QueryResult<R>> {
    const result = last.then(() => renewing<R>(text, values));
    last = result.catch(() => undefined);
    return result;
  }

  return {
    name: async () => (await addressed()).database,
    query,
    async ready() {
      await query("SELECT 1");
    },
    async close() {
      await last;
      const closing = current;
      current = undefined;
      await closing?.then((client) => client.end()).catch(() => undefined);
    },
  };
}

async function connected({ tls, ...place }: Address): Promise<Client> {
  const client = new Client({
    ...place,
    ssl: tls ? { ca: authorities(), servername: place.host } : false,
    connectionTimeoutMillis: CONNECT_MS,
    query_timeout: ANSWER_MS,
    keepAlive: true,
  });
  // Without a listener a connection that breaks while nothing runs would end the process.
  client.on("error", (error) =>
    log.info("database connection closed", { database: place.database, cause: messageOf(error) }),
  );
  await client.connect();
  return client;
}

async function withClient(address: Address, work: (client: Client) => Promise<void>): Promise<void> {
  const client = await connected(address);
  try {
    await work(client);
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** Ends a connection that may no longer answer. */
function discard(client: Client): void {
  void client.end().catch(() => undefined);
}

function authorities(): string[] {
  return existsSync(AMAZON_AUTHORITIES)
    ? [...rootCertificates, readFileSync(AMAZON_AUTHORITIES, "utf8")]
    : [...rootCertificates];
}
