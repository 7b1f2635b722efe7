// Services that few suites need: the first that asks starts them, all share them, the end of the run stops them.
import { inject } from "vitest";
import type { SecureKafka } from "./secure-kafka.ts";

/** The address of the run's PostgreSQL, as in DATABASE_URL. */
export function databaseUrl(): Promise<string> {
  return askFor("postgres");
}

/** The address of the run's schema registry, as in SCHEMA_REGISTRY_URL. */
export function schemaRegistryUrl(): Promise<string> {
  return askFor("registry");
}

/** The address of the run's MiniStack, which stands for AWS, as in AWS_ENDPOINT_URL. Shared: a suite's queues and buckets have names of its own. */
export function ministackUrl(): Promise<string> {
  return askFor("ministack");
}

/** The run's broker with access control (secure-kafka.ts). Shared: a suite's topics and groups have names of its own. */
export async function secureKafka(): Promise<SecureKafka> {
  return JSON.parse(await askFor("secure-kafka"));
}

async function askFor(name: "postgres" | "registry" | "ministack" | "secure-kafka"): Promise<string> {
  const response = await fetch(`${inject("onDemand")}/${name}`);
  const text = await response.text();
  if (!response.ok) throw new Error(text);
  return text;
}
