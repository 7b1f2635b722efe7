// What KAFKA_AUTH and its secrets come to: what sockets are secured with and what kafkajs proves itself with.
import { generateAuthTokenFromCredentialsProvider } from "aws-msk-iam-sasl-signer-js";
import { afterEach, describe, expect, test, vi } from "vitest";
import { environmentAccess, kafkaAccess } from "../../../lib/kafka/access.ts";
import { kafkaAuths } from "../../../lib/kafka/auth.ts";
import { iamToken } from "../../../lib/kafka/iam-token.ts";

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllEnvs();
});

const secrets: Record<string, Record<string, string>> = {
  login: { username: "shop", password: "s3cret" },
  certificate: { certificate: "CERT", privateKey: "KEY", privateKeyPassword: "PASS" },
  authority: { certificate: "CA" },
};
const secret = async (arn: string) => secrets[arn] ?? {};

describe("every way but none is encrypted, and", () => {
  const table = [
    { auth: "none", tls: undefined, sasl: undefined },
    { auth: "plain", secretArn: "login", tls: {}, sasl: { mechanism: "plain", ...secrets.login } },
    { auth: "scram-256", secretArn: "login", tls: {}, sasl: { mechanism: "scram-sha-256", ...secrets.login } },
    { auth: "scram-512", secretArn: "login", tls: {}, sasl: { mechanism: "scram-sha-512", ...secrets.login } },
    { auth: "mtls", secretArn: "certificate", tls: { cert: "CERT", key: "KEY", passphrase: "PASS" }, sasl: undefined },
    { auth: "iam", tls: {}, sasl: { mechanism: "oauthbearer", oauthBearerProvider: expect.any(Function) } },
  ] as const;

  test.each(table)("$auth proves itself as $sasl.mechanism", async ({ tls, sasl, ...settings }) => {
    const access = kafkaAccess({ region: "eu-west-1", ...settings }, { secret });
    await access.ready();
    expect(access.tls()).toEqual(tls);
    expect(access.sasl && { ...access.sasl }).toEqual(sasl);
  });

  test("the table has every way", () => {
    expect(table.map(({ auth }) => auth).sort()).toEqual([...kafkaAuths].sort());
  });

  test("an authority of one's own is trusted where it is named", async () => {
    const access = kafkaAccess({ auth: "plain", secretArn: "login", authoritySecretArn: "authority" }, { secret });
    await access.ready();
    expect(access.tls()).toEqual({ ca: "CA" });
  });
});

describe("secrets", () => {
  test("are fetched when the first connection is made, once for all that are made at once", async () => {
    const asked: string[] = [];
    const access = kafkaAccess(
      { auth: "plain", secretArn: "login" },
      {
        now: () => 0,
        secret: (arn) => {
          asked.push(arn);
          return secret(arn);
        },
      },
    );
    expect(asked).toEqual([]);
    await Promise.all([access.ready(), access.ready()]);
    await access.ready();
    expect(asked).toEqual(["login"]);
  });

  test("that were changed are taken up by a connection made five minutes later; while they can't be had the old ones stay", async () => {
    let password = "old";
    let now = 0;
    let isDown = false;
    const access = kafkaAccess(
      { auth: "scram-512", secretArn: "login" },
      {
        secret: async () => {
          if (isDown) throw new Error("away");
          return { username: "shop", password };
        },
        now: () => now,
      },
    );
    const inUse = async () => {
      await access.ready();
      return access.sasl && "password" in access.sasl ? access.sasl.password : undefined;
    };
    expect(await inUse()).toBe("old");
    password = "new";
    expect(await inUse()).toBe("old");
    now += 300_000;
    isDown = true;
    expect(await inUse()).toBe("old");
    isDown = false;
    expect(await inUse()).toBe("new");
  });

  test("that can't be had at first keep the connection from being made, and are asked for again", async () => {
    let isDown = true;
    const access = kafkaAccess(
      { auth: "plain", secretArn: "login" },
      { secret: (arn) => (isDown ? Promise.reject(new Error("away")) : secret(arn)) },
    );
    await expect(access.ready()).rejects.toThrow("away");
    isDown = false;
    await access.ready();
    expect(access.sasl).toMatchObject({ username: "shop" });
  });

  test("a way that needs one names the setting where it is missing", () => {
    vi.stubEnv("KAFKA_AUTH", "scram-512");
    expect(environmentAccess).toThrow(/KAFKA_SECRET_ARN is not set/);
    vi.stubEnv("KAFKA_AUTH", "kerberos");
    expect(environmentAccess).toThrow(
      'KAFKA_AUTH must be one of none, iam, scram-512, scram-256, plain, mtls: got "kerberos"',
    );
  });
});

test("MSK's token is what AWS's own signer makes", async () => {
  vi.useFakeTimers({ now: new Date("2026-11-21T12:00:00Z"), toFake: ["Date"] });
  vi.stubEnv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE");
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY");
  vi.stubEnv("AWS_SESSION_TOKEN", "a/session+token==");
  const credentials = {
    accessKeyId: "AKIDEXAMPLE",
    secretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
    sessionToken: "a/session+token==",
  };
  const theirs = await generateAuthTokenFromCredentialsProvider({
    region: "eu-west-1",
    awsCredentialsProvider: async () => credentials,
  });
  expect(readToken(await iamToken("eu-west-1"))).toEqual(readToken(theirs.token));
});

/** Everything but who made it, which is not signed. */
function readToken(token: string) {
  const { origin, pathname, searchParams } = new URL(Buffer.from(token, "base64url").toString());
  searchParams.delete("User-Agent");
  searchParams.sort();
  return { origin, pathname, parameters: [...searchParams] };
}
