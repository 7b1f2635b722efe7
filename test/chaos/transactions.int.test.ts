// 100,000 transactions, late and bad ones among them, while functions, emitter and event source are killed and batches are delivered twice:
// every window equals what was sent, every bad record is in the dead-letter topic, none is lost, none is doubled.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Plan } from "../../events/generate/generator.ts";
import { isValid } from "../../events/generate/generator.ts";
import { draws, integer, pick } from "../../events/generate/random.ts";
import { send } from "../../events/generate/send.ts";
import { type TransactionFacts, transactions } from "../../events/generate/transactions.ts";
import { checkDeadLetters } from "../../localstack/demo/check-dead-letters.ts";
import { checkWindows, missing } from "../../localstack/demo/check-windows.ts";
import { type Reader, startReader } from "../../localstack/demo/reader.ts";
import type { Sent } from "../../localstack/demo/records.ts";
import { type Services, startServices } from "../../localstack/services/services.ts";
import { createTables } from "../../localstack/services/tables.ts";
import { createTopics } from "../../localstack/services/topics.ts";
import { packageService } from "../../localstack/stack/package-service.ts";
import { type KillableEventSource, startKillable } from "../support/event-source-process.ts";

const COUNT = 100_000;
/** Each run kills at other moments; a failed one names its seed. */
const SEED = Number(process.env.CHAOS_SEED ?? Date.now() % 1_000_000);

let services: Services<"kafka" | "dynamodb">;
let folder: string;
let source: KillableEventSource | undefined;
let reader: Reader;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "chaos-"));
  services = await startServices({
    want: ["kafka", "dynamodb"],
    environment: {},
    from: ["embedded"],
    logsFolder: join(folder, "logs"),
  });
});
afterAll(async () => {
  await source?.kill();
  await reader?.stop();
  await services?.stop();
  rmSync(folder, { recursive: true, force: true });
});

it("windows are exact through kills and redelivery", { timeout: 1_800_000 }, async () => {
  const { templateFile, template } = await packageService();
  const brokers = services.kafkaBrokers;
  await createTopics(brokers, template.Metadata?.KafkaTopics ?? {});
  await createTables(services.dynamodbEndpoint, template.Resources);
  reader = await startReader(brokers, [
    "transactions_aggregate",
    "transactions_late",
    "transactions_dlq",
    "transactions_failed",
  ]);
  const start = () =>
    startKillable([
      ...["--template", templateFile, "--brokers", brokers, "--local-folder", folder, "--backoff", "50ms"],
      ...["--only", "aggregateTransactions,emitWindows", "--fault", `duplicate=0.2,seed=${SEED}`],
      ...["--env", `KAFKA_BROKERS=${brokers}`, "--env", `AWS_ENDPOINT_URL_DYNAMODB=${services.dynamodbEndpoint}`],
    ]);
  source = await start();

  const sent: Sent<TransactionFacts>[] = [];
  const plan: Plan = { seed: SEED, start: Date.now(), count: COUNT, rate: 4000, latePercent: 2, badPercent: 1 };
  const sending = send(transactions, plan, {
    brokers: brokers.split(","),
    paceFrom: plan.start,
    onSent: (records, partition, base) =>
      sent.push(...records.map((record, at) => ({ ...record, partition, offset: base + at }))),
  });
  const outputs = () =>
    checkWindows(sent, { windows: reader.of("transactions_aggregate"), late: reader.of("transactions_late") });
  const bad = () => sent.filter((record) => !isValid(record)).length;
  const isComplete = () =>
    sent.length === COUNT && reader.of("transactions_dlq").length >= bad() && missing(outputs().windows) === 0;

  // While it is sent, and until enough has died, something dies every second or so: a function or the emitter mostly, now and then the
  // event source itself.
  const draw = draws(SEED, 0);
  const kills = { environments: 0, eventSources: 0 };
  const isEnough = () => kills.environments > 7 && kills.eventSources > 0;
  let isSending = true;
  void sending.finally(() => {
    isSending = false;
  });
  while (isSending || !isEnough()) {
    await wait(integer(draw, 300, 1500));
    const alive = source.environments();
    if (kills.environments > 0 && kills.environments % 7 === 0 && kills.eventSources < 2) {
      await source.kill();
      kills.eventSources += 1;
      kills.environments += 1;
      source = await start();
    } else if (alive.length > 0) {
      kills.environments += killed(pick(draw, alive).pid);
    }
  }
  await sending;
  for (const deadline = Date.now() + 600_000; !isComplete() && Date.now() < deadline; ) await wait(250);
  await wait(1500); // for what should not come

  const { windows, differences } = outputs();
  expect(differences, `again with CHAOS_SEED=${SEED}`).toEqual([]);
  const deadLetters = checkDeadLetters("transactions", sent, reader.of("transactions_dlq"));
  expect(deadLetters, `again with CHAOS_SEED=${SEED}`).toEqual([]);
  expect(reader.of("transactions_failed")).toEqual([]);
  expect(missing(windows), `again with CHAOS_SEED=${SEED}`).toBe(0);
  expect(windows.length).toBeGreaterThan(7);
  expect(kills.environments, "functions and emitters killed").toBeGreaterThan(7);
  expect(kills.eventSources, "event sources killed").toBeGreaterThan(0);
});

/** Kills one process; 1 if it was still there. */
function killed(pid: number): number {
  try {
    process.kill(pid, "SIGKILL");
    return 1;
  } catch {
    return 0;
  }
}
