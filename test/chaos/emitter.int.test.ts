// Results once: emitters are killed at every operation they do, started over, and run two at once, on a real broker and DynamoDB Local.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { afterEach, beforeEach, expect, inject, it } from "vitest";
import { z } from "zod";
import type { Batch, Decoded } from "../../lib/kafka/source.ts";
import { eventTime, seconds } from "../../lib/time.ts";
import { aggregate } from "../../lib/windows/aggregate.ts";
import { sum } from "../../lib/windows/aggregators.ts";
import { dynamoDbStore } from "../../lib/windows/dynamodb-store.ts";
import { windowed } from "../../lib/windows/tumbling.ts";
import { freshTopic, produce, readAll } from "../support/kafka.ts";
import { until } from "../support/until.ts";
import { windowsTable } from "../support/windows-table.ts";

const Payment = z.object({ at: z.number(), amount: z.number() });
type Payment = z.output<typeof Payment>;

let client: DynamoDBClient;
let table: string;
let name: string;
let source: string;
let output: string;
let nextOffset: number;
const children = new Set<ChildProcess>();

beforeEach(async () => {
  ({ client, table } = await windowsTable());
  name = `kill-${crypto.randomUUID().slice(0, 8)}`;
  source = await freshTopic({ partitions: 1, name: "kill-source" });
  output = await freshTopic({ partitions: 2, name: "kill-output" });
  nextOffset = 0;
});
afterEach(() => {
  for (const child of children) child.kill("SIGKILL");
  client.destroy();
});

function payments() {
  return windowed(Payment).tumbling({
    name,
    version: 1,
    eventTime: (payment) => eventTime(payment.at),
    size: seconds(3),
    maxOutOfOrderness: seconds(0),
    allowedLateness: seconds(3600),
    aggregate: { total: sum<Payment>((payment) => payment.amount) },
  });
}

/** Puts values on the source topic and through the consuming side, in a new execution environment. */
async function consume(...values: readonly Payment[]): Promise<void> {
  await produce(
    source,
    values.map((value) => ({ value: JSON.stringify(value) })),
  );
  const records = values.map((value, index): Decoded<Payment> => {
    const place = { topic: source, partition: 0, offset: nextOffset + index, timestamp: Date.now() };
    return { ...place, key: null, headers: [], value, wire: { ...place, timestampType: "CREATE_TIME", headers: [] } };
  });
  const batch: Batch<Payment> = {
    topic: source,
    partition: 0,
    firstOffset: nextOffset,
    lastOffset: nextOffset + values.length - 1,
    records,
    wire: records.map(({ wire }) => wire),
  };
  nextOffset += values.length;
  const refuse = async () => {
    throw new Error("no record here is late");
  };
  await aggregate(payments(), {
    store: dynamoDbStore({ client, table, pipeline: { name, version: 1 } }),
    late: { topic: "late", publish: refuse, refresh: refuse },
    checkRedelivery: refuse,
    onLate: () => {},
    now: Date.now,
  }).process(batch);
}

/** It serves longer than a test takes, unless told. */
function startEmitter(crashAt: number, ms = 3_600_000, signal: "SIGKILL" | "SIGSTOP" = "SIGKILL"): ChildProcess {
  const orders = {
    brokers: inject("kafkaBrokers"),
    dynamodb: inject("dynamodbEndpoint"),
    table,
    name,
    topic: output,
    crashAt,
    signal,
    ms,
  };
  const child = spawn(
    process.execPath,
    [new URL("emitter-child.ts", import.meta.url).pathname, JSON.stringify(orders)],
    {
      stdio: ["ignore", "pipe", "inherit"],
      env: { ...process.env, LOG_LEVEL: "error" },
    },
  );
  children.add(child);
  return child;
}

/** Has emitters at work, one after another as the schedule does: one that stood still for too long is fenced, and ends. */
async function emitUntil(holds: () => Promise<boolean>): Promise<void> {
  let emitter = startEmitter(0);
  await until(async () => {
    if (emitter.exitCode !== null) emitter = startEmitter(0);
    return holds();
  }, "the results");
  emitter.kill("SIGTERM");
  await ended(emitter);
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
  children.delete(child);
}

/** Every (window, revision) with its total, as a read_committed reader sees them, in order by window. */
async function results(): Promise<readonly string[]> {
  const records = await readAll(output);
  return records
    .map(({ key, value, headers }) => `${key} r${headers.revision} ${JSON.parse(String(value)).total}`)
    .sort((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10) || (a < b ? -1 : 1));
}

/** Each window's last result, without its revision. */
async function latest(): Promise<ReadonlyMap<string | undefined, string>> {
  return new Map((await results()).map((line) => [line.split(" ")[0], line.replace(/ r\d+/, "")]));
}

it("killed at each of its operations in turn, an emitter sends every result once", { timeout: 1_800_000 }, async () => {
  const starts: string[] = [];
  let at = 0;
  for (let crashAt = 3; crashAt <= 42; crashAt += 1) {
    // A new window each time, and a late record for the one before: a result and a revision are due.
    await consume({ at, amount: crashAt }, { at: at + 3000, amount: 1000 });
    await ended(startEmitter(crashAt, 3000));
    starts.push(String(at));
    at += 3000;
  }
  // The first record of a window comes with the 1000 of the window before's second record, but for the first window.
  const totals = starts.map((start, index) => `${start} ${(index === 0 ? 0 : 1000) + index + 3}`);
  const isComplete = async () => {
    const now = await latest();
    return starts.every((start, index) => now.get(start) === totals[index]);
  };
  await emitUntil(isComplete);

  const seen = await results();
  const last = await latest();
  expect(starts.map((start) => last.get(start))).toEqual(totals);
  expect(new Set(seen.map((line) => line.split(" ").slice(0, 2).join(" "))).size, "each (window, revision) once").toBe(
    seen.length,
  );
});

it("two emitters at once do no harm: one takes over, the other stops quietly", async () => {
  const emitters = [startEmitter(0), startEmitter(0), startEmitter(0)];
  for (let at = 0; at < 10; at++) await consume({ at: at * 3000, amount: at }, { at: at * 3000 + 3000, amount: 100 });
  const haveEnded = () => emitters.every(({ exitCode }) => exitCode !== null);
  await until(async () => haveEnded() || (await results()).length >= 10);
  await consume({ at: 60_000, amount: 7 });
  await emitUntil(async () => (await results()).some((line) => line.startsWith("30000 ")));
  const quiet = await Promise.race(emitters.map((child) => ended(child).then(() => child.exitCode)));
  expect(quiet).toBe(0);
  for (const child of emitters) child.kill("SIGKILL");
  const seen = await results();
  expect(new Set(seen.map((line) => line.split(" ").slice(0, 2).join(" "))).size).toBe(seen.length);
});

it("an emitter that stood still anywhere while another took over sends nothing twice when it goes on", {
  timeout: 1_800_000,
}, async () => {
  const sent: string[] = [];
  for (let stopAt = 3; stopAt <= 30; stopAt += 1) {
    const at = (stopAt - 3) * 3000;
    await consume({ at, amount: 1 }, { at: at + 3000, amount: 1 });
    const stopped = startEmitter(stopAt, 3_000, "SIGSTOP");
    const stoodStill = await hasStopped(stopped);
    const successor = startEmitter(0, 1_000);
    await ended(successor);
    if (stoodStill) stopped.kill("SIGCONT");
    await ended(stopped);
    sent.push(String(at));
  }
  await emitUntil(async () => {
    const now = await latest();
    return sent.every((start) => now.has(start));
  });
  const seen = await results();
  expect(seen.map((line) => line.split(" ").slice(0, 2).join(" ")).toSorted()).toEqual(
    [...new Set(seen.map((line) => line.split(" ").slice(0, 2).join(" ")))].toSorted(),
  );
  // The window of the last record of all may have closed by the clock meanwhile, or not.
  expect(seen.map((line) => line.split(" ")[0])).toEqual(expect.arrayContaining(sent));
});

/** Whether the process has stopped itself, once it has or has ended. */
async function hasStopped(child: ChildProcess): Promise<boolean> {
  for (;;) {
    if (child.exitCode !== null || child.signalCode !== null) return false;
    try {
      const stat = readFileSync(`/proc/${child.pid}/stat`, "latin1");
      if (stat.slice(stat.lastIndexOf(")") + 2).startsWith("T")) return true;
    } catch {
      return false;
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
