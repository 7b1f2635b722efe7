// A guarded command ends with its parent, with everything it started, and can be killed and started again.
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Ending } from "../../../localstack/services/guard.ts";
import { GuardedProcess } from "../../../localstack/services/guarded-process.ts";
import { isRunning } from "../../support/processes.ts";
import { until } from "../../support/until.ts";

let folder: string;
let log: string;
const ending: Ending = { signal: "SIGTERM", graceMs: 60_000, remove: [] };

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "guarded-"));
  log = join(folder, "log");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function shell(script: string, its: Partial<Ending> = {}): Promise<GuardedProcess> {
  return GuardedProcess.start({ command: "sh", arguments: ["-c", script] }, { ...ending, ...its }, openSync(log, "a"));
}

async function linesOfLog(count: number): Promise<string[]> {
  const lines = () => readFileSync(log, "utf8").split("\n").filter(Boolean);
  await until(() => lines().length >= count, `${count} lines`);
  return lines();
}

test("stop ends the command and its children, and removes what was temporary", async () => {
  const data = join(folder, "data");
  writeFileSync(data, "temporary");
  const guarded = await shell("sleep 100 & echo $!; wait", { remove: [data] });
  const [sleeper] = await linesOfLog(1);
  const shellPid = guarded.pid!;
  await guarded.stop();
  await guarded.stop();
  expect([isRunning(shellPid), existsSync(data)]).toEqual([false, false]);
  await until(() => !isRunning(Number(sleeper)), "the child's end");
});

test("a command that takes no notice of the signal is killed after the grace", async () => {
  const guarded = await shell("trap '' TERM; echo up; while true; do sleep 1; done", { graceMs: 100 });
  await linesOfLog(1);
  const pid = guarded.pid!;
  await guarded.stop();
  expect(isRunning(pid)).toBe(false);
});

test("a paused command can still be stopped", async () => {
  const guarded = await shell("trap 'echo bye; exit 0' TERM; echo up; while true; do sleep 0.05; done");
  await linesOfLog(1);
  await guarded.signal("SIGSTOP");
  await guarded.stop();
  expect(await linesOfLog(2)).toContain("bye");
});

test("a command that is paused does nothing more, from the moment when it is said to be", async () => {
  const data = join(folder, "data");
  const guarded = await shell(`while true; do echo more >> ${data}; done`);
  await until(() => readFileSync(data).length > 0, "its first line");
  await guarded.signal("SIGSTOP");
  const { length } = readFileSync(data);
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(readFileSync(data).length).toBe(length);
  await guarded.signal("SIGCONT");
  await until(() => readFileSync(data).length > length, "more");
  await guarded.stop();
});

test("a killed command says so, leaves its data, and starts again", async () => {
  const data = join(folder, "data");
  const guarded = await shell(`echo once more >> ${data}; sleep 100`, { remove: [data] });
  // Not only that it exists: the shell makes the file before it writes.
  await until(() => readFileSync(data, "utf8") === "once more\n", "its data");
  await guarded.kill();
  expect(await guarded.exited).toMatchObject({ signal: "SIGKILL" });
  expect([guarded.pid, existsSync(data)]).toEqual([undefined, true]);
  await guarded.restart();
  await until(() => readFileSync(data, "utf8") === "once more\nonce more\n", "the second start");
  await guarded.stop();
  expect(existsSync(data)).toBe(false);
});

test("a file that a normal end writes is kept, a killed command's is not", async () => {
  const [from, to] = [join(folder, "from"), join(folder, "to")];
  const script = `trap 'echo whole > ${from}; exit 143' TERM; echo half > ${from}; echo up; while true; do sleep 0.05; done`;
  const killed = await shell(script, { keep: { from, to } });
  await linesOfLog(1);
  await killed.kill();
  await killed.stop();
  expect(existsSync(to)).toBe(false);
  const ended = await shell(script, { keep: { from, to } });
  await linesOfLog(2);
  await ended.stop();
  expect(readFileSync(to, "utf8")).toBe("whole\n");
});

test("a command that doesn't exist is refused by name", async () => {
  const start = GuardedProcess.start({ command: "no-such-program", arguments: [] }, ending, openSync(log, "a"));
  await expect(start).rejects.toThrow("'no-such-program' can't be run: spawn no-such-program ENOENT");
});

test("when somebody kills the guard, its command is killed too", async () => {
  const guarded = await shell("sleep 100");
  process.kill(guarded.guardPid!, "SIGKILL");
  expect(await guarded.exited).toMatchObject({ signal: "SIGKILL" });
  await guarded.stop();
});

/** A program that guards `sleep` and a file, prints the sleeper's process id, and then does as it is told. */
function parentProgram(andThen: string): ChildProcess {
  const guardedProcess = new URL("../../../localstack/services/guarded-process.ts", import.meta.url);
  const program = `
    import { openSync } from "node:fs";
    import { GuardedProcess } from ${JSON.stringify(guardedProcess.href)};
    const guarded = await GuardedProcess.start({ command: "sleep", arguments: ["100"] },
      { signal: "SIGTERM", graceMs: 500, remove: [${JSON.stringify(join(folder, "data"))}] }, openSync(${JSON.stringify(log)}, "a"));
    console.log(guarded.pid);
    ${andThen}`;
  return spawn(process.execPath, ["--input-type=module", "-e", program], { stdio: ["ignore", "pipe", "ignore"] });
}

test.each([
  { how: "SIGKILL", andThen: "setInterval(() => {}, 1000)", signal: "SIGKILL" },
  { how: "SIGTERM", andThen: "setInterval(() => {}, 1000)", signal: "SIGTERM" },
  { how: "Ctrl-C", andThen: "setInterval(() => {}, 1000)", signal: "SIGINT" },
  { how: "a thrown error", andThen: "throw new Error('planned by the test')", signal: undefined },
  { how: "having nothing left to do", andThen: "", signal: undefined },
] as const)("a parent that ends by $how leaves no command and no temporary data", async ({ andThen, signal }) => {
  writeFileSync(join(folder, "data"), "temporary");
  const parent = parentProgram(andThen);
  const pid = await new Promise<number>((resolve) => parent.stdout?.once("data", (line) => resolve(Number(line))));
  if (signal !== undefined) parent.kill(signal);
  await until(() => !isRunning(pid), "the command's end");
  await until(() => !existsSync(join(folder, "data")), "the data's end");
});
