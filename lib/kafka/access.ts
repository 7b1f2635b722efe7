// How a function proves to Kafka who it is, and Kafka to the function: over TLS with verified certificates, unless the setting says `none`.
// What is secret is fetched by its ARN before the first connection is made, and again for one made later, so that a changed secret is taken up.

import type { ConnectionOptions } from "node:tls";
import type { SASLOptions } from "kafkajs";
import { renewing, type SecretEdges } from "../aws/secret-setting.ts";
import { fetchSecret, fieldOf } from "../aws/secrets.ts";
import { optional, optionalOneOf, required } from "../config.ts";
import { type KafkaAuth, kafkaAuths } from "./auth.ts";
import { iamToken } from "./iam-token.ts";

export interface KafkaAccess {
  /** Has what is secret at hand for the connections made next. */
  ready(): Promise<void>;
  /** What a socket is secured with; undefined: nothing. */
  tls(): ConnectionOptions | undefined;
  readonly sasl: SASLOptions | undefined;
}

export interface AccessSettings {
  readonly auth: KafkaAuth;
  /** `{username, password}`, or `{certificate, privateKey, privateKeyPassword?}` for mtls; undefined for iam. */
  readonly secretArn?: string | undefined;
  /** `{certificate}` of the authority that signed the brokers' certificates; undefined: one that everybody knows. */
  readonly authoritySecretArn?: string | undefined;
  readonly region?: string | undefined;
}

export const inTheClear: KafkaAccess = { ready: async () => {}, tls: () => undefined, sasl: undefined };

/** This execution environment's access, from KAFKA_AUTH and the secrets that KAFKA_SECRET_ARN and KAFKA_CA_SECRET_ARN name. */
export function environmentAccess(): KafkaAccess {
  const auth = optionalOneOf("KAFKA_AUTH", kafkaAuths, "none");
  if (auth === "none") return inTheClear;
  const secretArn = auth === "iam" ? undefined : required("KAFKA_SECRET_ARN");
  const region = auth === "iam" ? required("AWS_REGION") : undefined;
  return kafkaAccess({ auth, secretArn, authoritySecretArn: optional("KAFKA_CA_SECRET_ARN"), region });
}

export function kafkaAccess(settings: AccessSettings, edges: Partial<SecretEdges> = {}): KafkaAccess {
  if (settings.auth === "none") return inTheClear;
  const { secret = fetchSecret } = edges;
  const current = renewing(() => materialOf(settings, secret), edges.now);
  let material: Material = { tls: {} };
  return {
    async ready() {
      material = await current();
    },
    tls: () => material.tls,
    sasl: saslOf(settings, () => material),
  };
}

/** What the secrets come to. */
interface Material {
  readonly tls: ConnectionOptions;
  readonly username?: string;
  readonly password?: string;
}

async function materialOf(
  { auth, secretArn, authoritySecretArn }: AccessSettings,
  secret: SecretEdges["secret"],
): Promise<Material> {
  const [own, authority] = await Promise.all(
    [secretArn, authoritySecretArn].map((arn) => (arn === undefined ? undefined : secret(arn))),
  );
  const ca = authority && { ca: fieldOf(authority, "certificate", authoritySecretArn ?? "") };
  if (own === undefined) return { tls: { ...ca } };
  const field = (name: string) => fieldOf(own, name, secretArn ?? "");
  if (auth !== "mtls") return { tls: { ...ca }, username: field("username"), password: field("password") };
  const passphrase = own.privateKeyPassword ? { passphrase: own.privateKeyPassword } : {};
  return { tls: { ...ca, cert: field("certificate"), key: field("privateKey"), ...passphrase } };
}

const mechanisms = { "scram-512": "scram-sha-512", "scram-256": "scram-sha-256", plain: "plain" } as const;

/** kafkajs reads name and password each time a connection authenticates: getters hand it what is known by then. */
function saslOf({ auth, region = "" }: AccessSettings, material: () => Material): SASLOptions | undefined {
  if (auth === "iam") {
    return { mechanism: "oauthbearer", oauthBearerProvider: async () => ({ value: await iamToken(region) }) };
  }
  if (auth === "none" || auth === "mtls") return undefined;
  return {
    mechanism: mechanisms[auth],
    get username() {
      return material().username ?? "";
    },
    get password() {
      return material().password ?? "";
    },
  } as SASLOptions;
}
