// Stage `local`, deployed to LocalStack's open release by the command that users type: made, changed, attached to and removed.
// Nothing is invoked: without a Docker engine LocalStack makes functions and can't start them.
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DescribeTableCommand, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { GetFunctionConfigurationCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import type { RunningService } from "../../../localstack/services/service.ts";
import { startServices } from "../../../localstack/services/services.ts";
import { inAccount } from "../../deploy/account.ts";
import { accountEnvironment } from "../../deploy/deployed-service.ts";
import { startKillable } from "../../support/event-source-process.ts";
import { startLocalstack } from "../../support/localstack.ts";
import { copyOfService, remove, serverless } from "../../support/packaging.ts";
import { serviceFunctions } from "../../support/source-tree.ts";

const stack = "serverless-kafka-streams-local";
const names = Object.keys(serviceFunctions()).map((name) => `${stack}-${name}`);
const kafkaEvents = Object.values(serviceFunctions()).flatMap(({ events }) => events.filter(({ kafka }) => kafka));

let localstack: RunningService;
let directory: string;

beforeAll(async () => {
  localstack = await startLocalstack();
  for (const [name, value] of Object.entries(accountEnvironment(localstack.address))) vi.stubEnv(name, value);
  directory = copyOfService();
  // After a deployment this one invokes a function, which takes an engine.
  const declaration = readFileSync(join(directory, "serverless.yml"), "utf8");
  writeFileSync(join(directory, "serverless.yml"), declaration.replace("  - ./lib/deploy/migrate.ts\n", ""));
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await localstack?.stop();
  if (directory) remove(directory);
});

const run = (...args: readonly string[]) =>
  serverless(directory, [...args, "--stage", "local"], accountEnvironment(localstack.address));
const inLocalstack = () => inAccount(["HTTP API"]);
const templateFile = () => join(directory, ".serverless", "cloudformation-template-update-stack.json");
const there = async (kind: string) => {
  const all = await inLocalstack();
  return all.filter((one) => one.startsWith(`${kind} `)).map((one) => one.slice(kind.length + 1));
};
async function functionOf(name: string) {
  const client = new LambdaClient();
  const found = await client.send(new GetFunctionConfigurationCommand({ FunctionName: `${stack}-${name}` }));
  client.destroy();
  return found;
}

test("is deployed, and what its open release can't take is said once each", async () => {
  const { code, output } = await run("deploy");
  expect(output).toContain(`Service deployed to stack ${stack}`);
  expect(code).toBe(0);
  const said = output.split("\n").filter((line) => line.startsWith("LocalStack: "));
  expect(said.map((line) => line.slice("LocalStack: ".length))).toEqual([
    expect.stringMatching(`^Event source mappings of Kafka are left out, which it refuses \\(${kafkaEvents.length}\\)`),
    expect.stringMatching(/^The HTTP API is left out, .*POST \/track/),
    expect.stringMatching(/^The dashboard is left out/),
    expect.stringMatching(/^What refers to these is left out with them: TrackLambdaPermissionHttpApi\.$/),
    expect.stringMatching(/^Functions run outside of a VPC/),
    expect.stringMatching(/^Functions run in containers, .*KAFKA_BROKERS=kafka:19092/),
  ]);
});

test("has its functions, a role and a log group each and no other, its rules, table, queue and buckets, and no mapping and no dashboard", async () => {
  expect((await there("function")).sort()).toEqual([...names].sort());
  const functions = await Promise.all(Object.keys(serviceFunctions()).map(functionOf));
  expect(functions.map(({ Role }) => Role?.split("/").at(-1)).sort()).toEqual((await there("role")).sort());
  expect(functions.filter(({ State }) => State !== "Active")).toEqual([]);
  expect((await there("log group")).sort()).toEqual(names.map((name) => `/aws/lambda/${name}`).sort());
  expect((await there("rule")).length).toBe(3);
  expect(await there("mapping")).toEqual([]);
  expect(await there("dashboard")).toEqual([]);
  expect(await there("queue")).toEqual([expect.stringMatching(/FailedInvocations/)]);
  expect((await there("bucket")).length).toBe(2);
  const client = new DynamoDBClient();
  const [TableName] = await there("table");
  const { Table } = await client.send(new DescribeTableCommand({ TableName }));
  client.destroy();
  expect(Table?.TableStatus).toBe("ACTIVE");
});

test("has functions outside of a VPC, told of services as containers find them", async () => {
  const { VpcConfig, Environment } = await functionOf("enrichRides");
  expect(VpcConfig?.SubnetIds ?? []).toEqual([]);
  expect(Environment?.Variables).toMatchObject({ KAFKA_BROKERS: "kafka:19092", BRL_PER_USD: "5.42" });
});

test("leaves the whole template on disk, by which the local event source attaches to what was deployed", async () => {
  const { Resources } = JSON.parse(readFileSync(templateFile(), "utf8"));
  const types = Object.values<{ readonly Type: string }>(Resources).map(({ Type }) => Type);
  expect(types.filter((type) => type === "AWS::Lambda::EventSourceMapping").length).toBe(kafkaEvents.length);
  const services = await startServices({ want: ["kafka", "registry"], from: ["embedded"] });
  const { kafkaBrokers, schemaRegistryUrl } = services;
  try {
    const prepared = spawnSync(process.execPath, [join(directory, "localstack/prepare.ts")], {
      env: { ...process.env, KAFKA_BROKERS: kafkaBrokers, SCHEMA_REGISTRY_URL: schemaRegistryUrl },
      encoding: "utf8",
    });
    expect(prepared.stdout).toMatch(/^Topics: [1-9]\d* made, 0 were there\nSchemas: .*trades-value/);
    const eventSource = await startKillable([
      ...["--template", templateFile(), "--endpoint", localstack.address, "--brokers", kafkaBrokers],
      ...["--local-folder", directory, "--without-schedules"],
    ]);
    await eventSource.kill("SIGTERM");
    expect(eventSource.child.exitCode).toBe(0);
  } finally {
    await services.stop();
  }
});

test("is updated by another deployment", async () => {
  const { code, output } = await run("deploy", "--param=brlPerUsd=6");
  expect({ code, output }).toMatchObject({ code: 0 });
  const { Environment } = await functionOf("enrichRides");
  expect(Environment?.Variables).toMatchObject({ BRL_PER_USD: "6" });
});

test("is removed, and only the bucket of charts stays", async () => {
  const { code, output } = await run("remove");
  expect({ code, output }).toMatchObject({ code: 0 });
  expect(await inLocalstack()).toEqual([expect.stringMatching(/^bucket .*chartsbucket/)]);
});
