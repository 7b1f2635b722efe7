// Starts a service as a process of this machine and waits until it answers.
import { existsSync, openSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { untilAnswers } from "./answers.ts";
import { CannotStart } from "./cannot-start.ts";
import { lastLines, runDescribed } from "./command.ts";
import type { GuardedCommand } from "./guard.ts";
import { GuardedProcess } from "./guarded-process.ts";
import { claimPort } from "./port.ts";
import type { Launch, Place, RunningService, ServiceDefinition } from "./service.ts";

/** What is the same for all services of one start. */
export interface Surroundings extends Omit<Place, "port" | "dataFolder" | "isDurable"> {
  readonly logsFolder: string;
  /** Holds a folder a service that stays; without it each gets a temporary one. */
  readonly dataFolder: string | undefined;
  readonly environmentAnswersWithinMs: number;
  /** Undefined when containers can be started; asked once for all services. */
  whyNoContainers(): Promise<string | undefined>;
}

const triesForAPort = 3;

/** Starts the embedded service on its usual port, or on a free one when that is taken or gets taken meanwhile. */
export async function startEmbedded(definition: ServiceDefinition, around: Surroundings): Promise<RunningService> {
  for (let attempt = 1; ; attempt += 1) {
    const { port, release } = await claimPort(attempt === 1 ? definition.embedded.usualPort : undefined);
    const isDurable = around.dataFolder !== undefined;
    const dataFolder = await makeDataFolder(definition.name, around.dataFolder);
    const remove = isDurable ? [] : [dataFolder];
    try {
      const launch = await definition.embedded.prepare({ ...around, port, dataFolder, isDurable });
      return await launchService(definition, { launch, port, remove, source: "embedded" }, around);
    } catch (error) {
      for (const folder of remove) await rm(folder, { recursive: true, force: true });
      if (attempt === triesForAPort || !(error instanceof PortTaken)) throw error;
      around.onProgress(`${definition.title}: port ${port} was taken meanwhile, trying another`);
    } finally {
      release();
    }
  }
}

export interface LaunchPlan {
  readonly launch: Launch;
  readonly port: number;
  readonly remove: readonly string[];
  readonly source: "embedded" | "container";
}

class PortTaken extends CannotStart {}

/** Starts what the plan says under a guard and hands it back once it answers; on failure nothing is left running. */
export async function launchService(
  definition: Pick<ServiceDefinition, "name" | "title" | "address" | "check" | "afterStart">,
  plan: LaunchPlan,
  around: Pick<Surroundings, "logsFolder" | "signal">,
): Promise<RunningService> {
  const { launch, port } = plan;
  const log = join(around.logsFolder, `${definition.name}.log`);
  const process = await GuardedProcess.start(
    launch.command,
    { ...launch.ending, remove: plan.remove },
    await openLog(log),
  );
  const address = definition.address(port);
  const awaitAnswer = async () => {
    const waiting = { exited: process.exited, withinMs: launch.readyWithinMs, signal: around.signal };
    const answer = await untilAnswers(() => definition.check(address), waiting);
    if (answer.kind === "answers") return definition.afterStart?.(address);
    around.signal.throwIfAborted();
    const end = lastLines(await readFile(log, "utf8"));
    if (answer.kind === "silent") {
      const cause = answer.lastError;
      throw new CannotStart(
        `it did not answer at ${address} within ${launch.readyWithinMs / 1_000} s; the end of ${log}:\n${end}`,
        { cause },
      );
    }
    const Failure = saysPortTaken(end) ? PortTaken : CannotStart;
    throw new Failure(`it ended before it answered at ${address}; the end of ${log}:\n${end}`);
  };
  try {
    await awaitAnswer();
  } catch (error) {
    await process.stop();
    throw error;
  }
  const facts = { name: definition.name, title: definition.title, log, source: plan.source, address };
  return runningService(facts, launch, process, awaitAnswer);
}

function runningService(
  { title, log, ...facts }: Pick<RunningService, "name" | "source" | "address"> & { title: string; log: string },
  launch: Launch,
  process: GuardedProcess,
  awaitAnswer: () => Promise<void>,
): RunningService {
  const take = async (how: "kill" | "pause" | "resume", otherwise: () => void | Promise<void>) => {
    const command = launch.take?.[how];
    await (command === undefined ? otherwise() : mustRun(command));
  };
  const kill = async () => {
    if (process.pid === undefined) return;
    await take("kill", () => process.kill(launch.killSignal));
    await process.exited;
  };
  return {
    ...facts,
    get pid() {
      return process.pid;
    },
    get failed() {
      const failed = process.exited.then(({ code, signal }) => {
        const how = signal === null ? `with code ${code}` : `by ${signal}`;
        throw new CannotStart(`${title} has ended ${how}. Its log: ${log}`);
      });
      failed.catch(() => {}); // it is told to whoever asks
      return failed;
    },
    kill,
    async restart() {
      await kill();
      await launch.beforeRestart?.();
      await process.restart();
      await awaitAnswer();
    },
    pause: () => take("pause", () => process.signal("SIGSTOP")),
    resume: () => take("resume", () => process.signal("SIGCONT")),
    stop: () => process.stop(),
  };
}

async function mustRun(command: GuardedCommand): Promise<void> {
  const { kind, output } = await runDescribed(command);
  if (kind !== "done")
    throw new Error(`'${command.command} ${command.arguments.join(" ")}' failed:\n${lastLines(output)}`);
}

async function makeDataFolder(name: string, durable: string | undefined): Promise<string> {
  if (durable === undefined) return mkdtemp(join(tmpdir(), `streams-${name}-`));
  const folder = join(durable, name);
  await mkdir(folder, { recursive: true });
  return folder;
}

/** A new log; the one before it is kept beside it, whoever may still be writing to it. */
async function openLog(path: string): Promise<number> {
  if (existsSync(path)) await rename(path, path.replace(/\.log$/, ".before.log")).catch(() => {});
  return openSync(path, "a");
}

function saysPortTaken(log: string): boolean {
  return /address already in use|BindException|EADDRINUSE|port is already allocated/i.test(log);
}
