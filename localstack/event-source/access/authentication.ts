// Which authentication a mapping's access configurations ask for. One is tried and no other after it.
// https://docs.aws.amazon.com/lambda/latest/dg/msk-cluster-auth.html and kafka-cluster-auth.html
import type { Mapping } from "../template/mapping.ts";

export type Mechanism = "plain" | "scram-sha-256" | "scram-sha-512";

export type Authentication =
  | { readonly kind: "none"; readonly overTls: boolean }
  | { readonly kind: "certificate"; readonly secret: string }
  | { readonly kind: "sasl"; readonly mechanism: Mechanism; readonly type: string; readonly secret: string }
  | { readonly kind: "iam" };

type Source = Pick<Mapping, "kind" | "access">;

const MECHANISMS: Readonly<Record<string, Mechanism>> = {
  BASIC_AUTH: "plain",
  SASL_SCRAM_512_AUTH: "scram-sha-512",
  SASL_SCRAM_256_AUTH: "scram-sha-256",
};
/** The ports on which MSK's brokers listen say what they take there: https://docs.aws.amazon.com/msk/latest/developerguide/port-info.html */
const MSK_IAM_PORTS = /:9[01]98$/;
const MSK_TLS_PORTS = /:9[01]94$/;

/** In AWS's order: the client's certificate, a login, IAM, TLS alone, nothing. */
export function authenticationOf(mapping: Source, brokers: readonly string[]): Authentication {
  const certificate = secretOf(mapping, "CLIENT_CERTIFICATE_TLS_AUTH");
  if (certificate !== undefined) return { kind: "certificate", secret: certificate };
  for (const [type, mechanism] of Object.entries(MECHANISMS)) {
    const secret = secretOf(mapping, type);
    if (secret !== undefined) return { kind: "sasl", mechanism, type, secret };
  }
  if (secretOf(mapping, "IAM_AUTH") !== undefined) return { kind: "iam" };
  if (mapping.kind === "kafka") return { kind: "none", overTls: rootSecretOf(mapping) !== undefined };
  // AWS asks MSK what the cluster has; here the ports of the given brokers say it.
  if (brokers.some((broker) => MSK_IAM_PORTS.test(broker))) return { kind: "iam" };
  return { kind: "none", overTls: brokers.some((broker) => MSK_TLS_PORTS.test(broker)) };
}

/** The secret with the authority of the brokers' certificates; without one, those that Node trusts. */
export function rootSecretOf(mapping: Source): string | undefined {
  return secretOf(mapping, "SERVER_ROOT_CA_CERTIFICATE");
}

function secretOf({ access }: Source, type: string): string | undefined {
  return access.find((entry) => entry.type === type)?.uri;
}
