// How a mapping's cluster is reached: its access configurations carried out, or none where brokers are given without them.
// https://docs.aws.amazon.com/lambda/latest/dg/kafka-cluster-auth.html
import { isIP } from "node:net";
import { type ConnectionOptions, connect } from "node:tls";
import type { ISocketFactory, KafkaConfig } from "kafkajs";
import plain, { type Login, type LoginProvider } from "kafkajs/src/broker/saslAuthenticator/plain.js";
import scram256 from "kafkajs/src/broker/saslAuthenticator/scram256.js";
import scram512 from "kafkajs/src/broker/saslAuthenticator/scram512.js";
import type { Cluster } from "../kafka/kafka-connection.ts";
import type { Mapping } from "../template/mapping.ts";
import { authenticationOf, type Mechanism, rootSecretOf } from "./authentication.ts";
import { clientCertificate, rootCertificates } from "./certificates.ts";
import { iamLogin } from "./iam.ts";
import { problemOf } from "./problem.ts";
import { type Renewed, renewed } from "./renewed.ts";
import { readSecret, type SecretsOptions } from "./secrets.ts";

export interface AccessOptions extends SecretsOptions {
  readonly brokers: readonly string[];
  /** `template`: the mapping's access configurations are carried out. `none` (default): plain text and no login. */
  readonly access?: "template" | "none";
}

type Log = (message: string, facts: Readonly<Record<string, unknown>>) => void;

const KEEP_ALIVE_MS = 60_000;

/** The cluster with what connects to it. Throws `SecretError` or `AccessError` for what can't be used as it is. */
export async function clusterOf(mapping: Mapping, options: AccessOptions, log: Log): Promise<Cluster> {
  const { brokers, access = "none" } = options;
  if (access === "none" || !mapping.isEnabled) return { brokers };
  const authentication = authenticationOf(mapping, brokers);
  if (authentication.kind === "none" && !authentication.overTls) return { brokers };
  const failed = (error: unknown) =>
    log("the secret can't be read again: what was read before stays in use", { error: String(error) });
  const certificate = authentication.kind === "certificate" ? authentication.secret : undefined;
  const tls = await renewed(() => tlsOf(certificate, rootSecretOf(mapping), options), failed);
  const secured = { brokers, ...overTls(tls) };
  if (authentication.kind === "iam") return { ...secured, sasl: iamLogin(mapping, options) };
  if (authentication.kind !== "sasl") return secured;
  const { type, secret, mechanism } = authentication;
  const fields = { usedFor: type, needed: ["username", "password"] } as const;
  const login = await renewed(() => readSecret(secret, fields, options), failed);
  return { ...secured, sasl: saslBy(mechanism, login) };
}

async function tlsOf(
  certificate: string | undefined,
  root: string | undefined,
  options: SecretsOptions,
): Promise<ConnectionOptions> {
  const ca = root && rootCertificates(await readSecret(root, ROOT_FIELDS, options));
  const own = certificate && clientCertificate(await readSecret(certificate, CERTIFICATE_FIELDS, options));
  return { ...(ca ? { ca } : {}), ...(own ? own : {}) };
}

const ROOT_FIELDS = { usedFor: "SERVER_ROOT_CA_CERTIFICATE", needed: ["certificate"] } as const;
const CERTIFICATE_FIELDS = {
  usedFor: "CLIENT_CERTIFICATE_TLS_AUTH",
  needed: ["certificate", "privateKey"],
  optional: ["privateKeyPassword"],
} as const;

/** As kafkajs makes its sockets, with the certificates of the moment. */
function overTls(tls: Renewed<ConnectionOptions>): Pick<KafkaConfig, "ssl" | "socketFactory"> {
  const socketFactory: ISocketFactory = ({ host, port, onConnect }) => {
    const name = isIP(host) === 0 ? { servername: host } : {};
    const socket = connect({ host, port, ...name, ...tls.current }, onConnect);
    socket.setKeepAlive(true, KEEP_ALIVE_MS);
    socket.on("error", (error) => {
      if (problemOf(error) !== undefined) tls.refused();
    });
    return socket;
  };
  return { ssl: true, socketFactory };
}

/** kafkajs's own mechanism, with the login of the moment. */
function saslBy(mechanism: Mechanism, login: Renewed<Login>): NonNullable<Cluster["sasl"]> {
  return {
    mechanism,
    authenticationProvider: (connection) => ({
      authenticate: async () => {
        try {
          await PROVIDERS[mechanism](await login.latest())(connection).authenticate();
        } catch (error) {
          if (problemOf(error) !== undefined) login.refused();
          throw error;
        }
      },
    }),
  };
}

/** Not in kafkajs's interface, which takes a login only once: its version is pinned. */
const PROVIDERS: Readonly<Record<Mechanism, LoginProvider>> = {
  plain,
  "scram-sha-256": scram256,
  "scram-sha-512": scram512,
};
