// Each type of access configuration at a broker that demands it, and what is said when it is not enough.
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { createTopics } from "../../../../localstack/services/topics.ts";
import { type Authority, certificateAuthority, encryptedKey, issue } from "../../../support/certificates.ts";
import { kafkaClient, readAll } from "../../../support/kafka.ts";
import { secureKafka } from "../../../support/on-demand.ts";
import { allow, LOGINS, type SecureKafka } from "../../../support/secure-kafka.ts";
import { until } from "../../../support/until.ts";
import { committed, RecordingInvoker, stopAll } from "../running.ts";
import { runAt, type Scene, sceneAt, untilRead } from "./scene.ts";

const { orders, nobody } = LOGINS;
let secure: SecureKafka;
let foreign: Authority;

beforeAll(async () => {
  secure = await secureKafka();
  foreign = await certificateAuthority(secure.folder, `foreign-${process.pid}`);
});
afterEach(stopAll);

type Access = (readonly [type: string, uri: string])[];

const rootOf = ({ secrets }: Scene, { certificate }: { certificate: string } = secure.authority) =>
  ["SERVER_ROOT_CA_CERTIFICATE", secrets.put({ certificate })] as const;
const login = ({ secrets }: Scene, type: string, content: object = orders) => [type, secrets.put(content)] as const;
const certificate = ({ secrets }: Scene, content: object) =>
  ["CLIENT_CERTIFICATE_TLS_AUTH", secrets.put(content)] as const;
const clients = (more: { days?: number } = {}, authority = secure.authority) =>
  issue(secure.folder, authority, { commonName: orders.username, ...more });

describe("a mapping reads and commits", () => {
  test.each(["BASIC_AUTH", "SASL_SCRAM_256_AUTH", "SASL_SCRAM_512_AUTH"])("by %s", async (type) => {
    const scene = await sceneAt(secure, orders.username);
    await runAt(scene, secure.sasl, [login(scene, type), rootOf(scene)]);
    await untilRead(scene, ["0", "1", "2"]);
  });

  test("by SERVER_ROOT_CA_CERTIFICATE alone, where everybody may enter", async () => {
    const scene = await sceneAt(secure);
    await runAt(scene, secure.tls, [rootOf(scene)]);
    await untilRead(scene, ["0", "1", "2"]);
  });

  test("by a client's certificate, with its subnets and groups passed over", async () => {
    const scene = await sceneAt(secure, orders.username);
    const network: Access = [
      ["VPC_SUBNET", "subnet:subnet-1"],
      ["VPC_SUBNET", "subnet:subnet-2"],
      ["VPC_SECURITY_GROUP", "security_group:sg-1"],
    ];
    await runAt(scene, secure.mutualTls, [...network, certificate(scene, await clients()), rootOf(scene)]);
    await untilRead(scene, ["0", "1", "2"]);
  });

  test("by a client's certificate whose key PBES1 encrypts", async () => {
    const scene = await sceneAt(secure, orders.username);
    const plain = await clients();
    const privateKey = await encryptedKey(secure.folder, plain.privateKey, "PBES1", "letmein");
    const content = { certificate: plain.certificate, privateKey, privateKeyPassword: "letmein" };
    await runAt(scene, secure.mutualTls, [certificate(scene, content), rootOf(scene)]);
    await untilRead(scene, ["0", "1", "2"]);
  });

  test("under the broker's name as well as its address", async () => {
    const scene = await sceneAt(secure);
    await runAt(scene, secure.tls.replace("127.0.0.1", "localhost"), [rootOf(scene)]);
    await untilRead(scene, ["0", "1", "2"]);
  });

  test("by a login, and what fails goes to a topic by the same login", async () => {
    const scene = await sceneAt(secure, orders.username);
    const failures = `${scene.topic}-failures`;
    await createTopics(secure.open, { [failures]: { partitions: 1 } });
    await allow(secure, orders.username, { writeTopic: failures });
    const invoker = new RecordingInvoker(() => ({ kind: "function-error" }));
    await runAt(scene, secure.sasl, [login(scene, "SASL_SCRAM_512_AUTH"), rootOf(scene)], {
      invoker,
      settings: {
        ProvisionedPollerConfig: { MinimumPollers: 1 },
        MaximumRetryAttempts: 0,
        DestinationConfig: { OnFailure: { Destination: `kafka://${failures}` } },
      },
    });
    await until(async () => (await committed(scene.group, scene.topic, [secure.open]))[0] === 3);
    expect(await readAll(failures, { brokers: secure.open })).toHaveLength(3);
  });

  test("access configurations are left alone where brokers are given without --access", async () => {
    const scene = await sceneAt(secure);
    await runAt(scene, secure.open, [["BASIC_AUTH", "arn:aws:secretsmanager:us-east-1:0:secret:absent-AbCdEf"]], {
      access: "none",
    });
    await untilRead(scene, ["0", "1", "2"]);
  });
});

describe("a mapping does not start, with AWS's words and what to do, when", () => {
  /** What starting says. */
  async function refusal(access: (scene: Scene) => Access | Promise<Access>, brokers: string, user?: string) {
    const scene = await sceneAt(secure, user);
    const error = await runAt(scene, brokers, await access(scene)).then(
      () => new Error("it was started"),
      (thrown: Error) => thrown,
    );
    expect(scene.invoker.events).toEqual([]);
    expect(error.message).toMatch(/^Mapping 'M': /);
    return error.message;
  }

  test.each(["BASIC_AUTH", "SASL_SCRAM_256_AUTH", "SASL_SCRAM_512_AUTH"])("%s has a wrong password", async (type) => {
    const wrong = { username: orders.username, password: "hunter2" };
    const said = await refusal((scene) => [login(scene, type, wrong), rootOf(scene)], secure.sasl, orders.username);
    expect(said).toMatch(
      /PROBLEM: SASL authentication failed\. The broker refuses the login .*check user name and pass/,
    );
    expect(said).not.toContain("hunter2");
  });

  test("the broker's certificate is of an authority that is not known", async () =>
    expect(await refusal((scene) => [login(scene, "BASIC_AUTH")], secure.sasl, orders.username)).toMatch(
      /PROBLEM: Lambda failed to authenticate server\. .*is not trusted.*put the certificate of the authority that signed it into the secret of SERVER_ROOT_CA_CERTIFICATE/,
    ));

  test("the broker's certificate is of another authority than the secret's", async () =>
    expect(await refusal((scene) => [rootOf(scene, foreign)], secure.tls)).toMatch(
      /PROBLEM: Lambda failed to authenticate server\. .*is not trusted/,
    ));

  test("the broker's certificate is for another host", async () =>
    expect(await refusal((scene) => [rootOf(scene)], secure.misnamed)).toMatch(
      /PROBLEM: Lambda failed to authenticate server\. .*is for another name \(Hostname\/IP does not match/,
    ));

  test("the client's certificate is another authority's", async () =>
    expect(
      await refusal(
        async (scene) => [certificate(scene, await clients({}, foreign)), rootOf(scene)],
        secure.mutualTls,
        orders.username,
      ),
    ).toMatch(/PROBLEM: Server failed to authenticate Lambda\. The broker refuses the client's certificate/));

  test("the client's certificate has expired", async () =>
    expect(
      await refusal(
        async (scene) => [certificate(scene, await clients({ days: -1 })), rootOf(scene)],
        secure.mutualTls,
        orders.username,
      ),
    ).toMatch(/PROBLEM: Server failed to authenticate Lambda\./));

  test("the broker asks for a certificate and the mapping has none", async () =>
    expect(await refusal((scene) => [rootOf(scene)], secure.mutualTls)).toMatch(
      /PROBLEM: Server failed to authenticate Lambda\./,
    ));

  test("PBES2 encrypts the client's key", async () => {
    const said = await refusal(async (scene) => {
      const plain = await clients();
      const privateKey = await encryptedKey(secure.folder, plain.privateKey, "PBES2", "letmein");
      const content = { certificate: plain.certificate, privateKey, privateKeyPassword: "letmein" };
      return [certificate(scene, content), rootOf(scene)];
    }, secure.mutualTls);
    expect(said).toMatch(/PROBLEM: Provided certificate or private key is invalid\. .*PBES2, and AWS takes PBES1 only/);
  });

  test("the user may not read the topic", async () => {
    const said = await refusal((scene) => [login(scene, "BASIC_AUTH", nobody), rootOf(scene)], secure.sasl);
    expect(said).toMatch(/PROBLEM: Cluster failed to authorize Lambda\. The broker says TOPIC_AUTHORIZATION_FAILED/);
  });

  test("the user may read the topic but not in the group", async () => {
    const said = await refusal(async (scene) => {
      await allow(secure, nobody.username, { topic: scene.topic });
      return [login(scene, "BASIC_AUTH", nobody), rootOf(scene)];
    }, secure.sasl);
    expect(said).toMatch(/PROBLEM: Cluster failed to authorize Lambda\. The broker says GROUP_AUTHORIZATION_FAILED/);
  });

  test("the broker takes SASL only without TLS, which AWS does not have", async () =>
    expect(await refusal((scene) => [login(scene, "BASIC_AUTH"), rootOf(scene)], secure.saslWithoutTls)).toMatch(
      /Kafka does not answer at .* over TLS/,
    ));

  test("a secret lacks what its type needs", async () =>
    expect(await refusal((scene) => [login(scene, "BASIC_AUTH", { user: "u" }), rootOf(scene)], secure.sasl)).toMatch(
      /Secret 'arn:.*' \(BASIC_AUTH\): .* has no text in 'username' and 'password'/,
    ));
});

test("a mapping that was refused has left nothing connected", async () => {
  const admin = kafkaClient(secure.open).admin();
  await admin.connect();
  const scene = await sceneAt(secure);
  await allow(secure, nobody.username, { topic: scene.topic });
  await expect(runAt(scene, secure.sasl, [login(scene, "BASIC_AUTH", nobody), rootOf(scene)])).rejects.toThrow();
  const { groups } = await admin.describeGroups([scene.group]);
  expect(groups[0]?.members).toEqual([]);
  await admin.disconnect();
});
