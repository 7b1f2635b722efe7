// A Kafka that asks who is there: listeners with SASL over TLS, with TLS in both directions, with TLS alone, and one whose certificate is
// another host's; permissions are checked. On a plain listener everything is allowed: by it a suite makes topics, records and permissions.
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { type AclEntry, AclOperationTypes, AclPermissionTypes, AclResourceTypes, ResourcePatternTypes } from "kafkajs";
import { runDescribed } from "../../localstack/services/command.ts";
import { startEmbedded } from "../../localstack/services/embedded.ts";
import { type BrokerExtras, kafka, kafkaClassPath, prepareBroker } from "../../localstack/services/kafka.ts";
import { anyFreePort } from "../../localstack/services/port.ts";
import type { Place, RunningService } from "../../localstack/services/service.ts";
import { type Authority, certificateAuthority, type Issued, issue } from "./certificates.ts";
import { kafkaClient } from "./kafka.ts";
import { root } from "./source-tree.ts";
import { until } from "./until.ts";

/** Where it is reached, and with what; JSON, so that suites in other processes can be told. */
export interface SecureKafka {
  /** Without TLS or names, and with all permissions. */
  readonly open: string;
  /** SASL_SSL: PLAIN, SCRAM-SHA-256 and SCRAM-SHA-512. */
  readonly sasl: string;
  /** SSL; asks for the client's certificate, whose common name is the user's. */
  readonly mutualTls: string;
  /** SSL, everybody may enter and has all permissions. */
  readonly tls: string;
  /** As `tls`, with a certificate for another host. */
  readonly misnamed: string;
  /** SASL without TLS. */
  readonly saslWithoutTls: string;
  /** The authority of brokers and clients, and its files: `issue` makes more. */
  readonly authority: Authority;
  /** A folder for certificates, removed with the broker. */
  readonly folder: string;
}

/** Users that SASL knows, by any mechanism. Neither may do anything until `allow` says so. */
export const LOGINS = {
  orders: { username: "orders", password: "orders-secret" },
  nobody: { username: "nobody", password: "nobody-secret" },
} as const;

const NEVER = new AbortController().signal;

/** Starts one of the suite's own. Suites that don't take it away ask on-demand.ts for the run's. */
export async function startSecureKafka(
  logsFolder = join(root, ".local", "logs", "test"),
): Promise<RunningService & { readonly secure: SecureKafka }> {
  let secure: SecureKafka | undefined;
  const definition = {
    ...kafka,
    name: "secure-kafka",
    title: "Kafka that asks who is there",
    embedded: {
      ...kafka.embedded,
      usualPort: await anyFreePort(),
      prepare: async (place: Place) => {
        secure = await describe(place);
        return prepareBroker(place, await extrasOf(secure));
      },
    },
  };
  await mkdir(logsFolder, { recursive: true });
  const running = await startEmbedded(definition, { ...surroundings, logsFolder });
  if (secure === undefined) throw new Error("The broker was started without being prepared");
  return Object.assign(running, { secure });
}

/** Gives the user what AWS's page on permissions lists for a mapping: to read the topic and to read in the group. */
export async function allow(
  secure: SecureKafka,
  user: string,
  may: { readonly topic?: string; readonly group?: string; readonly writeTopic?: string },
): Promise<void> {
  const rule = (type: AclResourceTypes, name: string, operation: AclOperationTypes) => ({
    ...{ resourceType: type, resourceName: name, resourcePatternType: ResourcePatternTypes.LITERAL },
    ...{ principal: `User:${user}`, host: "*", operation, permissionType: AclPermissionTypes.ALLOW },
  });
  const { GROUP, TOPIC } = AclResourceTypes;
  await permit(secure, [
    ...(may.topic === undefined ? [] : [rule(TOPIC, may.topic, AclOperationTypes.READ)]),
    ...(may.group === undefined ? [] : [rule(GROUP, may.group, AclOperationTypes.READ)]),
    ...(may.writeTopic === undefined ? [] : [rule(TOPIC, may.writeTopic, AclOperationTypes.WRITE)]),
  ]);
}

/** Makes permissions that are in force when this resolves: the controller answers before the broker has heard of them. */
export async function permit({ open }: SecureKafka, acl: readonly AclEntry[]): Promise<void> {
  const admin = kafkaClient(open).admin();
  await admin.connect();
  try {
    await admin.createAcls({ acl: [...acl] });
    for (const rule of acl) {
      await until(async () => (await admin.describeAcls(rule)).resources.length > 0, "the permission");
    }
  } finally {
    await admin.disconnect();
  }
}

/** Gives the user another password for SCRAM-SHA-512; who is connected stays so. */
export async function changePassword({ open }: SecureKafka, user: string, password: string): Promise<void> {
  const classPath = await kafkaClassPath(surroundings);
  const change = ["--alter", "--add-config", `SCRAM-SHA-512=[password=${password}]`];
  const { kind, output } = await runDescribed({
    command: "java",
    arguments: [
      ...["-XX:TieredStopAtLevel=1", "-cp", classPath, "kafka.admin.ConfigCommand"],
      ...["--bootstrap-server", open, "--entity-type", "users", "--entity-name", user, ...change],
    ],
  });
  if (kind !== "done") throw new Error(`The password of '${user}' could not be changed:\n${output}`);
}

/** What a broker of a test's own is started among. */
export const surroundings = {
  dataFolder: undefined,
  cacheFolder: join(root, ".local", "cache"),
  tuning: "fast-start",
  kafkaHeapMb: 256,
  environment: process.env,
  environmentAnswersWithinMs: 0,
  whyNoContainers: async () => "it is always a process",
  signal: NEVER,
  onProgress: () => {},
} as const;

async function describe(place: Place): Promise<SecureKafka> {
  const folder = join(place.dataFolder, "certificates");
  await mkdir(folder);
  const address = async () => `127.0.0.1:${await anyFreePort()}`;
  return {
    open: kafka.address(place.port),
    sasl: await address(),
    mutualTls: await address(),
    tls: await address(),
    misnamed: await address(),
    saslWithoutTls: await address(),
    authority: await certificateAuthority(folder, "test-authority"),
    folder,
  };
}

async function extrasOf(secure: SecureKafka): Promise<BrokerExtras> {
  const { folder, authority } = secure;
  const [own, others] = await Promise.all([
    issue(folder, authority, { commonName: "broker", altNames: "DNS:localhost,IP:127.0.0.1" }),
    issue(folder, authority, { commonName: "elsewhere", altNames: "DNS:elsewhere.example" }),
  ]);
  return {
    listeners: [
      { name: "SASL", protocol: "SASL_SSL", address: secure.sasl },
      { name: "MUTUAL", protocol: "SSL", address: secure.mutualTls },
      { name: "TLS", protocol: "SSL", address: secure.tls },
      { name: "MISNAMED", protocol: "SSL", address: secure.misnamed },
      { name: "BARE", protocol: "SASL_PLAINTEXT", address: secure.saslWithoutTls },
    ],
    settings: `authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
super.users=User:ANONYMOUS
ssl.principal.mapping.rules=RULE:^CN=([^,]+).*$/$1/,DEFAULT
ssl.truststore.type=PEM
ssl.truststore.certificates=${oneLine(authority.certificate)}
${keyStore("", own)}
${keyStore("listener.name.misnamed.", others)}
listener.name.mutual.ssl.client.auth=required
${sasl("sasl")}
${sasl("bare")}
`,
    formatArguments: scramUsers(),
  };
}

function keyStore(prefix: string, { certificate, privateKey }: Issued): string {
  return `${prefix}ssl.keystore.type=PEM
${prefix}ssl.keystore.certificate.chain=${oneLine(certificate)}
${prefix}ssl.keystore.key=${oneLine(privateKey)}`;
}

function sasl(listener: string): string {
  const users = Object.values(LOGINS).map(({ username, password }) => `user_${username}="${password}"`);
  const modules = "org.apache.kafka.common.security";
  const settings = {
    "sasl.enabled.mechanisms": "PLAIN,SCRAM-SHA-256,SCRAM-SHA-512",
    "plain.sasl.jaas.config": `${modules}.plain.PlainLoginModule required ${users.join(" ")};`,
    "scram-sha-256.sasl.jaas.config": `${modules}.scram.ScramLoginModule required;`,
    "scram-sha-512.sasl.jaas.config": `${modules}.scram.ScramLoginModule required;`,
  };
  return Object.entries(settings)
    .map(([name, value]) => `listener.name.${listener}.${name}=${value}`)
    .join("\n");
}

function scramUsers(): string[] {
  return Object.values(LOGINS).flatMap(({ username, password }) =>
    ["SCRAM-SHA-256", "SCRAM-SHA-512"].flatMap((mechanism) => [
      "--add-scram",
      `${mechanism}=[name=${username},password=${password}]`,
    ]),
  );
}

/** As a properties file takes several lines. */
function oneLine(pem: string): string {
  return pem.trim().replaceAll("\n", "\\n");
}
