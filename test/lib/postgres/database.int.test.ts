// A real PostgreSQL: what is missing is made, what breaks is opened again, and nothing is left behind in a session.
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ConfigError } from "../../../lib/errors.ts";
import type { Database } from "../../../lib/postgres/database.ts";
import type { Migration } from "../../../lib/postgres/migrate.ts";
import { freshName, ownPostgres } from "../../support/postgres.ts";
import { quiet } from "../../support/quiet.ts";
import { until } from "../../support/until.ts";

const server = ownPostgres();

const items: Migration = {
  name: "items-1",
  sql: "CREATE TABLE items (id int PRIMARY KEY); CREATE INDEX ON items (id)",
};
const notes: Migration = { name: "items-2-notes", sql: "ALTER TABLE items ADD note text" };

beforeEach(() => {
  quiet();
});

afterEach(() => {
  vi.restoreAllMocks();
});

async function count(one: Database, table = "items"): Promise<number> {
  const { rows } = await one.query<{ n: number }>(`SELECT count(*)::int AS n FROM ${table}`);
  return rows[0]!.n;
}

async function backend(one: Database): Promise<number> {
  const { rows } = await one.query<{ pid: number }>("SELECT pg_backend_pid() AS pid");
  return rows[0]!.pid;
}

test("a database and its tables are made with the first statement", async () => {
  const one = server.open({ migrations: [items, notes] });
  await one.query("INSERT INTO items (id, note) VALUES ($1, $2)", [1, "a"]);
  expect(await count(one)).toBe(1);
});

test("many environments that start at once make one database with each step applied once", async () => {
  const name = freshName();
  const all = Array.from({ length: 12 }, () => server.open({ database: name, migrations: [items, notes] }));
  expect(await Promise.all(all.map((one) => count(one)))).toEqual(all.map(() => 0));
  expect(await count(all[0]!, "schema_migrations")).toBe(2);
});

test("a step that is added later is applied to the tables that are there", async () => {
  const name = freshName();
  const before = server.open({ database: name, migrations: [items] });
  await before.query("INSERT INTO items (id) VALUES (1)");
  const after = server.open({ database: name, migrations: [items, notes] });
  expect((await after.query("SELECT id, note FROM items")).rows).toEqual([{ id: 1, note: null }]);
});

test("a step that fails leaves nothing behind, and is tried again with the next statement", async () => {
  const name = freshName();
  const broken: Migration = { name: "items-2-notes", sql: "ALTER TABLE items ADD note text; SELECT 1 / 0" };
  const failing = server.open({ database: name, migrations: [items, broken] });
  await expect(count(failing)).rejects.toThrow("division by zero");
  await expect(count(failing)).rejects.toThrow("division by zero");
  const mended = server.open({ database: name, migrations: [items, notes] });
  expect(await count(mended)).toBe(0);
});

test("a user who may not create a database is told what to do", async () => {
  const admin = server.open();
  const role = freshName();
  await admin.query(`CREATE ROLE ${role} LOGIN PASSWORD 'x'`);
  const url = new URL(server.url);
  url.username = role;
  url.password = "x";
  const failure = count(server.open({ url: url.href, database: "nowhere" }));
  await expect(failure).rejects.toThrow(ConfigError);
  await expect(failure).rejects.toThrow(
    `Database 'nowhere' does not exist and user '${role}' may not create it. Create it, or: ALTER ROLE "${role}" CREATEDB.`,
  );
});

test("statements share one connection, and wait for each other", async () => {
  const one = server.open();
  const pids = await Promise.all(Array.from({ length: 20 }, () => backend(one)));
  expect(new Set(pids).size).toBe(1);
});

test("nothing that pins a connection is left behind: no prepared statement, no lock, no setting", async () => {
  const one = server.open({ migrations: [items] });
  for (let id = 0; id < 3; id++) await one.query("INSERT INTO items (id) VALUES ($1)", [id]);
  const { rows } = await one.query(
    `SELECT (SELECT count(*)::int FROM pg_prepared_statements) AS prepared,
            (SELECT count(*)::int FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()) AS locks,
            (SELECT count(*)::int FROM pg_settings WHERE source = 'session') AS settings`,
  );
  expect(rows).toEqual([{ prepared: 0, locks: 0, settings: 0 }]);
});

test("a connection that the server ends while nothing runs is opened again", async () => {
  const [one, other] = [server.open(), server.open()];
  const pid = await backend(one);
  await other.query("SELECT pg_terminate_backend($1)", [pid]);
  expect(await backend(one)).not.toBe(pid);
});

test("a statement that was running when its connection broke is run again", async () => {
  const database = freshName(); // locks are a database's
  const [one, other] = [server.open({ database, migrations: [items] }), server.open({ database })];
  const pid = await backend(one);
  await other.query("SELECT pg_advisory_lock(1)");
  const running = one.query("INSERT INTO items (id) SELECT 1 FROM pg_advisory_xact_lock(1) ON CONFLICT DO NOTHING");
  await until(async () => {
    const { rows } = await other.query<{ n: number }>(
      "SELECT count(*)::int AS n FROM pg_stat_activity WHERE pid = $1 AND wait_event = 'advisory'",
      [pid],
    );
    return rows[0]?.n === 1;
  }, "the wait for the lock");
  await other.query("SELECT pg_terminate_backend($1)", [pid]);
  await other.query("SELECT pg_advisory_unlock(1)");
  await running;
  expect(await count(one)).toBe(1);
});

test("a statement that the server refuses leaves the connection as it was", async () => {
  const one = server.open();
  const pid = await backend(one);
  await expect(one.query("SELECT 1 / 0")).rejects.toThrow("division by zero");
  expect(await backend(one)).toBe(pid);
});

test("a database that was dropped meanwhile is made again", async () => {
  const [one, other] = [server.open({ migrations: [items] }), server.open()];
  await count(one);
  await other.query(`DROP DATABASE ${await one.name()} WITH (FORCE)`);
  expect(await count(one)).toBe(0);
});

test("while the server is down statements fail; once it is up they succeed on the same database value", async () => {
  const one = server.open({ migrations: [items] });
  await one.query("INSERT INTO items (id) VALUES (1)");
  await server.kill();
  await expect(count(one)).rejects.toThrow();
  await server.restart();
  expect(await count(one)).toBe(1);
});

test("a server that offers no TLS is refused where TLS is wanted", async () => {
  const one = server.open({ url: `${server.url}?sslmode=verify-full` });
  await expect(count(one)).rejects.toThrow(/SSL/);
});
