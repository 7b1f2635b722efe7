// The whole system on this machine: services, topics, tables, functions and the event source, started side by side and ended in order.
import { fileURLToPath } from "node:url";
import { chartsFolder } from "./charts.ts";
import type { Steps } from "./console/steps.ts";
import type { Endpoints } from "./endpoints.ts";
import { type HttpApi, startHttpApi } from "./http-api/server.ts";
import { createDatabases } from "./services/databases.ts";
import { registerSchemas } from "./services/schemas.ts";
import { type ServiceName, type Services, startServices } from "./services/services.ts";
import { createTables } from "./services/tables.ts";
import { createTopics } from "./services/topics.ts";
import { type EventSourceProcess, startEventSourceProcess } from "./stack/event-source-process.ts";
import { type CompiledTemplate, type PackagedService, packageService } from "./stack/package-service.ts";

export interface StackOptions {
  readonly steps: Steps;
  /** Aborts the start. */
  readonly signal: AbortSignal;
  /** Names, as in serverless.yml, of the functions that are run; absent: all. */
  readonly functions?: readonly string[];
  /** Done while the event source starts, which hasn't read anything yet. */
  whenTopicsExist?(kafkaBrokers: string): Promise<void>;
}

export interface Stack {
  readonly endpoints: Endpoints;
  readonly template: CompiledTemplate;
  /** The template's file, and the variables of every function over the template's: what a function can be run with by hand. */
  readonly templateFile: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Whether the broker was there before, and may hold what others sent. */
  readonly isBrokerShared: boolean;
  readonly eventSource: EventSourceProcess;
  /** Rejects if a service or the event source ends by itself: the stack is whole or it is down. */
  readonly failed: Promise<never>;
  /** Ends all that was started here: first the event source and the HTTP API, then what they talk to. */
  stop(): Promise<void>;
}

const localFolder = fileURLToPath(new URL("../.local", import.meta.url));
/** Another one where it is taken. 3000 is left to serverless-offline, which may run beside the stack and use its services. */
const HTTP_PORT = 4000;

/** Starts everything; whatever can wait for less than all of the rest does. */
export async function startStack({ steps, signal, functions, whenTopicsExist }: StackOptions): Promise<Stack> {
  const packaging = steps.step("packaging functions", packageService(signal), describePackage);
  const services = startEach(steps);
  const { kafka, dynamodb, postgres, registry } = services;
  const topicsMade = Promise.all([packaging, kafka]).then(([{ template }, { kafkaBrokers }]) =>
    steps.step("topics", createTopics(kafkaBrokers, template.Metadata?.KafkaTopics ?? {}), describeTopics),
  );
  const tablesMade = Promise.all([packaging, dynamodb]).then(([{ template }, { dynamodbEndpoint }]) =>
    steps.step("tables", createTables(dynamodbEndpoint, template.Resources), describeTables),
  );
  const schemasMade = registry.then(({ schemaRegistryUrl }) =>
    steps.step("schemas", registerSchemas(schemaRegistryUrl), describeSchemas),
  );
  const databasesMade = postgres.then(({ databaseUrl }) =>
    steps.step("databases", createDatabases(databaseUrl), (names) => `Databases: ${names.join(", ")}`),
  );
  const watching = Promise.all([kafka, topicsMade]).then(([{ kafkaBrokers }]) => whenTopicsExist?.(kafkaBrokers));
  const listening = Promise.all([kafka, dynamodb, postgres, registry]).then(
    ([{ kafkaBrokers }, { dynamodbEndpoint }, { databaseUrl }, { schemaRegistryUrl }]) => ({
      kafkaBrokers,
      dynamodbEndpoint,
      databaseUrl,
      schemaRegistryUrl,
    }),
  );
  const allMade = Promise.all([packaging, listening, topicsMade, tablesMade, schemasMade, databasesMade]);
  const eventSourceStarting = allMade.then(([{ templateFile }, services]) => {
    signal.throwIfAborted();
    const start = { templateFile, brokers: services.kafkaBrokers, functions, environment: variablesOf(services) };
    return steps.step("event source", startEventSourceProcess(start), describeEventSource);
  });
  const httpApiStarting = allMade.then(([{ templateFile }, services]) => {
    signal.throwIfAborted();
    const start = { templateFile, environment: variablesOf(services), localFolder, port: HTTP_PORT };
    return steps.step("HTTP API", startHttpApi(start), describeHttpApi);
  });

  const stop = async () => {
    const users = await Promise.allSettled([httpApiStarting, eventSourceStarting]);
    await Promise.all(users.map((user) => (user.status === "fulfilled" ? user.value.stop() : undefined)));
    const started = await Promise.allSettled(Object.values(services));
    await Promise.all(started.map((service) => (service.status === "fulfilled" ? service.value.stop() : undefined)));
  };
  try {
    const [{ template, templateFile }, addresses, eventSource, { url: httpUrl }] = await Promise.all([
      packaging,
      listening,
      eventSourceStarting,
      httpApiStarting,
      watching,
    ]);
    signal.throwIfAborted();
    const running = await Promise.all([
      ...[kafka.then((one) => one.kafka), dynamodb.then((one) => one.dynamodb)],
      ...[postgres.then((one) => one.postgres), registry.then((one) => one.registry)],
    ]);
    const failed = Promise.race([eventSource.failed, ...running.map((service) => service.failed)]);
    failed.catch(() => {}); // it is told to whoever asks
    const isBrokerShared = (await kafka).how.kafka === "environment";
    const environment = variablesOf(addresses);
    const endpoints = { ...addresses, httpUrl, pid: process.pid };
    return { endpoints, template, templateFile, environment, isBrokerShared, eventSource, failed, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

const names = { kafka: "Kafka", dynamodb: "DynamoDB", postgres: "PostgreSQL", registry: "schema registry" } as const;

/** Each service by itself, so that what needs only one of them needn't wait for the others. */
function startEach(steps: Steps) {
  // The last line about a service is its address, which the step says.
  const onProgress = (line: string) => (/, [\d.]+ s\)$/.test(line) ? undefined : steps.note(line));
  const start = <Name extends ServiceName>(name: Name, describe: (services: Services<Name>) => string) =>
    steps.step(names[name], startServices({ want: [name], onProgress }), describe);
  return {
    kafka: start("kafka", ({ kafkaBrokers, how }) => `Kafka at ${kafkaBrokers} (${how.kafka})`),
    dynamodb: start("dynamodb", ({ dynamodbEndpoint, how }) => `DynamoDB at ${dynamodbEndpoint} (${how.dynamodb})`),
    postgres: start(
      "postgres",
      ({ databaseUrl, how }) => `PostgreSQL at ${new URL(databaseUrl).host} (${how.postgres})`,
    ),
    registry: start(
      "registry",
      ({ schemaRegistryUrl, how }) => `Schema registry at ${new URL(schemaRegistryUrl).host} (${how.registry})`,
    ),
  };
}

/** Where functions find the services, and where pictures go. */
function variablesOf({
  kafkaBrokers,
  dynamodbEndpoint,
  databaseUrl,
  schemaRegistryUrl,
}: Omit<Endpoints, "httpUrl" | "pid">): Record<string, string> {
  return {
    KAFKA_BROKERS: kafkaBrokers,
    AWS_ENDPOINT_URL_DYNAMODB: dynamodbEndpoint,
    DATABASE_URL: databaseUrl,
    SCHEMA_REGISTRY_URL: schemaRegistryUrl,
    CHARTS_FOLDER: chartsFolder,
  };
}

function describePackage({ wasThere }: PackagedService): string {
  return wasThere ? "Functions, packaged before" : "Functions, packaged";
}

function describeTables(tables: Readonly<Record<string, string>>): string {
  return `Tables: ${Object.values(tables).join(", ")}`;
}

function describeSchemas(ids: object): string {
  return `${Object.keys(ids).length} schemas`;
}

function describeTopics({ created, existing }: Awaited<ReturnType<typeof createTopics>>): string {
  return existing.length === 0 ? `${created.length} topics` : `${created.length} topics, ${existing.length} were there`;
}

function describeEventSource({ ready: { mappings, schedules } }: EventSourceProcess): string {
  return `Event source: ${counted(mappings, "mapping")}, ${counted(schedules, "schedule")}`;
}

function describeHttpApi({ url, routes }: HttpApi): string {
  return `HTTP API at ${url}: ${routes.join(", ")}`;
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
