// Secrets in a Secrets Manager, which MiniStack stands for.
import { randomUUID } from "node:crypto";
import { CreateSecretCommand, PutSecretValueCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readSecret } from "../../../../localstack/event-source/access/secrets.ts";
import { awsClientSettings } from "../../../../localstack/event-source/aws/endpoint.ts";
import { anyFreePort } from "../../../../localstack/services/port.ts";
import { ministackUrl } from "../../../support/on-demand.ts";

const login = { usedFor: "BASIC_AUTH", needed: ["username", "password"] } as const;
let awsEndpoint: string;
let client: SecretsManagerClient;

beforeAll(async () => {
  awsEndpoint = await ministackUrl();
  client = new SecretsManagerClient(awsClientSettings({ kind: "endpoint", url: awsEndpoint }, "us-east-1", {}));
});
afterAll(() => client.destroy());

async function create(SecretString: string): Promise<string> {
  const { ARN = "" } = await client.send(new CreateSecretCommand({ Name: `login-${randomUUID()}`, SecretString }));
  return ARN;
}

const read = (arn: string, endpoint = awsEndpoint) =>
  readSecret(arn, login, { awsEndpoint: endpoint, environment: {} });

test("a secret is read from the Secrets Manager in force, as it is now", async () => {
  const arn = await create('{"username":"u","password":"old"}');
  expect(await read(arn)).toEqual({ username: "u", password: "old" });
  await client.send(new PutSecretValueCommand({ SecretId: arn, SecretString: '{"username":"u","password":"new"}' }));
  expect(await read(arn)).toEqual({ username: "u", password: "new" });
});

test("one that is not there is refused by its ARN, its region and what to do", () =>
  expect(read("arn:aws:secretsmanager:us-east-1:000000000000:secret:absent-AbCdEf")).rejects.toThrow(
    /absent-AbCdEf' \(BASIC_AUTH\) is not found: Secrets Manager at http.* has no such secret in us-east-1\. Create it there, or name a file for it with --secret absent=FILE/,
  ));

test("one that is no JSON is refused without a word of it", async () => {
  const error = await read(await create("hunter2")).catch((refusal: Error) => refusal);
  expect(String(error)).toMatch(/it is not a JSON object\. It takes/);
  expect(String(error)).not.toContain("hunter2");
});

test("a Secrets Manager that does not answer is said by its address", async () => {
  const nobody = `http://127.0.0.1:${await anyFreePort()}`;
  await expect(read("arn:aws:secretsmanager:us-east-1:0:secret:x-AbCdEf", nobody)).rejects.toThrow(
    new RegExp(`Secrets Manager at ${nobody} does not give it`),
  );
});
