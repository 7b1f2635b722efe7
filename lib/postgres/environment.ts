// This execution environment's database, from DATABASE_URL: an address, or the ARN of the secret with it.

import { settingOrSecret } from "../aws/secret-setting.ts";
import { optional, required } from "../config.ts";
import { type Database, database } from "./database.ts";
import type { Migration } from "./migrate.ts";

export interface EnvironmentDatabaseOptions {
  /** Another database on DATABASE_URL's server than the one it names. */
  readonly database?: string;
  readonly migrations: readonly Migration[];
}

/** The function's database; under a NAMESPACE one beside it, so that a sample event touches no live rows. */
export function environmentDatabase({ database: own, migrations }: EnvironmentDatabaseOptions): Database {
  const url = settingOrSecret(required("DATABASE_URL"), "url");
  const beside = optional("NAMESPACE") === undefined ? "" : "sample_";
  return database({ url, database: (named) => `${beside}${own ?? named}`, migrations });
}
