// PostgreSQL: what was committed is there after it was killed, and it is shared by the suites that ask.
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { expect, test } from "vitest";
import { startServices } from "../../../localstack/services/services.ts";
import { databaseUrl } from "../../support/on-demand.ts";
import { isRunning } from "../../support/processes.ts";

async function query(connectionString: string, text: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString });
  await client.connect();
  try {
    return (await client.query(text)).rows;
  } finally {
    await client.end();
  }
}

test("a killed server comes back with what was committed, and a stopped one with its folder", async () => {
  await databaseUrl(); // has the usual port, which nobody else may take while this one is down
  const folder = mkdtempSync(join(tmpdir(), "postgres-test-"));
  chmodSync(folder, 0o755); // as root it runs as somebody else, who must get there
  const start = () =>
    startServices({
      want: ["postgres"],
      from: ["embedded"],
      logsFolder: join(folder, "logs"),
      dataFolder: join(folder, "data"),
    });
  const first = await start();
  await query(first.databaseUrl, "create table kept as select 'committed' as row");
  const pid = first.postgres.pid!;
  await first.postgres.kill();
  expect(isRunning(pid)).toBe(false);
  await expect(query(first.databaseUrl, "select 1")).rejects.toThrow("ECONNREFUSED");
  await first.postgres.restart();
  expect(await query(first.databaseUrl, "select * from kept")).toEqual([{ row: "committed" }]);
  await first.stop();
  const second = await start();
  expect(await query(second.databaseUrl, "select * from kept")).toEqual([{ row: "committed" }]);
  await second.stop();
  rmSync(folder, { recursive: true });
});

test("suites that ask get the same server, in UTF-8", async () => {
  const url = await databaseUrl();
  expect(await databaseUrl()).toBe(url);
  expect(await query(url, "select current_setting('server_encoding') as encoding")).toEqual([{ encoding: "UTF8" }]);
});
