// The whole system on this machine: services, topics, tables, functions and the event source, started side by side and ended in order.
import type { Steps } from "./console/steps.ts";
import type { Endpoints } from "./endpoints.ts";
import { registerSchemas } from "./services/schemas.ts";
import { startServices } from "./services/services.ts";
import { createTables } from "./services/tables.ts";
import { createTopics } from "./services/topics.ts";
import { type EventSourceProcess, startEventSourceProcess } from "./stack/event-source-process.ts";
import { type CompiledTemplate, packageService } from "./stack/package-service.ts";

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
  /** Whether the broker was there before, and may hold what others sent. */
  readonly isBrokerShared: boolean;
  readonly eventSource: EventSourceProcess;
  /** Ends all that was started here: first the event source, then what it talks to. */
  stop(): Promise<void>;
}

/** Starts everything; whatever can wait for less than all of the rest does. */
export async function startStack({ steps, signal, functions, whenTopicsExist }: StackOptions): Promise<Stack> {
  const packaging = steps.step(packageService(signal), ({ wasThere }) =>
    wasThere ? "Functions, packaged before" : "Functions, packaged",
  );
  // The last line about a service is its address, which the step says.
  const onProgress = (line: string) => (/, [\d.]+ s\)$/.test(line) ? undefined : steps.note(line));
  const kafkaStarting = steps.step(
    startServices({ want: ["kafka"], onProgress }),
    ({ kafkaBrokers, how }) => `Kafka at ${kafkaBrokers} (${how.kafka})`,
  );
  const dynamodbStarting = steps.step(
    startServices({ want: ["dynamodb"], onProgress }),
    ({ dynamodbEndpoint, how }) => `DynamoDB at ${dynamodbEndpoint} (${how.dynamodb})`,
  );
  const postgresStarting = steps.step(
    startServices({ want: ["postgres"], onProgress }),
    ({ databaseUrl, how }) => `PostgreSQL at ${new URL(databaseUrl).host} (${how.postgres})`,
  );
  const registryStarting = steps.step(
    startServices({ want: ["registry"], onProgress }),
    ({ schemaRegistryUrl, how }) => `Schema registry at ${new URL(schemaRegistryUrl).host} (${how.registry})`,
  );
  const schemasMade = registryStarting.then(({ schemaRegistryUrl }) =>
    steps.step(registerSchemas(schemaRegistryUrl), (ids) => `Schemas: ${Object.keys(ids).join(", ")}`),
  );
  const topicsMade = Promise.all([packaging, kafkaStarting]).then(([{ template }, { kafkaBrokers }]) =>
    steps.step(createTopics(kafkaBrokers, template.Metadata?.KafkaTopics ?? {}), describeTopics),
  );
  const tablesMade = Promise.all([packaging, dynamodbStarting]).then(([{ template }, { dynamodbEndpoint }]) =>
    steps.step(
      createTables(dynamodbEndpoint, template.Resources),
      (tables) => `Tables: ${Object.values(tables).join(", ")}`,
    ),
  );
  const watching = Promise.all([kafkaStarting, topicsMade]).then(([{ kafkaBrokers }]) =>
    whenTopicsExist?.(kafkaBrokers),
  );
  const services = Promise.all([kafkaStarting, dynamodbStarting, postgresStarting, registryStarting]);
  const eventSourceStarting = Promise.all([packaging, services, topicsMade, tablesMade, schemasMade]).then(
    ([{ templateFile }, [{ kafkaBrokers: brokers }, { dynamodbEndpoint }, { databaseUrl }, { schemaRegistryUrl }]]) => {
      signal.throwIfAborted();
      const environment = {
        KAFKA_BROKERS: brokers,
        AWS_ENDPOINT_URL_DYNAMODB: dynamodbEndpoint,
        DATABASE_URL: databaseUrl,
        SCHEMA_REGISTRY_URL: schemaRegistryUrl,
      };
      return steps.step(
        startEventSourceProcess({ templateFile, brokers, functions, environment }),
        describeEventSource,
      );
    },
  );

  const stop = async () => {
    const [eventSource, ...started] = await Promise.allSettled([
      eventSourceStarting,
      ...[kafkaStarting, dynamodbStarting, postgresStarting, registryStarting],
    ]);
    if (eventSource.status === "fulfilled") await eventSource.value.stop();
    await Promise.all(started.map((service) => (service.status === "fulfilled" ? service.value.stop() : undefined)));
  };
  const all = Promise.all([packaging, services, eventSourceStarting, watching]);
  try {
    const [{ template }, [kafka, { dynamodbEndpoint }, { databaseUrl }, { schemaRegistryUrl }], eventSource] =
      await all;
    signal.throwIfAborted();
    const { kafkaBrokers } = kafka;
    const endpoints = { kafkaBrokers, dynamodbEndpoint, databaseUrl, schemaRegistryUrl, pid: process.pid };
    return { endpoints, template, isBrokerShared: kafka.how.kafka === "environment", eventSource, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function describeTopics({ created, existing }: Awaited<ReturnType<typeof createTopics>>): string {
  return existing.length === 0 ? `${created.length} topics` : `${created.length} topics, ${existing.length} were there`;
}

function describeEventSource({ ready: { mappings, schedules } }: EventSourceProcess): string {
  return `Event source: ${counted(mappings, "mapping")}, ${counted(schedules, "schedule")}`;
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
