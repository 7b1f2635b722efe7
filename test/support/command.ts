// A command of the project as a person runs it: a process of its own, its output and how it ends.
import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { afterEach } from "vitest";
import { root } from "./source-tree.ts";

export interface Command {
  readonly child: ChildProcess;
  output(): string;
  errors(): string;
  /** Its exit code, once its output is closed too. */
  readonly ended: Promise<number | null>;
}

const running = new Set<ChildProcess>();

afterEach(() => {
  for (const child of running) child.kill("SIGKILL");
  running.clear();
});

/** Starts a program by its path from the root, with `input` on its standard input; what is left of it is killed after the test. */
export function runCommand(
  program: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
  input = "",
): Command {
  const child = spawn(process.execPath, ["--disable-warning=TimeoutNegativeWarning", join(root, program), ...args], {
    cwd: root,
    stdio: ["pipe", "pipe", "pipe"],
    env: { PATH: process.env.PATH, HOME: process.env.HOME, ...environment },
  });
  running.add(child);
  child.stdin.on("error", () => undefined).end(input); // it may have ended before it read
  const said = { output: "", errors: "" };
  child.stdout.setEncoding("utf8").on("data", (text) => (said.output += text));
  child.stderr.setEncoding("utf8").on("data", (text) => (said.errors += text));
  const ended = new Promise<number | null>((resolve) => child.once("close", (code) => resolve(code)));
  void ended.then(() => running.delete(child));
  return { child, output: () => said.output, errors: () => said.errors, ended };
}
