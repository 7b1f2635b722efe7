// Secrets Manager as a function asks it: signed, patient where that helps, and silent about what it was told.
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { fetchSecret, fieldOf, isSecretArn } from "../../../lib/aws/secrets.ts";

const arn = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:AmazonMSK_shop-AbCdEf";

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

let server: Server;
let answers: Answer[] = [];
const asked: { headers: IncomingMessage["headers"]; body: string }[] = [];

beforeAll(async () => {
  server = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    asked.push({ headers: request.headers, body });
    const answer = answers.length > 1 ? answers.shift() : answers[0];
    response.writeHead(answer?.status ?? 500).end(JSON.stringify(answer?.body));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  vi.stubEnv("AWS_ENDPOINT_URL_SECRETS_MANAGER", `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  vi.stubEnv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE");
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI");
  vi.stubEnv("AWS_SESSION_TOKEN", "session");
});
afterAll(() => {
  vi.unstubAllEnvs();
  server.close();
});
beforeEach(() => {
  asked.length = 0;
});

const holding = (secret: unknown): Answer => ({ status: 200, body: { SecretString: JSON.stringify(secret) } });
const refused = (status: number, type: string, message = "no"): Answer => ({ status, body: { __type: type, message } });

test("a secret's fields come by its ARN, asked for in its own region with the role's signature", async () => {
  answers = [holding({ username: "shop", password: "s3cret", port: 1 })];
  expect(await fetchSecret(arn)).toEqual({ username: "shop", password: "s3cret" });
  expect(asked[0]?.body).toBe(JSON.stringify({ SecretId: arn }));
  expect(asked[0]?.headers).toMatchObject({
    "x-amz-target": "secretsmanager.GetSecretValue",
    "x-amz-security-token": "session",
    authorization: expect.stringMatching(
      /^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\/\d{8}\/eu-west-1\/secretsmanager\/aws4_request, SignedHeaders=.*host.*, Signature=[0-9a-f]{64}$/,
    ),
  });
});

test("a fault of the moment is waited out", async () => {
  answers = [refused(500, "InternalServiceError"), refused(400, "ThrottlingException"), holding({ a: "b" })];
  expect(await fetchSecret(arn)).toEqual({ a: "b" });
  expect(asked.length).toBe(3);
});

describe("is said in a sentence", () => {
  const table = [
    { why: "no right to read it", answer: refused(400, "AccessDeniedException", "not authorized"), asks: 1 },
    { why: "no such secret", answer: refused(400, "ResourceNotFoundException", "can't find it"), asks: 1 },
  ];
  test.each(table)("$why, at once", async ({ answer, asks }) => {
    answers = [answer];
    await expect(fetchSecret(arn)).rejects.toThrow(
      /^Secret arn:.*AmazonMSK_shop-AbCdEf can't be read: \w+: .*Mend its ARN, or let the function's role do secretsmanager:GetSecretValue on it\.$/,
    );
    expect(asked.length).toBe(asks);
  });

  test("a secret that is no JSON object, without showing it", async () => {
    answers = [{ status: 200, body: { SecretString: "hunter2" } }];
    const thrown = await fetchSecret(arn).catch(String);
    expect(thrown).toMatch(/must hold a JSON object of texts/);
    expect(thrown).not.toContain("hunter2");
  });

  test("a field that is not there", () => {
    expect(() => fieldOf({ user: "x" }, "username", arn)).toThrow(
      `Secret ${arn} has no 'username': put it there, as {"username":"…"}.`,
    );
  });

  test("a name that is no ARN", async () => {
    expect(isSecretArn("AmazonMSK_shop")).toBe(false);
    await expect(fetchSecret("AmazonMSK_shop")).rejects.toThrow(/A secret is named by its ARN/);
  });
});
