import { randomUUID } from "node:crypto";
import { Kafka, type KafkaConfig, logLevel } from "kafkajs";
import { beforeAll, expect, test } from "vitest";
import { createTopics } from "../../localstack/services/topics.ts";
import { issue } from "./certificates.ts";
import { secureKafka } from "./on-demand.ts";
import { allow, LOGINS, type SecureKafka } from "./secure-kafka.ts";

let secure: SecureKafka;
beforeAll(async () => {
  secure = await secureKafka();
});

/** The topics that a client may see. */
async function topicsSeen(brokers: string, security: Pick<KafkaConfig, "ssl" | "sasl">): Promise<string[]> {
  const patience = { connectionTimeout: 300_000, authenticationTimeout: 300_000, retry: { retries: 0 } };
  const admin = new Kafka({ brokers: [brokers], ...security, ...patience, logLevel: logLevel.NOTHING }).admin();
  try {
    await admin.connect();
    return await admin.listTopics();
  } finally {
    await admin.disconnect();
  }
}

test("who may enter by a listener sees the topics that it has been allowed, and only them", async () => {
  const [mine, other] = [`seen-${randomUUID()}`, `hidden-${randomUUID()}`];
  await createTopics(secure.open, { [mine]: {}, [other]: {} });
  const { username } = LOGINS.orders;
  await allow(secure, username, { topic: mine });
  const ssl = { ca: secure.authority.certificate };
  const { certificate: cert, privateKey: key } = await issue(secure.folder, secure.authority, { commonName: username });
  const seen = await Promise.all([
    topicsSeen(secure.sasl, { ssl, sasl: { mechanism: "plain", ...LOGINS.orders } }),
    topicsSeen(secure.sasl, { ssl, sasl: { mechanism: "scram-sha-256", ...LOGINS.orders } }),
    topicsSeen(secure.sasl, { ssl, sasl: { mechanism: "scram-sha-512", ...LOGINS.orders } }),
    topicsSeen(secure.mutualTls, { ssl: { ...ssl, cert, key } }),
  ]);
  for (const topics of seen) {
    expect(topics).toContain(mine);
    expect(topics).not.toContain(other);
  }
  expect(await topicsSeen(secure.tls, { ssl })).toEqual(expect.arrayContaining([mine, other]));
});

test.each<[string, keyof SecureKafka & ("sasl" | "mutualTls" | "misnamed"), boolean, KafkaConfig["sasl"]]>([
  ["a wrong password", "sasl", true, { mechanism: "plain", username: "orders", password: "wrong" }],
  ["an authority that nobody knows", "sasl", false, { mechanism: "plain", ...LOGINS.orders }],
  ["no certificate of one's own", "mutualTls", true, undefined],
  ["a broker that names itself otherwise", "misnamed", true, undefined],
])("%s keeps a client out", async (_why, listener, knowsAuthority, sasl) => {
  const ssl = knowsAuthority ? { ca: secure.authority.certificate } : {};
  await expect(topicsSeen(secure[listener], { ssl, ...(sasl === undefined ? {} : { sasl }) })).rejects.toThrow();
});
