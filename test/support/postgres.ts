// A PostgreSQL of a suite's own, which may be killed and restarted, and databases that no other test knows.
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll } from "vitest";
import { type Database, type DatabaseOptions, database } from "../../lib/postgres/database.ts";
import { startServices } from "../../localstack/services/services.ts";
import { root } from "./source-tree.ts";

export interface OwnPostgres {
  /** As in DATABASE_URL. */
  readonly url: string;
  /** A database that is made with its first statement, under a name of its own unless told; closed after the test. */
  open(options?: Partial<DatabaseOptions>): Database;
  kill(): Promise<void>;
  restart(): Promise<void>;
}

/** Starts it before the suite's tests and ends it after them. */
export function ownPostgres(): OwnPostgres {
  let services: Awaited<ReturnType<typeof start>>;
  const opened: Database[] = [];
  beforeAll(async () => {
    services = await start();
  });
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((one) => one.close()));
  });
  afterAll(() => services.stop());
  return {
    get url() {
      return services.databaseUrl;
    },
    open(options = {}) {
      const one = database({ url: services.databaseUrl, database: freshName(), ...options });
      opened.push(one);
      return one;
    },
    kill: () => services.postgres.kill(),
    restart: () => services.postgres.restart(),
  };
}

/** A name that no other test has. */
export function freshName(): string {
  return `test_${randomUUID().slice(0, 8)}`;
}

function start() {
  return startServices({ want: ["postgres"], from: ["embedded"], logsFolder: join(root, ".local", "logs", "test") });
}
