// Makes a database and its tables where they are missing, however many environments start at once.

import type { Client } from "pg";
import { ConfigError } from "../errors.ts";
import { log } from "../telemetry.ts";
import { sqlState } from "./failures.ts";

/** One step of a database's schema. A step that has been applied somewhere is never changed: what follows from it is a new step. */
export interface Migration {
  /** Begins with the pipeline's name, for pipelines may share a database. */
  readonly name: string;
  /** Statements, all applied or none. */
  readonly sql: string;
}

/** The lock under which schemas change, one for the whole database. */
const LOCK = 4_318_150_427;

/** Applies what has not been applied, in order. Costs one statement where nothing is missing. */
export async function migrate(client: Client, migrations: readonly Migration[]): Promise<void> {
  if (migrations.length === 0 || (await unapplied(client, migrations)).length === 0) return;
  await client.query("BEGIN");
  try {
    // The lock ends with the transaction: one that belonged to the session would pin the connection in RDS Proxy.
    // https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/rds-proxy-pinning.html
    await client.query(`SELECT pg_advisory_xact_lock(${LOCK})`);
    await client.query(
      "CREATE TABLE IF NOT EXISTS schema_migrations (name text PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now())",
    );
    for (const { name, sql } of await unapplied(client, migrations)) {
      await client.query(sql);
      await client.query("INSERT INTO schema_migrations (name) VALUES ($1)", [name]);
      log.info("migrated", { database: client.database, migration: name });
    }
    await client.query("COMMIT");
  } catch (error) {
    await client.query("ROLLBACK").catch(() => undefined);
    throw error;
  }
}

async function unapplied(client: Client, migrations: readonly Migration[]): Promise<readonly Migration[]> {
  const { rows } = await client.query<{ readonly present: boolean }>(
    "SELECT to_regclass('schema_migrations') IS NOT NULL AS present",
  );
  if (!rows[0]?.present) return migrations;
  const names = migrations.map(({ name }) => name);
  const applied = await client.query<{ readonly name: string }>(
    "SELECT name FROM schema_migrations WHERE name = ANY($1)",
    [names],
  );
  const done = new Set(applied.rows.map(({ name }) => name));
  return migrations.filter(({ name }) => !done.has(name));
}

/** Creates a database through a connection to another one of the server; one that somebody else has just created is fine. */
export async function createDatabase(client: Client, name: string): Promise<void> {
  const user = client.user ?? "";
  try {
    await client.query(`CREATE DATABASE "${name.replaceAll('"', '""')}"`);
    log.info("database created", { database: name });
  } catch (error) {
    const state = sqlState(error);
    if (state === "42P04" || state === "23505") return; // it exists, or does as of this moment
    if (state !== "42501") throw error;
    throw new ConfigError(
      `Database '${name}' does not exist and user '${user}' may not create it. Create it, or: ALTER ROLE "${user}" CREATEDB.`,
      { cause: error },
    );
  }
}
