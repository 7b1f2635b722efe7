// Vitest's global setup: one Kafka and one DynamoDB for the whole integration run, through the same code that starts them for users.
// Addresses that are in the environment already are used and left alone.
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { startServices } from "../../localstack/services/services.ts";

declare module "vitest" {
  interface ProvidedContext {
    kafkaBrokers: string;
    dynamodbEndpoint: string;
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const services = await startServices({
    want: ["kafka", "dynamodb"],
    logsFolder: join(project.config.root, ".local", "logs", "test"),
    onProgress: (line) => console.log(line),
  });
  project.provide("kafkaBrokers", services.kafkaBrokers);
  project.provide("dynamodbEndpoint", services.dynamodbEndpoint);
  process.env.KAFKA_BROKERS = services.kafkaBrokers;
  process.env.DYNAMODB_ENDPOINT = services.dynamodbEndpoint;
  return () => services.stop();
}
