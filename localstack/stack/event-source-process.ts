// The event source as a process of its own, under a guard: ready, what it is doing, and its end.
import { existsSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, truncateSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { EventSourceStatus } from "../event-source/event-source.ts";
import type { MappingStatus } from "../event-source/mapping-status.ts";
import { CannotStart } from "../services/cannot-start.ts";
import { lastLines } from "../services/command.ts";
import { GuardedProcess } from "../services/guarded-process.ts";
import { READY_WITHIN_MS } from "../services/service.ts";

/** What the event source says of itself once a second. */
export interface StatusLine extends EventSourceStatus {
  readonly mappings: readonly (MappingStatus & { readonly recordsPerSecond: number })[];
}

export interface EventSourceProcess {
  readonly pid: number | undefined;
  readonly logFile: string;
  /** How many mappings and schedules it carries out. */
  readonly ready: { readonly mappings: number; readonly schedules: number };
  /** The last it has said; undefined in the first second. */
  status(): StatusLine | undefined;
  /** Rejects if it ends by itself. */
  readonly failed: Promise<never>;
  /** Lets what is in flight finish, and ends it. */
  stop(): Promise<void>;
}

export interface EventSourceStart {
  readonly templateFile: string;
  readonly brokers: string;
  /** Names of those that are run; absent: all. */
  readonly functions: readonly string[] | undefined;
  /** Variables of every function, over the template's. */
  readonly environment: Readonly<Record<string, string>>;
}

const local = fileURLToPath(new URL("../../.local", import.meta.url));
const program = fileURLToPath(new URL("../event-source/main.ts", import.meta.url));
const logFile = join(local, "logs", "event-source.log");
/** Where `npm run explain` looks. */
const journal = join(local, "event-source.journal.jsonl");
const statusFile = join(tmpdir(), `event-source-status-${process.pid}.jsonl`);
const POLL_MS = 25;
const STOP_WITHIN_MS = 10_000;

/** Starts the event source; it polls every mapping when this resolves. */
export async function startEventSourceProcess(start: EventSourceStart): Promise<EventSourceProcess> {
  mkdirSync(join(local, "logs"), { recursive: true });
  // Another stack may be writing to them; a stack's topics begin anew, so an earlier one's records are not this one's.
  for (const file of [logFile, journal]) if (existsSync(file)) renameSync(file, file.replace(/\.(\w+)$/, ".before.$1"));
  rmSync(`${journal}.1`, { force: true });
  const guarded = await GuardedProcess.start(
    {
      command: process.execPath,
      arguments: ["--disable-warning=TimeoutNegativeWarning", program, ...argumentsOf(start)],
    },
    { signal: "SIGTERM", graceMs: 5_000, remove: [statusFile] },
    openSync(logFile, "a"),
  );
  let isStopping = false;
  const failed = guarded.exited.then(({ code, signal }) => {
    if (isStopping) return new Promise<never>(() => {});
    const how = signal === null ? `with code ${code}` : `by ${signal}`;
    throw new CannotStart(
      `The event source ended ${how}. The end of ${logFile}:\n${lastLines(readFileSync(logFile, "utf8"), 12)}`,
    );
  });
  failed.catch(() => {}); // it is told to whoever asks
  const stop = async () => {
    isStopping = true;
    // It ends its functions itself, after what is in flight: a signal to the whole group would reach them too early.
    if (guarded.pid !== undefined) process.kill(guarded.pid, "SIGTERM");
    await Promise.race([guarded.exited, wait(STOP_WITHIN_MS, undefined, { ref: false })]);
    await guarded.stop();
  };
  try {
    const ready = await Promise.race([untilReady(), failed]);
    return { pid: guarded.pid, logFile, ready, status: lastStatus(), failed, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function argumentsOf({ templateFile, brokers, functions, environment }: EventSourceStart): string[] {
  const only = functions === undefined ? [] : ["--only", functions.join(",")];
  const variables = Object.entries(environment).flatMap(([name, value]) => ["--env", `${name}=${value}`]);
  const place = [
    "--template",
    templateFile,
    "--brokers",
    brokers,
    "--local-folder",
    local,
    "--status-file",
    statusFile,
    "--journal",
    journal,
  ];
  return [...place, ...only, ...variables];
}

/** It prints one line of JSON when it is ready, among lines for people. */
async function untilReady(): Promise<EventSourceProcess["ready"]> {
  const deadline = performance.now() + READY_WITHIN_MS;
  while (performance.now() < deadline) {
    const line = readFileSync(logFile, "utf8")
      .split("\n")
      .find((line) => /^\{"ready":.*\}$/.test(line));
    if (line) return JSON.parse(line);
    await wait(POLL_MS);
  }
  throw new CannotStart(`The event source was not ready within ${READY_WITHIN_MS / 1000} s: see ${logFile}`);
}

/** The last line of the status file, which is emptied when it has been read so that it never grows. */
function lastStatus(): () => StatusLine | undefined {
  let last: StatusLine | undefined;
  return () => {
    if (!existsSync(statusFile)) return last;
    const line = readFileSync(statusFile, "utf8").split("\n").at(-2);
    if (line) {
      last = JSON.parse(line);
      truncateSync(statusFile);
    }
    return last;
  };
}
