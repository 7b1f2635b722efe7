// The program as a child of the test, and a function for it that writes down what it was given.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach } from "vitest";
import { kafkaMapping, writeFixture } from "./fixture.ts";
import { brokers } from "./running.ts";

const MAIN = fileURLToPath(new URL("../../../localstack/event-source/main.ts", import.meta.url));
const children = new Set<ChildProcess>();

afterEach(async () => {
  for (const child of children) if (child.exitCode === null) child.kill("SIGKILL");
  children.clear();
});

export interface Program {
  readonly child: ChildProcess;
  readonly lines: string[];
  readonly errors: () => string;
  /** Its exit code, once its output is read to the end. */
  readonly ended: Promise<number | null>;
}

export interface StartOptions {
  /** For Node itself. */
  readonly node?: readonly string[];
  /** Whether it has a channel to its parent. */
  readonly channel?: "ipc" | "ignore";
}

/** Started with these arguments; killed after the test, if it hasn't ended. */
export function start(args: readonly string[], { node = [], channel = "ignore" }: StartOptions = {}): Program {
  const child = spawn(process.execPath, [...node, MAIN, ...args], {
    stdio: ["ignore", "pipe", "pipe", channel],
    env: { PATH: process.env.PATH },
  });
  children.add(child);
  const lines: string[] = [];
  let rest = "";
  let errors = "";
  child.stdout!.on("data", (chunk) => {
    const parts = (rest + chunk).split("\n");
    rest = parts.pop()!;
    lines.push(...parts);
  });
  child.stderr!.on("data", (chunk) => {
    errors += chunk;
  });
  // Not the child's own "close": with a channel that was disconnected it never comes.
  const over = [once(child, "exit"), once(child.stdout!, "close"), once(child.stderr!, "close")] as const;
  const ended = Promise.all(over).then(([[code]]): number | null => code);
  return { child, lines, errors: () => errors, ended };
}

export const isReady = ({ lines }: Program) => lines.some((line) => line.startsWith('{"ready":true'));

/** A function that writes the offsets it was given to a file, and answers once the file that `HOLD` names is gone. */
export function fixture(topic: string, settings: Readonly<Record<string, unknown>> = {}, timeoutSeconds?: number) {
  const source = `
    const { appendFileSync, existsSync } = require("node:fs");
    exports.handler = async (event) => {
      for (const records of Object.values(event.records)) for (const r of records) appendFileSync(process.env.FILE, process.pid + " " + r.partition + " " + r.offset + "\\n");
      while (existsSync(process.env.HOLD ?? "")) await new Promise((resolve) => setTimeout(resolve, 20));
    };`;
  const group = { SelfManagedKafkaEventSourceConfig: { ConsumerGroupId: topic } };
  const { template, folder } = writeFixture({
    functions: {
      count: {
        ...{ source, environment: { FILE: { "Fn::ImportValue": "given by --env" } } },
        ...(timeoutSeconds === undefined ? {} : { timeoutSeconds }),
      },
    },
    resources: { M: kafkaMapping("count", topic, { ...group, ...settings }) },
  });
  const file = join(folder, "seen.txt");
  const seen = () => {
    try {
      return readFileSync(file, "utf8").trim().split("\n");
    } catch {
      return [];
    }
  };
  const args = [
    "--template",
    template,
    "--brokers",
    brokers().join(","),
    "--env",
    `FILE=${file}`,
    "--local-folder",
    folder,
    "--backoff",
    "20ms",
  ];
  const hold = join(folder, "hold");
  writeFileSync(hold, "");
  return { args, seen, folder, holding: ["--env", `HOLD=${hold}`], release: () => rmSync(hold) };
}
