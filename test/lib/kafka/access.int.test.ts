// A function's own connection at a broker that asks who is there: with each way of proving it, and kept out where either side is not who it should be.
import { randomUUID } from "node:crypto";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { type AccessSettings, kafkaAccess } from "../../../lib/kafka/access.ts";
import { type KafkaConnection, openConnection } from "../../../lib/kafka/client.ts";
import { createTopics } from "../../../localstack/services/topics.ts";
import { certificateAuthority, encryptedKey, issue } from "../../support/certificates.ts";
import { secureKafka } from "../../support/on-demand.ts";
import { allow, LOGINS, type SecureKafka } from "../../support/secure-kafka.ts";

let secure: SecureKafka;
let topic: string;
/** By the names that stand here for ARNs. */
const secrets: Record<string, Record<string, string>> = {};
const open: KafkaConnection[] = [];

beforeAll(async () => {
  secure = await secureKafka();
  topic = `access-${randomUUID().slice(0, 8)}`;
  await createTopics(secure.open, { [topic]: { partitions: 1 } });
  const { username } = LOGINS.orders;
  await allow(secure, username, { topic, writeTopic: topic });
  const { certificate, privateKey } = await issue(secure.folder, secure.authority, { commonName: username });
  secrets.login = LOGINS.orders;
  secrets.certificate = { certificate, privateKey };
  const privateKeyPassword = "key-secret";
  const locked = await encryptedKey(secure.folder, privateKey, "PBES1", privateKeyPassword);
  secrets.lockedCertificate = { certificate, privateKey: locked, privateKeyPassword };
  secrets.authority = { certificate: secure.authority.certificate };
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((connection) => connection.close()));
});

function connect(broker: string, settings: AccessSettings): KafkaConnection {
  const access = kafkaAccess(
    { authoritySecretArn: "authority", ...settings },
    { secret: async (arn) => secrets[arn] ?? {} },
  );
  const connection = openConnection({ brokers: [broker], owner: "access-test", access });
  open.push(connection);
  return connection;
}

/** A record sent as functions send theirs, and the topic's end after it. */
async function write(connection: KafkaConnection): Promise<void> {
  const producer = connection.kafka.producer({ idempotent: true });
  connection.onClose(() => producer.disconnect());
  await producer.connect();
  await producer.send({ topic, messages: [{ value: "x" }], acks: -1 });
}

const ways = [
  { auth: "plain", secretArn: "login", listener: "sasl" },
  { auth: "scram-256", secretArn: "login", listener: "sasl" },
  { auth: "scram-512", secretArn: "login", listener: "sasl" },
  { auth: "mtls", secretArn: "certificate", listener: "mutualTls" },
  { auth: "mtls", secretArn: "lockedCertificate", listener: "mutualTls" },
] as const;

test.each(ways)("$auth with its $secretArn is let in and may write", async ({ listener, ...settings }) => {
  const connection = connect(secure[listener], settings);
  await write(connection);
  const admin = await connection.admin();
  expect(Number((await admin.fetchTopicOffsets(topic))[0]?.high)).toBeGreaterThan(0);
});

describe("is kept out", () => {
  const one = { auth: "scram-512", secretArn: "login" } as const;

  test("with a wrong password", async () => {
    secrets.wrong = { ...LOGINS.orders, password: "wrong" };
    await expect(write(connect(secure.sasl, { ...one, secretArn: "wrong" }))).rejects.toThrow(
      /[Aa]uthentication failed/,
    );
  });

  test("as somebody who may not write there", async () => {
    secrets.nobody = LOGINS.nobody;
    await expect(write(connect(secure.sasl, { ...one, secretArn: "nobody" }))).rejects.toThrow(
      /authorization failed|not authorized/i,
    );
  });

  test("in the clear, where the broker wants TLS", async () => {
    const connection = openConnection({ brokers: [secure.sasl], owner: "access-test" });
    open.push(connection);
    await expect(write(connection)).rejects.toThrow();
  });
});

describe("does not enter", () => {
  const one = { auth: "plain", secretArn: "login" } as const;

  test("where an authority that it doesn't know signed the broker's certificate", async () => {
    const other = await certificateAuthority(secure.folder, `other-${randomUUID()}`);
    secrets.other = { certificate: other.certificate };
    await expect(write(connect(secure.sasl, { ...one, authoritySecretArn: "other" }))).rejects.toThrow(
      /certificate|self.signed|verify/i,
    );
  });

  test("where the certificate is another host's", async () => {
    const settings = { auth: "mtls", secretArn: "certificate" } as const;
    await expect(write(connect(secure.misnamed, settings))).rejects.toThrow(/altnames|Hostname\/IP/i);
  });

  test("where its secret can't be had, and says which", async () => {
    const access = kafkaAccess(one, {
      secret: async (arn) => Promise.reject(new Error(`Secret ${arn} can't be read`)),
    });
    const connection = openConnection({ brokers: [secure.sasl], owner: "access-test", access });
    open.push(connection);
    await expect(write(connection)).rejects.toThrow(/Secret login can't be read/);
  });
});
