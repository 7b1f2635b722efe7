// A program of its own: runs one command for the process that started it, its parent. However the parent ends, SIGKILL included, the pipe
// between them closes, and then the command's whole process group is ended and what it left behind is cleared away.
// It has a session of its own, so that Ctrl-C in a terminal reaches the parent only, which decides in what order things stop.
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { copyFileSync, existsSync, renameSync, rmSync } from "node:fs";

export interface GuardedCommand {
  readonly command: string;
  readonly arguments: readonly string[];
  /** Added to the parent's environment. */
  readonly environment?: Readonly<Record<string, string>>;
  /** The user to run as, where the command refuses to run as root. */
  readonly user?: { readonly uid: number; readonly gid: number };
}

/** How a command is ended for good. */
export interface Ending {
  /** Asks the command to end; whatever is left of its group after `graceMs` is killed. */
  readonly signal: NodeJS.Signals;
  readonly graceMs: number;
  /** Run after the command has ended. */
  readonly afterwards?: GuardedCommand;
  /** A file that a normal end writes, and the place where it is kept from then on. */
  readonly keep?: { readonly from: string; readonly to: string };
  /** Folders to remove at the very end. */
  readonly remove: readonly string[];
}

export type ToGuard =
  | { readonly kind: "start"; readonly command: GuardedCommand; readonly ending: Ending }
  | { readonly kind: "signal"; readonly signal: NodeJS.Signals }
  | { readonly kind: "end" };

export type FromGuard =
  | { readonly kind: "started"; readonly pid: number }
  | { readonly kind: "failed"; readonly message: string }
  | { readonly kind: "signalled" }
  | { readonly kind: "exited"; readonly code: number | null; readonly signal: NodeJS.Signals | null };

let child: ChildProcess | undefined;
let ending: Ending | undefined;
let isEnding = false;

process.on("message", (message: ToGuard) => {
  if (message.kind === "start") start(message.command, message.ending);
  else if (message.kind === "signal") {
    signalGroup(message.signal);
    tell({ kind: "signalled" });
  } else end();
});
process.on("disconnect", end);
for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.on(signal, end);

function start(command: GuardedCommand, itsEnding: Ending): void {
  ending = itsEnding;
  const started = spawn(command.command, command.arguments, {
    detached: true, // a group of its own, so that its children are ended with it
    stdio: ["ignore", "inherit", "inherit"],
    env: { ...process.env, ...command.environment },
    ...command.user,
  });
  started.on("spawn", () => {
    child = started;
    tell({ kind: "started", pid: started.pid ?? 0 });
    if (isEnding) endCommand();
  });
  started.on("error", (error) => {
    tell({ kind: "failed", message: error.message });
    if (isEnding) finish();
  });
  started.on("exit", (code, signal) => {
    signalGroup("SIGKILL"); // children that outlived their parent
    child = undefined;
    if (signal === null) keepFile(itsEnding);
    tell({ kind: "exited", code, signal });
    if (isEnding) finish();
  });
}

function end(): void {
  if (isEnding) return;
  isEnding = true;
  if (child === undefined) finish();
  else endCommand();
}

function endCommand(): void {
  signalGroup(ending?.signal ?? "SIGTERM");
  signalGroup("SIGCONT"); // a paused group reads its signals only when it goes on
  setTimeout(() => signalGroup("SIGKILL"), ending?.graceMs ?? 0);
}

function finish(): never {
  const afterwards = ending?.afterwards;
  if (afterwards !== undefined) {
    const env = { ...process.env, ...afterwards.environment };
    spawnSync(afterwards.command, afterwards.arguments, { stdio: ["ignore", "inherit", "inherit"], env });
  }
  for (const folder of ending?.remove ?? []) rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  process.exit(0);
}

/** Copied beside its place first: temporary folders are often on another disk, and a reader must never see half a file. */
function keepFile({ keep }: Ending): void {
  if (keep === undefined || !existsSync(keep.from)) return;
  const beside = `${keep.to}.${process.pid}`;
  copyFileSync(keep.from, beside);
  renameSync(beside, keep.to);
}

function signalGroup(signal: NodeJS.Signals): void {
  if (child?.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    // The group is gone already, which is what a signal was to achieve.
  }
}

function tell(message: FromGuard): void {
  if (process.connected) process.send?.(message);
}
