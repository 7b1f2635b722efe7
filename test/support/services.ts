// Vitest's global setup: one Kafka and one DynamoDB for the whole integration run, through the same code that starts them for users, and
// the other services when the first suite asks for them (on-demand.ts). Addresses that are in the environment already are used and left.
import { createServer, type Server } from "node:http";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { schemaRegistry } from "../../lib/registry/client.ts";
import { startServices } from "../../localstack/services/services.ts";
import { startMinistack } from "./ministack.ts";
import { startSecureKafka } from "./secure-kafka.ts";
import { until } from "./until.ts";

declare module "vitest" {
  interface ProvidedContext {
    kafkaBrokers: string;
    dynamodbEndpoint: string;
    /** Answers `/<service>` with the service's address, once it runs. */
    onDemand: string;
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const options = {
    logsFolder: join(project.config.root, ".local", "logs", "test"),
    onProgress: (line: string) => console.log(line),
  };
  const services = await startServices({ want: ["kafka", "dynamodb"], ...options });
  const started = new Map<string, Promise<Startable>>();
  const server = await listen(async (name) => {
    const starting = started.get(name) ?? startOnDemand[name](options);
    started.set(name, starting);
    return (await starting).address;
  });
  project.provide("kafkaBrokers", services.kafkaBrokers);
  project.provide("dynamodbEndpoint", services.dynamodbEndpoint);
  project.provide("onDemand", addressOf(server));
  process.env.KAFKA_BROKERS = services.kafkaBrokers;
  process.env.DYNAMODB_ENDPOINT = services.dynamodbEndpoint;
  return async () => {
    server.close();
    server.closeAllConnections();
    const late = await Promise.allSettled(started.values());
    const others = late.flatMap((start) => (start.status === "fulfilled" ? [start.value] : []));
    await Promise.all([services, ...others].map((each) => each.stop()));
  };
}

type Startable = { readonly address: string; stop(): Promise<void> };
type RunOptions = { readonly logsFolder: string; onProgress(line: string): void };

const startOnDemand = {
  postgres: async (options: RunOptions) => (await startServices({ want: ["postgres"], ...options })).postgres,
  registry,
  ministack,
  "secure-kafka": secureKafka,
} satisfies Record<string, (options: RunOptions) => Promise<Startable>>;

type OnDemand = keyof typeof startOnDemand;
const onDemand = Object.keys(startOnDemand) as OnDemand[];

/** It has taken a schema: what it does for the first time can take longer than functions wait. */
async function registry(options: RunOptions): Promise<Startable> {
  const { registry: running } = await startServices({ want: ["registry"], ...options });
  const { register } = schemaRegistry(running.address);
  await until(async () => (await register("first-value", '"string"')) > 0, "the registry's first schema");
  return running;
}

/** The one that is named in the environment, or one of the run's own. */
async function ministack({ logsFolder, onProgress }: RunOptions): Promise<Startable> {
  const { AWS_ENDPOINT_URL } = process.env;
  if (AWS_ENDPOINT_URL) return { address: AWS_ENDPOINT_URL, stop: async () => {} };
  const started = performance.now();
  const running = await startMinistack(logsFolder);
  onProgress(`MiniStack: ${running.address} (${((performance.now() - started) / 1_000).toFixed(1)} s)`);
  return running;
}

/** Its address is all that `SecureKafka` says, as JSON. */
async function secureKafka({ logsFolder, onProgress }: RunOptions): Promise<Startable> {
  const running = await startSecureKafka(logsFolder);
  onProgress(`Kafka that asks who is there: ${running.secure.sasl}`);
  return { address: JSON.stringify(running.secure), stop: () => running.stop() };
}

function listen(start: (name: OnDemand) => Promise<string>): Promise<Server> {
  const server = createServer(async (request, response) => {
    try {
      const name = onDemand.find((known) => request.url === `/${known}`);
      if (name === undefined) throw new Error(`Suites may ask for ${onDemand.join(", ")}, not for '${request.url}'`);
      response.end(await start(name));
    } catch (error) {
      response.writeHead(500).end(String(error));
    }
  });
  return new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(server)));
}

function addressOf(server: Server): string {
  const address = server.address();
  if (typeof address !== "object" || address === null) throw new Error("The test run's own server has no port");
  return `http://127.0.0.1:${address.port}`;
}
