// Functions do their work with what their roles allow: at a broker that checks permissions, made from the roles' kafka-cluster rights, over TLS
// with certificates from Secrets Manager; and at a DynamoDB that refuses every other action. What DynamoDB is allowed is needed, too.
import { fork } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { join } from "node:path";
import { afterEach, beforeAll, expect, test } from "vitest";
import { kafkaStatements } from "../../../lib/deploy/kafka-policy.ts";
import { createTopics } from "../../../localstack/services/topics.ts";
import { rawRide } from "../../functions/rides/ride.ts";
import { type AwsGuard, awsGuard } from "../../support/aws-guard.ts";
import { issue } from "../../support/certificates.ts";
import { httpEvent } from "../../support/http-event.ts";
import { kafkaClient, type ReadRecord, readAll } from "../../support/kafka.ts";
import { kafkaEvent } from "../../support/kafka-event.ts";
import { schemaRegistryUrl, secureKafka } from "../../support/on-demand.ts";
import { aclsOf } from "../../support/role-acls.ts";
import { permit, type SecureKafka } from "../../support/secure-kafka.ts";
import { handlerFile, root, serviceFunctions } from "../../support/source-tree.ts";
import { msk, secret } from "../../support/stage-parameters.ts";
import { wireOf } from "../../support/topic-events.ts";
import { until } from "../../support/until.ts";
import { windowsTable } from "../../support/windows-table.ts";

const trial = randomUUID().slice(0, 8);
const renamed = (topic: string) => `${trial}-${topic}`;
let secure: SecureKafka;
let table: string;
const cleanups: (() => void)[] = [];

beforeAll(async () => {
  secure = await secureKafka();
  table = (await windowsTable()).table;
  const named = Object.values(serviceFunctions()).flatMap(({ topics = {}, events }) => [
    ...Object.keys(topics),
    ...events.flatMap(({ kafka }) => (kafka === undefined ? [] : [String(kafka.topic)])),
  ]);
  await createTopics(
    secure.open,
    Object.fromEntries([...new Set(named)].map((topic) => [renamed(topic), { partitions: 1 }])),
  );
});
afterEach(() => {
  for (const cleanUp of cleanups.splice(0)) cleanUp();
});

/** An execution environment of a function with the rights of its role and no others. */
async function deployed(
  name: string,
  settings: Readonly<Record<string, string>> = {},
  failures: Readonly<Record<string, number>> = {},
) {
  const declared = serviceFunctions()[name]!;
  const functionName = `${trial}-${name}`;
  const topics = Object.fromEntries(
    Object.entries(declared.topics ?? {}).map(([topic, how]) => [renamed(topic), how ?? {}]),
  );
  const events = declared.events.flatMap(({ kafka }) =>
    kafka === undefined ? [] : [{ topic: renamed(String(kafka.topic)) }],
  );
  const topicSettings = Object.entries(declared.environment ?? {})
    .filter(([setting]) => setting.endsWith("_TOPIC"))
    .map(([setting, topic]) => [setting, renamed(String(topic))]);
  const environment: Record<string, string> = { ...Object.fromEntries(topicSettings), ...settings };
  const statements = kafkaStatements(
    { name: functionName, namesStart: `${trial}-`, environment, topics, events },
    { pollers: "provisioned", mskClusterArn: msk, auth: "iam" },
  );
  await permit(secure, aclsOf(statements, functionName));

  const { certificate, privateKey } = await issue(secure.folder, secure.authority, { commonName: functionName });
  const [own, authority] = [secret(name), secret("ca")];
  const guard = await awsGuard({
    actions: declared.uses?.WindowsTable ?? [],
    failures,
    secrets: { [own]: { certificate, privateKey }, [authority]: { certificate: secure.authority.certificate } },
  });
  cleanups.push(guard.close);
  const child = fork(join(root, "test/support/function-instance.ts"), {
    stdio: ["ignore", "ignore", "ignore", "ipc"],
    env: {
      ...{ PATH: process.env.PATH, HANDLER: handlerFile(declared) },
      ...environment,
      ...{ KAFKA_BROKERS: secure.mutualTls, KAFKA_AUTH: "mtls", KAFKA_SECRET_ARN: own, KAFKA_CA_SECRET_ARN: authority },
      ...{ AWS_ENDPOINT_URL_SECRETS_MANAGER: guard.url, AWS_ENDPOINT_URL_DYNAMODB: guard.url },
      ...{ AWS_REGION: "us-east-1", AWS_ACCESS_KEY_ID: "local", AWS_SECRET_ACCESS_KEY: "local" },
      ...{ AWS_LAMBDA_FUNCTION_NAME: functionName, PARTIAL_BATCH_RESPONSES: "false" },
      ...{ WINDOWS_TABLE: table, CLAIMS_TABLE: table },
    },
  });
  cleanups.push(() => child.kill("SIGKILL"));
  await once(child, "message");
  return {
    guard,
    async invoke(event: unknown): Promise<unknown> {
      child.send(event as object);
      const [answer] = await once(child, "message");
      if (answer.kind === "failed") throw new Error(answer.message);
      return answer.response;
    },
  };
}

async function send(topic: string, values: readonly unknown[]): Promise<void> {
  const producer = kafkaClient(secure.open).producer({ idempotent: true });
  await producer.connect();
  const messages = values.map((value) => ({
    key: "k",
    value: typeof value === "string" ? value : JSON.stringify(value),
  }));
  await producer.send({ topic: renamed(topic), messages, acks: -1 });
  await producer.disconnect();
}

const inTopic = (topic: string) => readAll(renamed(topic), { brokers: secure.open });
const eventOf = async (topic: string) => kafkaEvent((await inTopic(topic)).map(wireOf));

test("rides are enriched and poison is set aside; the keeper renews their places", async () => {
  const rides = await deployed("enrichRides", { BRL_PER_USD: "5" });
  await send("input-raw-rides", [rawRide(), "not json", rawRide()]);
  await rides.invoke(await eventOf("input-raw-rides"));
  expect((await inTopic("output-enriched-rides")).length).toBe(2);
  expect((await inTopic("rides_dlq")).length).toBe(1);
  expect(rides.guard.refused).toEqual([]);

  const keeper = await deployed("keepPlaces", { KEPT_PLACES: `${trial}-enrichRides=${renamed("input-raw-rides")}` });
  await keeper.invoke({});
  expect(keeper.guard.refused).toEqual([]);
});

test("windows are added up, emitted and emitted again, with all of the rights at DynamoDB and no other", async () => {
  const aggregate = await deployed("aggregateTransactions");
  // The first emission can't be marked as done: what was frozen of it is read again.
  const emit = await deployed("emitWindows", { EMIT_SECONDS: "3" }, { '"emitted":': 5 });
  /** Has all but the newest record processed. The partition is never drained, so the watermark follows the records and not the clock. */
  async function aggregated(...values: readonly unknown[]) {
    await send("transactions", [...values, "not processed yet"]);
    await aggregate.invoke(kafkaEvent((await inTopic("transactions")).slice(0, -1).map(wireOf)));
  }
  async function emitted(start: number, revision: number) {
    const isThere = (record: ReadRecord) =>
      String(record.key) === String(start) && String(record.headers.revision) === String(revision);
    await until(async () => {
      await emit.invoke({});
      return (await inTopic("transactions_aggregate")).some(isThere);
    }, `revision ${revision} of window ${start}`);
  }
  // The second window is emitted without a failure, so what is late for it is looked for by its name.
  const first = Math.floor(Date.now() / 3_000) * 3_000;
  for (const start of [first, first + 60_000]) {
    await aggregated(paid(start), "not json", paid(start + 4_000));
    await emitted(start, 1);
    await aggregated(paid(start));
    await emitted(start, 2);
  }
  expect((await inTopic("transactions_dlq")).length).toBeGreaterThan(0);
  expectAllRightsUsed({ aggregateTransactions: aggregate, emitWindows: emit });
});

test("a request under a key is taken once and shown in pictures, with all of the rights at DynamoDB and no other", async () => {
  const track = await deployed("track", { SCHEMA_REGISTRY_URL: await schemaRegistryUrl() });
  const order = {
    ...{ event_name: "order_placed", event_type: "order", triggered_at: "2026-11-21T12:00:00Z" },
    ...{ user_details: { user_id: "u1" }, event_details: { order_id: 12, order_value: 59.8 } },
  };
  const request = httpEvent("POST /track", { body: order, headers: { "idempotency-key": trial } });
  for (const time of ["first", "second"]) {
    await until(async () => {
      expect(await track.invoke(request)).toMatchObject({ statusCode: 202 });
      return true;
    }, `the ${time} answer`);
  }
  expect((await inTopic("event_order")).length).toBe(1);
  const pictures = await deployed("summarizeEvents", {
    ...{ SCHEMA_REGISTRY_URL: await schemaRegistryUrl(), CURRENCY: "USD" },
    ...{ CHARTS_BUCKET: "none", CHARTS_FOLDER: join(secure.folder, trial) },
  });
  await pictures.invoke(await eventOf("event_order"));
  await pictures.invoke({ source: "aws.events", "detail-type": "Scheduled Event" });
  expectAllRightsUsed({ track, summarizeEvents: pictures });
});

test("a function with no rights in a topic gets nowhere, and says why", async () => {
  const rides = await deployed("enrichRides", { BRL_PER_USD: "5", ENRICHED_TOPIC: renamed("transactions_aggregate") });
  await send("input-raw-rides", [rawRide()]);
  await expect(rides.invoke(await eventOf("input-raw-rides"))).rejects.toThrow(/not authorized/i);
});

function expectAllRightsUsed(functions: Readonly<Record<string, { readonly guard: AwsGuard }>>): void {
  for (const [name, { guard }] of Object.entries(functions)) {
    expect(guard.refused, name).toEqual([]);
    expect([...guard.asked].sort(), name).toEqual([...(serviceFunctions()[name]?.uses?.WindowsTable ?? [])].sort());
  }
}

function paid(at: number) {
  return {
    event_timestamp: new Date(at).toISOString().replace("T", " ").replace("Z", ""),
    user_id: "10000000-0000-4000-8000-000000000001",
    ...{ transaction_id: 1, total_paid: 10, status: "Paid" },
  };
}
