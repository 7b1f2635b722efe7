// Services are started as real processes, found where the environment says, kept apart from what runs already, and gone after stop.
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { CreateTableCommand, DynamoDBClient, ListTablesCommand } from "@aws-sdk/client-dynamodb";
import { Kafka, logLevel } from "kafkajs";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { localCredentials } from "../../../localstack/services/dynamodb.ts";
import { isTaken } from "../../../localstack/services/port.ts";
import { type ServiceName, type StartOptions, startServices } from "../../../localstack/services/services.ts";
import { createTopics } from "../../../localstack/services/topics.ts";
import { isRunning } from "../../support/processes.ts";

const folder = mkdtempSync(join(tmpdir(), "services-test-"));
const temporary = join(folder, "tmp");
const usualTemporary = process.env.TMPDIR;

beforeAll(() => {
  mkdirSync(temporary);
  process.env.TMPDIR = temporary; // so that what is left there is left by these tests
});
afterAll(() => {
  if (usualTemporary === undefined) delete process.env.TMPDIR;
  else process.env.TMPDIR = usualTemporary;
  rmSync(folder, { recursive: true, force: true });
});

function startHere<Name extends ServiceName>(want: Name[], options: Partial<StartOptions<Name>> = {}) {
  return startServices({ want, from: ["embedded"], logsFolder: join(folder, "logs"), ...options });
}

function portOf(address: string): number {
  return Number(address.split(":").at(-1));
}

function ports(services: { readonly kafkaBrokers: string; readonly dynamodbEndpoint: string }): number[] {
  return [portOf(services.kafkaBrokers), portOf(services.dynamodbEndpoint)];
}

async function topicsOf(brokers: string): Promise<string[]> {
  const admin = new Kafka({ brokers: [brokers], logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  try {
    return await admin.listTopics();
  } finally {
    await admin.disconnect();
  }
}

test("both start beside others, survive being killed and frozen, and leave nothing at stop", async () => {
  const lines: string[] = [];
  const services = await startHere(["kafka", "dynamodb"], { onProgress: (line) => lines.push(line) });
  try {
    const { kafka, kafkaBrokers, dynamodb, dynamodbEndpoint } = services;
    expect(services.how).toEqual({ kafka: "embedded", dynamodb: "embedded" });
    expect(lines).toContainEqual(expect.stringMatching(`^Kafka: ${kafkaBrokers} \\(embedded, [\\d.]+ s\\)$`));
    expect([kafkaBrokers, dynamodbEndpoint]).not.toContain(inject("kafkaBrokers"));

    await createTopics(kafkaBrokers, { kept: {} });
    const firstPid = services.pids.kafka!;
    const ended = expect(kafka.failed).rejects.toThrow(
      `Kafka has ended by SIGKILL. Its log: ${join(folder, "logs", "kafka.log")}`,
    );
    process.kill(firstPid, "SIGKILL");
    await ended;
    expect([kafka.pid, isRunning(firstPid), await isTaken(portOf(kafkaBrokers))]).toEqual([undefined, false, false]);
    await kafka.restart();
    expect(services.pids.kafka).not.toBe(firstPid);
    expect(await topicsOf(kafkaBrokers)).toContain("kept");

    await dynamodb.pause();
    const client = new DynamoDBClient({ endpoint: dynamodbEndpoint, ...localCredentials() });
    const listed = client.send(new ListTablesCommand({}));
    expect(await Promise.race([listed.then(() => "answered"), later(300, "silent")])).toBe("silent");
    await dynamodb.resume();
    expect((await listed).TableNames).toEqual([]);
    client.destroy();
  } finally {
    const pids = Object.values(services.pids);
    expect(pids).toHaveLength(2);
    await services.stop();
    await services.stop();
    expect(pids.map(isRunning)).toEqual([false, false]);
    expect(await Promise.all(ports(services).map(isTaken))).toEqual([false, false]);
    expect(readdirSync(temporary)).toEqual([]);
  }
});

test("data in a folder that was given is there again at the next start", async () => {
  const dataFolder = join(folder, "data");
  const first = await startHere(["kafka", "dynamodb"], { dataFolder });
  await createTopics(first.kafkaBrokers, { durable: {} });
  await createTable(first.dynamodbEndpoint, "durable");
  await first.stop();
  const second = await startHere(["kafka", "dynamodb"], { dataFolder });
  try {
    expect(await topicsOf(second.kafkaBrokers)).toContain("durable");
    await expect(createTable(second.dynamodbEndpoint, "durable")).rejects.toThrow("preexisting table");
  } finally {
    await second.stop();
  }
});

test("a usual port that is taken is left to whoever has it", async () => {
  const other = createServer()
    .listen(8000, "127.0.0.1")
    .on("error", () => {}); // someone else may have it: as good
  const services = await startHere(["dynamodb"]);
  expect(portOf(services.dynamodbEndpoint)).not.toBe(8000);
  await services.stop();
  other.close();
});

test("addresses in the environment are used, can't be taken away, and are not stopped", async () => {
  const environment = { KAFKA_BROKERS: inject("kafkaBrokers"), DYNAMODB_ENDPOINT: inject("dynamodbEndpoint") };
  const services = await startServices({ want: ["kafka", "dynamodb"], environment });
  expect(services.how).toEqual({ kafka: "environment", dynamodb: "environment" });
  expect([services.kafkaBrokers, services.dynamodbEndpoint]).toEqual(Object.values(environment));
  expect(services.pids).toEqual({});
  await expect(services.kafka.kill()).rejects.toThrow("comes from KAFKA_BROKERS");
  await services.stop();
  expect(await Promise.all(ports(services).map(isTaken))).toEqual([true, true]);
});

test("an address in the environment where nothing answers is said, and nothing else is started instead", async () => {
  const environment = { ...process.env, DYNAMODB_ENDPOINT: "http://127.0.0.1:1" };
  const start = startServices({ want: ["dynamodb"], environment, environmentAnswersWithinMs: 200 });
  const message = "DYNAMODB_ENDPOINT is 'http://127.0.0.1:1', and DynamoDB doesn't answer there: connect ECONNREFUSED";
  await expect(start).rejects.toThrow(message);
});

test("without Java or Docker the error says for every service what is missing and what to install", async () => {
  const start = startServices({ want: ["kafka", "dynamodb"], environment: { PATH: folder } });
  const error = await start.catch((thrown: Error) => thrown);
  expect(String(error)).toBe(`CannotStart: Kafka can't be had here:
  environment: KAFKA_BROKERS is not set
  container: there is no 'docker' on PATH
  embedded: it needs Java 17 or newer, and there is no 'java' on PATH or in JAVA_HOME
Install Docker with its compose plugin, or install Java 17 and Maven (Debian, Ubuntu: apt-get install openjdk-17-jre-headless maven; macOS: brew install openjdk@17 maven), or set KAFKA_BROKERS to one that runs.
DynamoDB can't be had here:
  environment: DYNAMODB_ENDPOINT is not set
  container: there is no 'docker' on PATH
  embedded: it needs Java 17 or newer, and there is no 'java' on PATH or in JAVA_HOME
Install Docker with its compose plugin, or install Java 17 (Debian, Ubuntu: apt-get install openjdk-17-jre-headless; macOS: brew install openjdk@17), or set DYNAMODB_ENDPOINT to one that runs.`);
});

test("without Maven and without the jars the error asks for Maven, and the other service is not left running", async () => {
  const bin = join(folder, "bin");
  mkdirSync(bin);
  symlinkSync(programOnPath("java"), join(bin, "java"));
  const environment = { PATH: bin };
  const start = startHere(["kafka", "dynamodb"], { environment, cacheFolder: join(folder, "cache") });
  await expect(start).rejects.toThrow("it needs Maven to fetch kafka-4.3.1 once, and there is no 'mvn' on PATH");
  expect(readdirSync(join(folder, "cache"))).toEqual([]);
  expect(readdirSync(temporary)).toEqual([]);
});

async function createTable(endpoint: string, name: string): Promise<void> {
  const client = new DynamoDBClient({ endpoint, ...localCredentials() });
  const AttributeDefinitions = [{ AttributeName: "pk", AttributeType: "S" as const }];
  const KeySchema = [{ AttributeName: "pk", KeyType: "HASH" as const }];
  await client.send(
    new CreateTableCommand({ TableName: name, AttributeDefinitions, KeySchema, BillingMode: "PAY_PER_REQUEST" }),
  );
  client.destroy();
}

function programOnPath(name: string): string {
  const candidates = (process.env.PATH ?? "").split(delimiter).map((directory) => join(directory, name));
  return candidates.find((candidate) => existsSync(candidate)) ?? name;
}

function later<T>(ms: number, value: T): Promise<T> {
  return new Promise((resolve) => setTimeout(resolve, ms, value));
}
