// The event source in a project that isn't ours: JavaScript, CommonJS, one `kafka` and one `msk` event, installed from a tarball.
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CreateFunctionCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from "vitest";
import { anyFreePort } from "../../localstack/services/port.ts";
import { committed } from "../localstack/event-source/running.ts";
import { freshTopic, kafkaClient, produce } from "../support/kafka.ts";
import { ministackUrl } from "../support/on-demand.ts";
import { read } from "../support/source-tree.ts";
import { until } from "../support/until.ts";
import { commandsOf, lend, newProject, type Project, type Running } from "./project.ts";

const [packing = "", installing = "", packaging = "", running = ""] = commandsOf("Use it in your project");
let project: Project;
/** What the service's environment says: its topics, and the brokers in force. */
let service: { readonly ORDERS_TOPIC: string; readonly PAYMENTS_TOPIC: string; readonly KAFKA_BROKERS: string };
/** How often `seeThrough` has sent its records. */
let rounds = 0;

beforeAll(async () => {
  project = newProject();
  const [orders, payments] = await Promise.all([
    freshTopic({ name: "orders", partitions: 2 }),
    freshTopic({ name: "payments", partitions: 1 }),
    project.run(packing).then(() => project.run(`${installing} --offline`)),
  ]);
  service = { ORDERS_TOPIC: orders, PAYMENTS_TOPIC: payments, KAFKA_BROKERS: inject("kafkaBrokers") };
  lend(project, ["serverless", "serverless-offline"]);
  await project.run(packaging, service);
});

beforeEach(() => project.forget());
afterAll(() => project?.remove());

const isReady = ({ output }: Running) => output().includes('{"ready":true');

/** Who is still in a consumer group: one that was killed stays until its session ends. */
async function membersOf(groupId: string): Promise<number | undefined> {
  const admin = kafkaClient().admin();
  await admin.connect();
  const { groups } = await admin.describeGroups([groupId]);
  await admin.disconnect();
  return groups[0]?.members.length;
}

/** Ctrl-C in the terminal. */
async function interrupt({ child, ended }: Running): Promise<number | null> {
  process.kill(-Number(child.pid), "SIGINT");
  return ended;
}

/** Sends orders and a payment, one of which fails the first time, and sees all of them through to the commit. */
async function seeThrough(): Promise<string[]> {
  const { ORDERS_TOPIC: orders, PAYMENTS_TOPIC: payments } = service;
  rounds += 1;
  const atOrders = [
    { value: "1", partition: 0 },
    { value: "fail", partition: 1 },
  ];
  await Promise.all([produce(orders, atOrders), produce(payments, [{ value: "9.50" }])]);
  await until(async () => {
    const [ofOrders, ofPayments] = await Promise.all([committed(orders, orders), committed(payments, payments)]);
    return [...ofOrders, ...ofPayments].every((offset) => offset === rounds);
  }, "the commit of every record");
  return project.seen();
}

/** Every line without the process that wrote it. */
const facts = (lines: readonly string[]) => lines.map((line) => line.replace(/ pid \d+$/, "")).sort();
const delivered = [
  "order 1 SelfManagedKafka",
  "order fail SelfManagedKafka",
  "order fail SelfManagedKafka",
  "payment 9.50 demo",
];
/** The failed one came alone, or the other again with it. */
const expectDelivered = (lines: readonly string[]) => {
  expect([...new Set(facts(lines))]).toEqual([...new Set(delivered)]);
  expect(facts(lines).filter((line) => line.startsWith("order fail"))).toHaveLength(2);
};

/** The packaged service's functions, as a deployment leaves them. */
async function deploy(endpoint: string, names: readonly string[]): Promise<void> {
  const credentials = { accessKeyId: "local", secretAccessKey: "local" };
  const client = new LambdaClient({ endpoint, region: "us-east-1", credentials });
  const code = { ZipFile: readFileSync(join(project.folder, ".serverless/orders.zip")) };
  const more = { Runtime: "nodejs24.x", Role: "arn:aws:iam::000000000000:role/orders", Timeout: 300 } as const;
  const variables = { SEEN_FILE: join(project.folder, "seen.txt") };
  for (const name of names) {
    const handler = name.endsWith("recordOrder") ? "src/orders.handler" : "src/payments.handler";
    const settings = { FunctionName: name, Handler: handler, Code: code, Environment: { Variables: variables } };
    await client.send(new CreateFunctionCommand({ ...settings, ...more }));
  }
  client.destroy();
}

describe("in somebody else's project", () => {
  test("what is installed is plain JavaScript and needs nothing else", () => {
    expect(readdirSync(join(project.folder, "node_modules")).filter((name) => !name.startsWith("."))).toEqual(
      expect.arrayContaining(["kafka-event-source"]),
    );
    const installed = readdirSync(join(project.folder, "node_modules/kafka-event-source"), { recursive: true });
    expect(installed.map(String).filter((file) => file.endsWith(".ts"))).toEqual([]);
    expect(existsSync(join(project.folder, "node_modules/kafkajs"))).toBe(false);
  });

  test("the README's commands bring records to both functions, failures come again, Ctrl-C ends it well", async () => {
    await project.run(packaging, service);
    const program = project.start(
      `${running.replace("127.0.0.1:9092", inject("kafkaBrokers"))} --backoff 50ms`,
      service,
    );
    await until(() => isReady(program) || program.child.exitCode !== null, "the ready line");
    expectDelivered(await seeThrough());
    await interrupt(program); // npx itself ends by the signal
    expect(await membersOf(service.ORDERS_TOPIC)).toBe(0);
  });

  test("`serverless kafka-event-source` packages and runs it", async () => {
    const program = project.start("npx serverless kafka-event-source --stage test", service);
    await until(() => isReady(program) || program.child.exitCode !== null, "the ready line");
    expectDelivered(await seeThrough());
    await interrupt(program);
    expect(await membersOf(service.ORDERS_TOPIC)).toBe(0);
    expect(program.output()).toContain("RecordOrderLambdaFunction");
  });

  test("a place for functions that the plugin doesn't know is refused", async () => {
    const settings = "\ncustom:\n  kafkaEventSource:\n    offline: lambdaport\n";
    writeFileSync(join(project.folder, "mistaken.yml"), read("test/foreign/service/serverless.yml") + settings);
    await expect(project.run("npx serverless package --config mistaken.yml", service)).rejects.toThrow(
      'custom.kafkaEventSource.offline is lambdaPort or environments: got "lambdaport"',
    );
  });

  test("`serverless offline` runs functions in its own process, with the Kafka events it leaves out", async () => {
    const [http, lambda] = [await anyFreePort(), await anyFreePort()];
    const ports = `--httpPort ${http} --lambdaPort ${lambda}`;
    const program = project.start(`npx serverless offline --useInProcess ${ports} --noSponsor`, service);
    await until(() => isReady(program) || program.child.exitCode !== null, "the ready line");
    const lines = await seeThrough();
    expectDelivered(lines);
    expect(new Set(lines.map((line) => line.split(" pid ")[1])).size).toBe(1);
    await interrupt(program);
    expect(program.output()).toContain("the function failed");
  });

  test("with --endpoint functions run in MiniStack, deployed there", async () => {
    const endpoint = await ministackUrl();
    const functions = ["recordOrder", "auditPayment"].map((name) => `orders-dev-${name}`);
    await deploy(endpoint, functions);
    const program = project.start(
      `${running} --endpoint ${endpoint} --backoff 50ms`.replace(/--brokers \S+/, ""),
      service,
    );
    await until(() => isReady(program) || program.child.exitCode !== null, "the ready line");
    expectDelivered(await seeThrough());
    await interrupt(program);
    expect(program.output()).toContain('"message":"the function failed","function":"orders-dev-recordOrder"');
  });

  test("plain CloudFormation in YAML, with the function's code in it, needs no framework", async () => {
    const topic = await freshTopic({ name: "plain", partitions: 1 });
    const command = "node_modules/.bin/kafka-event-source --template template.yml";
    const parameters = `--parameter Topic=${topic} --parameter SeenFile=${join(project.folder, "seen.txt")}`;
    const program = project.start(`${command} ${parameters}`, { KAFKA_BROKERS: inject("kafkaBrokers") });
    await until(() => isReady(program) || program.child.exitCode !== null, "the ready line");
    await produce(topic, [{ value: "7" }]);
    await until(() => project.seen().includes("counted 7"), "the record");
    expect(await interrupt(program)).toBe(0);
    expect(await committed(`${topic}-counted`, topic)).toEqual([1]);
  });
});
