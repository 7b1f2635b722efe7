// `serverless invoke local` with each sample: against real services, and without any.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { DynamoDBClient, ScanCommand } from "@aws-sdk/client-dynamodb";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { createTables } from "../../localstack/services/tables.ts";
import { createTopics } from "../../localstack/services/topics.ts";
import { readAll } from "../support/kafka.ts";
import { copyOfService, remove, serverless } from "../support/packaging.ts";
import { serviceFunctions, yaml } from "../support/source-tree.ts";

let directory: string;
let addresses: { KAFKA_BROKERS: string; DYNAMODB_ENDPOINT: string };

beforeAll(async () => {
  directory = copyOfService();
  addresses = { KAFKA_BROKERS: inject("kafkaBrokers"), DYNAMODB_ENDPOINT: inject("dynamodbEndpoint") };
  const read = Object.values(serviceFunctions()).flatMap(({ events }) =>
    events.flatMap(({ kafka }) => kafka?.topic ?? []),
  );
  const written = Object.values(serviceFunctions()).flatMap(({ topics = {} }) => Object.keys(topics));
  await createTopics(
    addresses.KAFKA_BROKERS,
    Object.fromEntries([...read, ...written].map((topic) => [String(topic), {}])),
  );
  await createTables(addresses.DYNAMODB_ENDPOINT, yaml("serverless.yml").resources.Resources);
});

afterAll(() => remove(directory));

const invoke = (name: string, sample: string, environment: Readonly<Record<string, string>>) =>
  serverless(directory, ["invoke", "local", "-f", name, "-p", `events/${sample}.json`], environment);

async function pipelineKeys(): Promise<readonly string[]> {
  const client = new DynamoDBClient({
    endpoint: addresses.DYNAMODB_ENDPOINT,
    region: "us-east-1",
    credentials: { accessKeyId: "local", secretAccessKey: "local" },
  });
  const { Items = [] } = await client.send(new ScanCommand({ TableName: "WindowsTable" }));
  client.destroy();
  return Items.map(({ pk }) => pk?.S ?? "");
}

describe("serverless invoke local", () => {
  it("enriches the sample's rides into the output topic", async () => {
    const { code, output } = await invoke("enrichRides", "rides", addresses);
    expect(output).toMatch(/"batchItemFailures": \[\]/);
    expect(output).not.toContain("Warning");
    expect(code).toBe(0);
    expect(await readAll("output-enriched-rides")).toHaveLength(3);
  });

  it("adds the sample's transactions to windows of a namespace of its own, every time anew", async () => {
    for (let run = 1; run <= 2; run++) {
      const { code, output } = await invoke("aggregateTransactions", "transactions", addresses);
      expect(output).toMatch(/"batchItemFailures": \[\]/);
      expect(code).toBe(0);
    }
    const keys = await pipelineKeys();
    expect(new Set(keys.flatMap((key) => /^invoke-local-\w+-(?=transactions)/.exec(key)?.[0] ?? "live")).size).toBe(2);
  });

  it("runs the emitter for about two seconds", async () => {
    const { code, output } = await invoke("emitWindows", "schedule", addresses);
    expect(output).not.toMatch(/error/i);
    expect(code).toBe(0);
  });

  it("says which command to run where no service is known, before anything is bundled", async () => {
    const { code, output } = await invoke("enrichRides", "rides", {});
    expect(output).toContain("npm run dev");
    expect(output).not.toMatch(/^\s+at /m);
    expect(code).toBe(1);
  });

  it("says so too where nobody answers", async () => {
    const dead = { KAFKA_BROKERS: "127.0.0.1:1", DYNAMODB_ENDPOINT: "http://127.0.0.1:1" };
    const { code, output } = await invoke("enrichRides", "rides", dead);
    expect(output).toMatch(/127\.0\.0\.1:1\b.*npm run dev/);
    expect(code).toBe(1);
  });

  it("ends with the function's own sentence where its settings are wrong", async () => {
    const invocation = ["invoke", "local", "-f", "enrichRides", "-p", "events/rides.json", "--param=brlPerUsd=many"];
    const { code, output } = await serverless(directory, invocation, addresses);
    expect(output).toContain('Environment variable BRL_PER_USD must be a number such as 5.42: got "many".');
    expect(code).toBe(1);
  });

  it("leaves a function's name that there is none of to osls", async () => {
    const { code, output } = await invoke("enrichRide", "rides", addresses);
    expect(output).toContain('"enrichRide"');
    expect(code).toBe(1);
    expect(existsSync(join(directory, ".local"))).toBe(false);
  });
});
