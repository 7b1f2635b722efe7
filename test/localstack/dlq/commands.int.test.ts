// What is typed wrong at the desk is refused: nothing that was asked for is left undone in silence.
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { expect, inject, test } from "vitest";
import { topics } from "../../../localstack/dlq/commands.ts";
import { createTopics } from "../../../localstack/services/topics.ts";
import { issue } from "../../support/certificates.ts";
import { runCommand } from "../../support/command.ts";
import { produce } from "../../support/kafka.ts";
import { letterHeaders } from "../../support/letters.ts";
import { schemaRegistryUrl, secureKafka } from "../../support/on-demand.ts";

async function dlq(...args: string[]) {
  await createTopics(inject("kafkaBrokers"), Object.fromEntries(Object.values(topics).map((topic) => [topic, {}])));
  const environment = { KAFKA_BROKERS: inject("kafkaBrokers"), SCHEMA_REGISTRY_URL: await schemaRegistryUrl() };
  const { ended, output, errors } = runCommand("localstack/dlq.ts", args, environment);
  return { code: await ended, output: output(), errors: errors() };
}

test.each([[["show"]], [["replay"]], [["replay", "--dry-run"]]])(
  "%j of an id that was never refused says so",
  async (command) => {
    const { code, output, errors } = await dlq(...command, "event_order/0/987654321");
    expect(errors).toContain("No event 'event_order/0/987654321' was ever refused.");
    expect(errors).not.toContain("    at ");
    expect(output).toBe("");
    expect(code).toBe(1);
  },
);

test("replay of an event that is not parked says what has become of it, and sends nothing back", async () => {
  await dlq("list");
  const origin = `event_order/0/${Date.now()}`;
  const headers = Object.fromEntries(letterHeaders({ origin, offset: 0 }));
  await produce(topics.letters, [{ key: "user-1", value: "{", headers }]);
  const { code, output, errors } = await dlq("replay", origin);
  expect(errors).toContain(`Event '${origin}' is waiting for correction: only parked ones are replayed.`);
  expect(output).toBe("");
  expect(code).toBe(1);
});

test.each(["list", "log"])("%s refuses words that it has no use for", async (command) => {
  const { code, errors } = await dlq(command, "event_order/0/17");
  expect(errors).toContain(`'${command}' takes no ids: what is 'event_order/0/17'?`);
  expect(code).toBe(1);
});

test("a stage's own Kafka and registry are reached as its functions reach them, secrets by their ARN", async () => {
  const secure = await secureKafka();
  await createTopics(secure.open, Object.fromEntries(Object.values(topics).map((topic) => [topic, {}])));
  const arn = (name: string) => `arn:aws:secretsmanager:eu-west-1:123456789012:secret:${name}-AbCdEf`;
  const { certificate, privateKey } = await issue(secure.folder, secure.authority, { commonName: "a person" });
  const secrets = await startSecrets({
    [arn("kafka")]: { certificate, privateKey },
    [arn("authority")]: { certificate: secure.authority.certificate },
    [arn("schemas")]: { url: await schemaRegistryUrl() },
  });
  const { ended, output, errors } = runCommand("localstack/dlq.ts", ["list", "--stage", "prod"], {
    ...{ KAFKA_BROKERS: secure.tls, KAFKA_AUTH: "mtls", SCHEMA_REGISTRY_URL: arn("schemas") },
    ...{ KAFKA_SECRET_ARN: arn("kafka"), KAFKA_CA_SECRET_ARN: arn("authority") },
    ...{ AWS_ENDPOINT_URL_SECRETS_MANAGER: secrets.address },
    ...{ AWS_REGION: "eu-west-1", AWS_ACCESS_KEY_ID: "person", AWS_SECRET_ACCESS_KEY: "key" },
  });
  expect({ code: await ended, errors: errors() }).toEqual({ code: 0, errors: "" });
  expect(output()).not.toBe("");
  secrets.close();
});

/** Secrets Manager, as far as it tells what a secret holds. */
async function startSecrets(secrets: Readonly<Record<string, object>>) {
  const server = createServer(async (request, response) => {
    const { SecretId } = JSON.parse(await text(request));
    response.end(JSON.stringify({ SecretString: JSON.stringify(secrets[SecretId]) }));
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  return { address: `http://127.0.0.1:${port}`, close: () => server.close() };
}
