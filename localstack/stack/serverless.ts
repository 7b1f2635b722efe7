// Runs a serverless command to its end, and says what it said.
import { spawn } from "node:child_process";
import { join } from "node:path";
import { lastLines } from "../services/command.ts";

const DONE_WITHIN_MS = 300_000;
/** Between an error's first line and the rest of it. */
const ERROR_IS_TOLD_MS = 500;

/** After some errors serverless does not end, because the bundler's process is left running: it is ended then. */
export function runServerless(
  project: string,
  args: readonly string[],
  signal: AbortSignal | undefined,
): Promise<{ isDone: boolean; output: string }> {
  const serverless = join(project, "node_modules", ".bin", "serverless");
  return new Promise((resolve) => {
    let output = "";
    const child = spawn(process.execPath, [serverless, ...args], {
      cwd: project,
      stdio: ["ignore", "pipe", "pipe"],
      timeout: DONE_WITHIN_MS,
      ...(signal === undefined ? {} : { signal }),
    });
    const take = (text: string) => {
      output += text;
      if (/^Error:/m.test(output)) setTimeout(() => child.kill(), ERROR_IS_TOLD_MS).unref();
    };
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", take);
    child.on("error", (error) => resolve({ isDone: false, output: withoutStack(`${output}${error.message}`) }));
    child.on("close", (code) => resolve({ isDone: code === 0, output: withoutStack(output) }));
  });
}

function withoutStack(output: string): string {
  const lines = output.split("\n").filter((line) => !/^\s+at |^(Environment|Docs):/.test(line));
  return lastLines(lines.join("\n"), 30);
}
