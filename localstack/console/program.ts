// How a program ends: 0 after success, 1 with one readable sentence after a failure, 130 after Ctrl-C; a stack only where nobody expected it.

import { quietWarnings } from "../quiet-warnings.ts";

// Errors whose message tells a person what to do.
const forPeople = ["UsageError", "CannotStart", "CannotSend", "ConfigError", "FencedError"];

/**
 * Runs the program's work and sets the exit code. Ctrl-C and its like abort the signal, so that the work can put away what it started;
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
    process.exitCode = 130;
    process.stderr.write("\nInterrupted: whatever was started here is stopped.\n");
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
  return forPeople.includes(error.name) ? error.message : (error.stack ?? error.message);
}
