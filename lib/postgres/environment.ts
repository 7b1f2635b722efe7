// This execution environment's database, from DATABASE_URL.

import { optional, required } from "../config.ts";
import { addressOf } from "./address.ts";
import { type Database, database } from "./database.ts";
import type { Migration } from "./migrate.ts";

export interface EnvironmentDatabaseOptions {
  /** Another database on DATABASE_URL's server than the one it names. */
  readonly database?: string;
  readonly migrations: readonly Migration[];
}

/** The function's database; under a NAMESPACE one beside it, so that a sample event touches no live rows. */
export function environmentDatabase({ database: named, migrations }: EnvironmentDatabaseOptions): Database {
  const url = required("DATABASE_URL");
  const { database: name } = addressOf(url, named);
  return database({ url, database: optional("NAMESPACE") === undefined ? name : `sample_${name}`, migrations });
}
