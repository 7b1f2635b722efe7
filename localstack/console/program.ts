// How a program ends: 0 after success, 1 with one readable sentence after a failure, 130 after Ctrl-C, 141 in silence where nobody reads on
// (`| head`); a stack only where nobody expected it.

import { quietWarnings } from "../quiet-warnings.ts";

// Errors whose message tells a person what to do.
const forPeople = ["UsageError", "CannotStart", "CannotSend", "ConfigError", "FencedError"];

/** As a shell says it of a program that SIGPIPE has ended. */
const NOBODY_READS_ON = 141;

/**
 * Runs the program's work and sets the exit code. Ctrl-C and its like, and a reader of the output that has gone, abort the signal, so that the work can put away what it started;
 * the second time the program ends at once.
 */
export async function runProgram(work: (signal: AbortSignal) => Promise<void>): Promise<void> {
  quietWarnings();
  const abort = new AbortController();
  const interrupt = () => {
    if (abort.signal.aborted) process.exit(130);
    abort.abort();
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, interrupt);
  let isRead = true;
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE" && error.code !== "ERR_STREAM_DESTROYED") throw error;
    isRead = false;
    process.exitCode = NOBODY_READS_ON; // also where the work has ended before this is known
    abort.abort();
  });
  const working = setInterval(() => {}, 60_000); // what is started under a guard doesn't keep this process alive
  try {
    await work(abort.signal);
  } catch (error) {
    if (!abort.signal.aborted) process.stderr.write(`\n${explain(error)}\n`);
    process.exitCode = 1;
  } finally {
    clearInterval(working);
  }
  if (abort.signal.aborted) {
    process.exitCode = isRead ? 130 : NOBODY_READS_ON;
    if (isRead) process.stderr.write("\nInterrupted: whatever was started here is stopped.\n");
  }
  // Whatever still keeps the process alive (a reconnecting client) has nothing left to do.
  setTimeout(() => process.exit(), 1000).unref();
}

/** Settles when the signal aborts. */
export async function untilAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}

/** Rejects when the signal aborts. */
export async function rejectWhenAborted(signal: AbortSignal): Promise<never> {
  await untilAborted(signal);
  throw signal.reason;
}

function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (isRefusedByDisk(error)) return `${error.message}. Programs write under .local in the project's folder.`;
  return forPeople.includes(error.name) ? error.message : (error.stack ?? error.message);
}

/** A folder that may not be written to, or a disk that is full: for a person to mend. */
function isRefusedByDisk(error: NodeJS.ErrnoException): boolean {
  return error.path !== undefined && ["EACCES", "EPERM", "EROFS", "ENOSPC"].includes(error.code ?? "");
}
