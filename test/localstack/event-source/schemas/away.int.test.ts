// A registry that goes away, refuses, or wants to be entered: nothing is lost meanwhile, and access configurations open it.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { certificateAuthority, issue } from "../../../support/certificates.ts";
import { freshTopic, produce } from "../../../support/kafka.ts";
import { until } from "../../../support/until.ts";
import { committed, RecordingInvoker, recordsOf, run, stopAll, textOf } from "../running.ts";
import { registered } from "./confluent-subjects.ts";
import { avroBytes, framed, readingSettings } from "./registered.ts";
import { RegistryProxy } from "./registry-proxy.ts";

const cleanUp: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  await stopAll();
  for (const end of cleanUp.splice(0)) await end();
});

async function proxy(...options: ConstructorParameters<typeof RegistryProxy>): Promise<RegistryProxy> {
  const made = new RegistryProxy(...options);
  await made.listen();
  cleanUp.push(() => made.close());
  return made;
}

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "registry-"));
  cleanUp.push(() => rm(path, { recursive: true }));
  return path;
}

async function topicOfNumbers(count: number): Promise<string> {
  const topic = await freshTopic({ partitions: 3 });
  const { id } = await registered("AVRO", '"int"');
  const numbers = Array.from({ length: count }, (_, i) => ({
    partition: i % 3,
    value: framed(id, avroBytes("int", i)),
  }));
  await produce(topic, numbers);
  return topic;
}

const numbersIn = (invoker: RecordingInvoker) =>
  invoker.events.flatMap(recordsOf).map((record) => Number(textOf(record)));
const upTo = (count: number) => Array.from({ length: count }, (_, i) => i);
const ascending = (a: number, b: number) => a - b;

describe("a registry that is away", () => {
  test.each([503, 401, 404])(
    "answering %i: records wait, with nothing committed, and come once it is back",
    async (status) => {
      const registry = await proxy();
      registry.status = status;
      const topic = await topicOfNumbers(30);
      const settings = readingSettings(registry.url, "JSON", "VALUE");
      const group = settings.SelfManagedKafkaEventSourceConfig.ConsumerGroupId;
      const invoker = new RecordingInvoker();
      const said: string[] = [];
      const source = await run({ topic, settings, invoker, log: (message) => said.push(message) });
      await until(() => registry.asked.length > 2, "some requests");
      expect([invoker.events.length, await committed(group, topic)]).toEqual([0, [0, 0, 0]]);
      registry.status = undefined;
      await until(async () => (await committed(group, topic)).every((offset) => offset === 10), "the commits");
      expect(numbersIn(invoker).sort(ascending)).toEqual(upTo(30));
      expect(said.filter((message) => message.startsWith("the schema registry"))).toEqual([
        "the schema registry can't say what a schema id means: its records wait, trying again",
        "the schema registry answers again",
      ]);
      expect(source.status().mappings[0]!.counters.schemaRegistryErrorCount).toBeGreaterThan(2);
      expect(source.status().mappings[0]!.counters.droppedEventCount).toBe(0);
    },
  );

  test("a rebalance meanwhile moves partitions on; every record comes once, in order", async () => {
    const registry = await proxy();
    registry.status = 503;
    const topic = await topicOfNumbers(60);
    const settings = readingSettings(registry.url, "JSON", "VALUE");
    const group = settings.SelfManagedKafkaEventSourceConfig.ConsumerGroupId;
    const [first, second] = [new RecordingInvoker(), new RecordingInvoker()];
    const one = await run({ topic, settings, invoker: first });
    await until(() => registry.asked.length > 1, "a request");
    const two = await run({ topic, settings, invoker: second });
    const shares = () => [one, two].map((source) => source.status().mappings[0]!.partitions.length).sort();
    await until(() => String(shares()) === "1,2", "the partitions are shared");
    registry.status = undefined;
    await until(async () => (await committed(group, topic)).every((offset) => offset === 20), "the commits");
    expect([...numbersIn(first), ...numbersIn(second)].sort(ascending)).toEqual(upTo(60));
    const perPartition = [first, second].flatMap((invoker) => Object.values(invoker.sent()));
    expect(perPartition).toEqual([upTo(20), upTo(20), upTo(20)]);
  });

  test("stopping doesn't wait for it", async () => {
    const registry = await proxy();
    registry.status = 503;
    const topic = await topicOfNumbers(3);
    const settings = readingSettings(registry.url, "JSON", "VALUE");
    const source = await run({ topic, settings, invoker: new RecordingInvoker() });
    await until(() => registry.asked.length > 0, "a request");
    await source.stop(30_000);
    expect(source.status().mappings[0]!.inFlight).toBe(0);
  });
});

describe("access configurations", () => {
  const arn = (name: string) => `arn:aws:secretsmanager:us-east-1:123456789012:secret:${name}-AbCdEf`;
  const withAccess = (url: string, ...types: readonly (readonly [type: string, secret: string])[]) => {
    const settings = readingSettings(url, "JSON", "VALUE");
    const config = settings.SelfManagedKafkaEventSourceConfig;
    const AccessConfigs = types.map(([Type, secret]) => ({ Type, URI: arn(secret) }));
    const SchemaRegistryConfig = { ...config.SchemaRegistryConfig, AccessConfigs };
    return { ...settings, SelfManagedKafkaEventSourceConfig: { ...config, SchemaRegistryConfig } };
  };
  async function secretFiles(secrets: Readonly<Record<string, object>>): Promise<Map<string, string>> {
    const path = await folder();
    const files = Object.entries(secrets).map(async ([name, content]) => {
      const file = join(path, `${name}.json`);
      await writeFile(file, JSON.stringify(content));
      return [name, file] as const;
    });
    return new Map(await Promise.all(files));
  }

  test("a password that is wrong holds records back until the secret is mended", async () => {
    const registry = await proxy({ login: "key:new" });
    const topic = await topicOfNumbers(3);
    const secrets = await secretFiles({ login: { username: "key", password: "old" } });
    const invoker = new RecordingInvoker();
    await run({ topic, settings: withAccess(registry.url, ["BASIC_AUTH", "login"]), invoker, secretFiles: secrets });
    await until(() => registry.asked.length > 1, "some requests");
    expect(invoker.events).toEqual([]);
    await writeFile(secrets.get("login")!, JSON.stringify({ username: "key", password: "new" }));
    await until(() => numbersIn(invoker).length === 3, "the records");
  });

  test("a certificate of one's own and an authority of one's own", async () => {
    const path = await folder();
    const authority = await certificateAuthority(path, "schemas");
    const server = await issue(path, authority, { commonName: "registry", altNames: "IP:127.0.0.1" });
    const client = await issue(path, authority, { commonName: "reader" });
    const tls = { cert: server.certificate, key: server.privateKey, ca: authority.certificate, requestCert: true };
    const registry = await proxy({ tls });
    const topic = await topicOfNumbers(3);
    const secrets = await secretFiles({ client, root: { certificate: authority.certificate } });
    const invoker = new RecordingInvoker();
    const settings = withAccess(
      registry.url,
      ["CLIENT_CERTIFICATE_TLS_AUTH", "client"],
      ["SERVER_ROOT_CA_CERTIFICATE", "root"],
    );
    await run({ topic, settings, invoker, secretFiles: secrets });
    await until(() => numbersIn(invoker).length === 3, "the records");
  });

  test("a secret that isn't there is said at start", async () => {
    const topic = await topicOfNumbers(3);
    const settings = withAccess("https://schemas.example", ["BASIC_AUTH", "login"]);
    await expect(run({ topic, settings, environment: {} })).rejects.toThrow(
      /Secret 'arn:.*login.*BASIC_AUTH.*--secret/,
    );
  });

  test("don't apply to a registry that is given", async () => {
    const registry = await proxy();
    const topic = await topicOfNumbers(3);
    const settings = withAccess("https://schemas.example", ["OAUTHBEARER_AUTH", "login"]);
    await expect(run({ topic, settings })).rejects.toThrow("OAUTHBEARER_AUTH is not carried out");
    const invoker = new RecordingInvoker();
    await run({ topic, settings, invoker, registry: registry.url });
    await until(() => numbersIn(invoker).length === 3, "the records");
  });
});
