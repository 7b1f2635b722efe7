// Node's warnings that say nothing to a user are left out: kafkajs's timer on Node 24, and the stripping of TypeScript's types.

const QUIET = new Set(["TimeoutNegativeWarning", "ExperimentalWarning"]);

/** Prints every other warning of this process as one line on standard error. */
export function quietWarnings(): void {
  process.removeAllListeners("warning");
  process.on("warning", ({ name, message }) => {
    if (!QUIET.has(name)) process.stderr.write(`${name}: ${message}\n`);
  });
}
