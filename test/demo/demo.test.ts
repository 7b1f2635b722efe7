// The demo as a user starts it: a process of its own, with services of its own.
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { existsSync, globSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { isRunning } from "../support/processes.ts";
import { leaksIn, sentTexts } from "../support/sent-texts.ts";
import { root } from "../support/source-tree.ts";
import { until } from "../support/until.ts";

interface Started {
  readonly child: ChildProcess;
  output(): string;
  /** Every process that the demo has started so far, and theirs. */
  readonly descendants: Set<number>;
  readonly exited: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>;
  stopWatching(): void;
}

const started: Started[] = [];

function startDemo(...options: string[]): Started {
  const { KAFKA_BROKERS: _, DYNAMODB_ENDPOINT: __, ...environment } = process.env;
  const program = join(root, "localstack", "demo.ts");
  const child = spawn(process.execPath, ["--disable-warning=TimeoutNegativeWarning", program, ...options], {
    cwd: root,
    env: environment,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text) => (output += text));
  const descendants = new Set<number>();
  const watching = setInterval(() => addDescendants(child.pid!, descendants), 200);
  const exited = new Promise<Awaited<Started["exited"]>>((resolve) =>
    child.once("close", (code, signal) => resolve({ code, signal })),
  );
  const demo = { child, output: () => output, descendants, exited, stopWatching: () => clearInterval(watching) };
  started.push(demo);
  return demo;
}

function addDescendants(of: number, known: Set<number>): void {
  const lines = execFileSync("ps", ["-eo", "pid=,ppid="], { encoding: "utf8" }).trim().split("\n");
  const pairs = lines.map((line) => line.trim().split(/\s+/).map(Number) as [pid: number, parent: number]);
  let before = -1;
  while (known.size > before) {
    before = known.size;
    for (const [pid, parent] of pairs) if (parent === of || known.has(parent)) known.add(pid);
  }
}

/** The process that is the demo's broker, or that stands for its container. */
function brokerOf({ descendants }: Started): number {
  const lines = execFileSync("ps", ["-eo", "pid=,args="], { encoding: "utf8" }).trim().split("\n");
  const line = lines.find(
    (line) => descendants.has(Number.parseInt(line, 10)) && /kafka\.Kafka|streams-kafka-/.test(line),
  );
  if (line === undefined) throw new Error("The demo has no broker of its own.");
  return Number.parseInt(line, 10);
}

/** Fails unless everything that the demo started has ended. */
async function expectNothingLeft({ descendants, output }: Started): Promise<void> {
  const left = () => [...descendants].filter(isRunning);
  await until(() => left().length === 0, "the end of all processes").catch(() => {});
  expect(left(), output()).toEqual([]);
  expect(descendants.size).toBeGreaterThan(4);
}

afterEach(() => {
  for (const { child, stopWatching } of started.splice(0)) {
    stopWatching();
    child.kill("SIGKILL");
  }
});

/** More than is sent while a test waits, however long that takes. */
const endless = ["--count", "1000000", "--rate", "1000"];
const isSending = ({ output }: Started) => /rides [1-9][\d,]* sent/.test(output());

const logs = join(root, ".local", "logs");

/** What functions, the event source and the database have logged since their logs had these sizes. */
function logsSince(sizes: ReadonlyMap<string, number>): ReadonlyMap<string, string> {
  return new Map([...logSizes().keys()].map((name) => [name, readLog(name, sizes.get(name) ?? 0)]));
}

function readLog(name: string, from: number): string {
  const content = readFileSync(join(logs, name));
  return content.subarray(content.length < from ? 0 : from).toString("utf8"); // shorter than it was: it was begun anew
}

function logSizes(): ReadonlyMap<string, number> {
  const names = existsSync(logs)
    ? globSync(["serverless-*.log", "event-source.log", "postgres.log"], { cwd: logs })
    : [];
  return new Map(names.map((name) => [name, statSync(join(logs, name)).size]));
}

describe("npm run demo", () => {
  it("starts everything, finds every window exact and every ride once, says PASS, leaves nothing running and no personal data in its logs", async () => {
    const before = logSizes();
    const demo = startDemo("--count", "3000", "--rate", "500");
    const { code } = await demo.exited;
    const output = demo.output();
    expect(code, output).toBe(0);
    expect(output).toMatch(/\nPASS\n$/);
    expect(output).toMatch(/Sending 6,000 rides,? (and )?3,000 transactions/);
    expect(output).toMatch(/first ride after \d+\.\d s, first window after \d+\.\d s/);
    expect(output.match(/^ {2}\d\d:\d\d:\d\d – \d\d:\d\d:\d\d .* ✔$/gm)?.length).toBeGreaterThanOrEqual(2);
    expect(output).not.toMatch(/✘|Error|warning/i);
    await expectNothingLeft(demo);

    const texts = sentTexts({ count: 3000, rate: 500 });
    const written = logsSince(before);
    expect([...written.values()].filter((log) => log.includes('"message":"batch"')).length).toBeGreaterThan(5);
    const leaks = [...written].flatMap(([name, log]) => leaksIn(log, texts).map((text) => `${name}: ${text}`));
    expect(leaks, "personal data in logs").toEqual([]);
  });

  it("ends everything on Ctrl-C", async () => {
    const demo = startDemo(...endless);
    await until(() => isSending(demo), "traffic");
    demo.child.kill("SIGINT");
    const { code } = await demo.exited;
    expect(code, demo.output()).toBe(130);
    expect(demo.output()).not.toContain("PASS");
    await expectNothingLeft(demo);
  });

  it("ends with what has ended, and where its log is, when its broker is killed", async () => {
    const demo = startDemo(...endless);
    await until(() => isSending(demo), "traffic");
    process.kill(brokerOf(demo), "SIGKILL");
    const { code } = await demo.exited;
    expect(code, demo.output()).toBe(1);
    expect(demo.output()).toMatch(/\nKafka has ended .*\. Its log: .*kafka\.log\n$/);
    await expectNothingLeft(demo);
  });

  it("leaves nothing running when it is killed", async () => {
    const demo = startDemo(...endless);
    await until(() => isSending(demo), "traffic");
    demo.child.kill("SIGKILL");
    await demo.exited;
    await expectNothingLeft(demo);
  });
});
