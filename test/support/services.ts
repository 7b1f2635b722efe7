// Vitest's global setup: one Kafka and one DynamoDB for the whole integration run, through the same code that starts them for users, and
// the other services when the first suite asks for them (on-demand.ts). Addresses that are in the environment already are used and left.
import { createServer, type Server } from "node:http";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { type ServiceName, type Services, startServices } from "../../localstack/services/services.ts";

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
  const started = new Map<string, Promise<Services<ServiceName>>>();
  const server = await listen(async (name) => {
    const starting = started.get(name) ?? startServices({ want: [name], ...options });
    started.set(name, starting);
    return (await starting)[name].address;
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

const onDemand: readonly ServiceName[] = ["postgres", "registry"];

function listen(start: (name: ServiceName) => Promise<string>): Promise<Server> {
  const server = createServer(async (request, response) => {
    try {
      const name = onDemand.find((known) => request.url === `/${known}`);
      if (name === undefined) throw new Error(`Suites may ask for ${onDemand.join(" and ")}, not for '${request.url}'`);
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
