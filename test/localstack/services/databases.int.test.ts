import { expect, test } from "vitest";
import { createDatabases } from "../../../localstack/services/databases.ts";
import { ownPostgres } from "../../support/postgres.ts";

const server = ownPostgres();

test("every database of the functions is made with its tables; doing it again changes nothing", async () => {
  expect(await createDatabases(server.url)).toEqual(["postgres", "trades"]);
  expect(await createDatabases(server.url)).toEqual(["postgres", "trades"]);
  const tables = async (database: string) => {
    const found = await server
      .open({ database })
      .query<{ name: string }>(
        "SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public'",
      );
    return found.rows.map(({ name }) => name).sort();
  };
  expect(await tables("trades")).toEqual(["binance", "schema_migrations"]);
  expect(await tables("postgres")).toEqual(["processed_events", "schema_migrations"]);
});

test("a server that can't be reached is said", async () => {
  await expect(createDatabases("postgres://me@127.0.0.1:1/none")).rejects.toThrow(/can't be made:[\s\S]*ECONNREFUSED/);
});
