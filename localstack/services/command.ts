// Runs a short command to its end and hands back what it printed.
import { spawn } from "node:child_process";
import type { GuardedCommand } from "./guard.ts";

export interface Finished {
  /** `missing`: there is no such program. `failed`: it ended with another code than 0, or was ended by the limit. */
  readonly kind: "done" | "failed" | "missing";
  /** Standard output and standard error, in the order they came. */
  readonly output: string;
}

export interface RunOptions {
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  /** Default: this process's. */
  readonly environment?: NodeJS.ProcessEnv;
  readonly user?: GuardedCommand["user"];
  /** Default: this process's. */
  readonly directory?: string;
}

/** Runs a command; never rejects. */
export function run(command: string, args: readonly string[], options: RunOptions = {}): Promise<Finished> {
  return new Promise((resolve) => {
    let output = "";
    const { timeoutMs, signal, environment, user, directory } = options;
    const child = spawn(command, args, {
      stdio: ["ignore", "pipe", "pipe"],
      ...(timeoutMs === undefined ? {} : { timeout: timeoutMs }),
      ...(signal === undefined ? {} : { signal }),
      ...(environment === undefined ? {} : { env: environment }),
      ...(directory === undefined ? {} : { cwd: directory }),
      ...user,
    });
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding("utf8").on("data", (text) => (output += text));
    child.on("error", (error) => {
      const isMissing = "code" in error && error.code === "ENOENT";
      resolve({ kind: isMissing ? "missing" : "failed", output: `${output}${error.message}` });
    });
    child.on("close", (code) => resolve({ kind: code === 0 ? "done" : "failed", output }));
  });
}

/** Runs a command that is described as a guard takes it; never rejects. */
export function runDescribed(described: GuardedCommand, options: RunOptions = {}): Promise<Finished> {
  const environment = { ...(options.environment ?? process.env), ...described.environment };
  const user = described.user === undefined ? {} : { user: described.user };
  return run(described.command, described.arguments, { ...options, ...user, environment });
}

/** The last lines of some output, for an error message. */
export function lastLines(output: string, count = 6): string {
  return output
    .trimEnd()
    .split("\n")
    .slice(-count)
    .map((line) => `  ${line}`)
    .join("\n");
}
