// What tests ask the operating system about processes.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";

/** Whether the process exists and is more than an entry that nobody has collected. */
export function isRunning(pid: number): boolean {
  const state = existsSync("/proc/self/stat") ? stateInProc(pid) : stateFromPs(pid);
  return state !== "" && !state.startsWith("Z");
}

function stateInProc(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1) ?? "";
  } catch {
    return "";
  }
}

function stateFromPs(pid: number): string {
  return spawnSync("ps", ["-o", "stat=", "-p", String(pid)], { encoding: "utf8" }).stdout.trim();
}
