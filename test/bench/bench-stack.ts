// What the benchmarks run on: services tuned for throughput, topics, tables, and an event source in a folder of its own.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startServices } from "../../localstack/services/services.ts";
import { createTables } from "../../localstack/services/tables.ts";
import { createTopics } from "../../localstack/services/topics.ts";
import { packageService } from "../../localstack/stack/package-service.ts";
import { type KillableEventSource, startKillable } from "../support/event-source-process.ts";

export interface BenchStack {
  readonly brokers: string;
  /** Starts the event source for these functions; it polls when this resolves. */
  startEventSource(functions: readonly string[]): Promise<KillableEventSource>;
  stop(): Promise<void>;
}

/** Starts everything but the event source. */
export async function startBenchStack(): Promise<BenchStack> {
  const { templateFile, template } = await packageService();
  const services = await startServices({
    want: ["kafka", "dynamodb"],
    tuning: "fast-start",
    kafkaHeapMb: 1024,
    environment: {},
  });
  const brokers = services.kafkaBrokers;
  await Promise.all([
    createTopics(brokers, template.Metadata?.KafkaTopics ?? {}),
    createTables(services.dynamodbEndpoint, template.Resources),
  ]);
  const folder = mkdtempSync(join(tmpdir(), "bench-"));
  let source: KillableEventSource | undefined;
  return {
    brokers,
    async startEventSource(functions) {
      source = await startKillable([
        ...["--template", templateFile, "--brokers", brokers, "--local-folder", folder, "--only", functions.join(",")],
        ...["--env", `KAFKA_BROKERS=${brokers}`, "--env", `AWS_ENDPOINT_URL_DYNAMODB=${services.dynamodbEndpoint}`],
      ]);
      return source;
    },
    async stop() {
      await source?.kill("SIGTERM");
      await services.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
