// Records on the deployed service's topics, carried to its functions by the local event source, and what comes out of them.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isValid, type Plan } from "../../events/generate/generator.ts";
import { rides } from "../../events/generate/rides.ts";
import { send } from "../../events/generate/send.ts";
import { type TransactionFacts, transactions } from "../../events/generate/transactions.ts";
import { checkDeadLetters } from "../../localstack/demo/check-dead-letters.ts";
import { checkRides } from "../../localstack/demo/check-rides.ts";
import { checkWindows, missing } from "../../localstack/demo/check-windows.ts";
import { type Reader, startReader } from "../../localstack/demo/reader.ts";
import { keepIn, type Sent } from "../../localstack/demo/records.ts";
import { startKillable } from "../support/event-source-process.ts";
import type { DeployedService } from "./deployed-service.ts";

export interface Traffic {
  /** Sends rides, a few of them bad, and answers what is wrong with what came of them, once all of it is there. */
  rides(brlPerUsd: number): Promise<readonly string[]>;
  /** The same for transactions and the results of their windows. */
  transactions(): Promise<readonly string[]>;
  stop(): Promise<void>;
}

const OUTPUTS = [
  "output-enriched-rides",
  "rides_dlq",
  "transactions_aggregate",
  "transactions_late",
  "transactions_dlq",
];
const SETTLED_WITHIN_MS = 180_000;

/** Attaches the event source to the deployed functions; it polls when this resolves. */
export async function startTraffic({ aws, brokers, templateFile }: DeployedService): Promise<Traffic> {
  const folder = mkdtempSync(join(tmpdir(), "deployed-event-source-"));
  const reader = await startReader(brokers, OUTPUTS);
  const eventSource = await startKillable([
    ...["--template", templateFile, "--brokers", brokers, "--endpoint", aws, "--local-folder", folder],
    ...["--only", "enrichRides,aggregateTransactions"], // MiniStack fires the schedules
  ]);
  let seed = 0;
  const plan = (count: number, rate: number): Plan => {
    seed += 1;
    return { seed, start: Date.now(), count, rate, latePercent: 0, badPercent: 2 };
  };
  const to = brokers.split(",");
  const since = (topic: string, count: number) => reader.of(topic).slice(count);
  return {
    async rides(brlPerUsd) {
      const [enriched, dead] = countsOf(reader, ["output-enriched-rides", "rides_dlq"]);
      const sent: Sent<null>[] = [];
      await send(rides, plan(300, 1000), { brokers: to, onSent: keepIn(sent) });
      const outputs = () => since("output-enriched-rides", enriched!);
      const letters = () => since("rides_dlq", dead!);
      await settled(() => outputs().length + letters().length >= sent.length);
      return [...checkRides(sent, outputs(), brlPerUsd), ...checkDeadLetters("input-raw-rides", sent, letters())];
    },
    async transactions() {
      const sent: Sent<TransactionFacts>[] = [];
      const drawn = plan(3000, 500);
      await send(transactions, drawn, { brokers: to, paceFrom: drawn.start, onSent: keepIn(sent) });
      const result = () =>
        checkWindows(sent, { windows: reader.of("transactions_aggregate"), late: reader.of("transactions_late") });
      const bad = sent.filter((record) => !isValid(record)).length;
      await settled(() => missing(result().windows) === 0 && reader.of("transactions_dlq").length >= bad);
      return [...result().differences, ...checkDeadLetters("transactions", sent, reader.of("transactions_dlq"))];
    },
    async stop() {
      await eventSource.kill("SIGTERM");
      await reader.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function countsOf(reader: Reader, topics: readonly string[]): readonly number[] {
  return topics.map((topic) => reader.of(topic).length);
}

/** What is not there by then is what the checks will say. */
async function settled(isSettled: () => boolean): Promise<void> {
  const deadline = Date.now() + SETTLED_WITHIN_MS;
  while (!isSettled() && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 250));
}
