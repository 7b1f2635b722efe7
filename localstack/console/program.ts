// How a program ends: 0 after success, 1 with one readable sentence after a failure; a stack only where nobody expected it.

// Errors whose message tells a person what to do.
const forPeople = ["UsageError", "CannotStart", "CannotSend"];

/** Runs the program's work and sets the exit code. */
export async function runProgram(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    process.stderr.write(`${explain(error)}\n`);
    process.exitCode = 1;
  }
}

function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return forPeople.includes(error.name) ? error.message : (error.stack ?? error.message);
}
