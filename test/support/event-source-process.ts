// An event source that a test kills: the program as users start it, in a folder of its own, with what it says of itself once a second.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

export interface Environment {
  readonly functionName: string;
  readonly pid: number;
}

export interface KillableEventSource {
  readonly child: ChildProcess;
  /** The functions' execution environments that are alive, as last heard. */
  environments(): readonly Environment[];
  kill(signal?: NodeJS.Signals): Promise<void>;
}

const program = fileURLToPath(new URL("../../localstack/event-source/main.ts", import.meta.url));

/** Starts it, with options of Node's own; it polls when this resolves. */
export async function startKillable(
  args: readonly string[],
  nodeOptions: readonly string[] = [],
): Promise<KillableEventSource> {
  const child = spawn(process.execPath, [...nodeOptions, program, ...args, "--status"], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  let environments: readonly Environment[] = [];
  const ready = Promise.withResolvers<void>();
  createInterface({ input: child.stdout }).on("line", (line) => {
    const said = JSON.parse(line) as { ready?: boolean; environments?: readonly Environment[] };
    if (said.ready === true) ready.resolve();
    if (said.environments !== undefined) environments = said.environments;
  });
  child.once("exit", (code) => ready.reject(new Error(`The event source ended with code ${code} before it was ready`)));
  await ready.promise;
  return {
    child,
    environments: () => environments,
    async kill(signal = "SIGKILL") {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill(signal);
      await once(child, "exit");
    },
  };
}
