// The program as a child of the test, and a function for it that writes down what it was given.
import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
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
  const ended = new Promise<number | null>((resolve) => child.once("exit", resolve));
  return { child, lines, errors: () => errors, ended };
}

export const isReady = ({ lines }: Program) => lines.some((line) => line.startsWith('{"ready":true'));

/** A function that writes the offsets it was given to a file, and waits a while before it answers. */
export function fixture(topic: string, settings: Readonly<Record<string, unknown>> = {}, timeoutSeconds = 6) {
  const source = `
    const { appendFileSync } = require("node:fs");
    exports.handler = async (event) => {
      for (const records of Object.values(event.records)) for (const r of records) appendFileSync(process.env.FILE, process.pid + " " + r.partition + " " + r.offset + "\\n");
      await new Promise((resolve) => setTimeout(resolve, Number(process.env.MS ?? 0)));
    };`;
  const group = { SelfManagedKafkaEventSourceConfig: { ConsumerGroupId: topic } };
  const { template, folder } = writeFixture({
    functions: { count: { source, timeoutSeconds, environment: { FILE: { "Fn::ImportValue": "given by --env" } } } },
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
  return { args, seen, folder };
}
