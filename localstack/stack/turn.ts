// Work that two processes must not do at the same time: a file says whose turn it is.
import { readFile, rm, writeFile } from "node:fs/promises";
import { setTimeout as wait } from "node:timers/promises";
import { isRunning } from "../endpoints.ts";

const PATIENCE_MS = 400_000;

/** Does the work once no other process does its own with the same file. Patience has an end: then both do it at once. */
export async function inTurn<T>(
  turn: string,
  work: () => Promise<T>,
  { patienceMs = PATIENCE_MS }: { readonly patienceMs?: number } = {},
): Promise<T> {
  const deadline = performance.now() + patienceMs;
  while (!(await taken(turn)) && performance.now() < deadline) await wait(100);
  try {
    return await work();
  } finally {
    await rm(turn, { force: true });
  }
}

/** Whether this process has taken its turn; a file that a dead one left is taken away. */
async function taken(turn: string): Promise<boolean> {
  try {
    await writeFile(turn, String(process.pid), { flag: "wx" });
    return true;
  } catch {
    const owner = Number(await readFile(turn, "utf8").catch(() => "0"));
    if (owner > 0 && !isRunning(owner)) await rm(turn, { force: true });
    return false;
  }
}
