// What is wrong between a mapping and its cluster, in the words that AWS shows as the mapping's last processing result, and what to do.
// https://docs.aws.amazon.com/lambda/latest/dg/with-kafka-troubleshoot.html

/** AWS's texts. */
export type ProblemText =
  | "Cluster failed to authorize Lambda"
  | "SASL authentication failed"
  | "Server failed to authenticate Lambda"
  | "Lambda failed to authenticate server"
  | "Provided certificate or private key is invalid";

export interface Problem {
  readonly text: ProblemText;
  /** Why, as far as it is known, and what to do next. */
  readonly advice: string;
}

/** A cluster that won't have the mapping, or that the mapping won't have. */
export class AccessError extends Error {
  readonly problem: Problem;

  constructor(problem: Problem, options?: ErrorOptions) {
    super(`PROBLEM: ${problem.text}. ${problem.advice}`, options);
    this.problem = problem;
  }
}

/** The problem that an error tells of, if it is one of access; anything else is a matter of the connection. */
export function problemOf(error: unknown): Problem | undefined {
  for (const each of chainOf(error)) {
    if (each instanceof AccessError) return each.problem;
    const problem = authorization(each) ?? login(each) ?? brokersCertificate(each) ?? ownCertificate(each);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

/** The error's sentence: AWS's words and what to do where it is a problem of access. */
export function whyNot(error: unknown): string {
  const problem = problemOf(error);
  if (problem !== undefined) return new AccessError(problem).message;
  return error instanceof Error ? error.message : String(error);
}

/** What kafkajs, Node's TLS and OpenSSL put into errors. */
interface Facts {
  readonly name?: unknown;
  readonly message?: unknown;
  readonly type?: unknown;
  readonly code?: unknown;
  readonly cause?: unknown;
  readonly originalError?: unknown;
}

function chainOf(error: unknown): Facts[] {
  const chain: Facts[] = [];
  for (let each = error as Facts | undefined; typeof each === "object" && each !== null && chain.length < 10; ) {
    chain.push(each);
    each = (each.cause ?? each.originalError) as Facts | undefined;
  }
  return chain;
}

function authorization({ type }: Facts): Problem | undefined {
  if (!/^[A-Z_]*AUTHORIZATION_FAILED$/.test(String(type))) return undefined;
  return {
    text: "Cluster failed to authorize Lambda",
    advice: `The broker says ${type}: allow the user Read on the topic and Read on the consumer group, and Write on the topic of a kafka:// destination.`,
  };
}

function login({ name, type, message }: Facts): Problem | undefined {
  const isRefused = name === "KafkaJSSASLAuthenticationError" || type === "SASL_AUTHENTICATION_FAILED";
  const isUnknown = type === "UNSUPPORTED_SASL_MECHANISM";
  if (!isRefused && !isUnknown) return undefined;
  return {
    text: "SASL authentication failed",
    advice: isUnknown
      ? "The broker's listener does not offer the mechanism of this type of access configuration: use the type that fits the listener."
      : `The broker refuses the login (${message}): check user name and password in the secret, and that the user exists for this mechanism.`,
  };
}

function brokersCertificate({ code, message }: Facts): Problem | undefined {
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID") {
    return {
      text: "Lambda failed to authenticate server",
      advice: `The broker's certificate is for another name (${String(message).replace(/^Connection error: /, "")}): give the brokers' addresses as the certificate has them.`,
    };
  }
  if (!UNTRUSTED.has(String(code))) return undefined;
  return {
    text: "Lambda failed to authenticate server",
    advice: `The broker's certificate is not trusted (${code}): put the certificate of the authority that signed it into the secret of SERVER_ROOT_CA_CERTIFICATE.`,
  };
}

// The broker's end of TLS sends an alert when it does not take the client's certificate, or got none.
function ownCertificate({ code, message }: Facts): Problem | undefined {
  const alert = /ALERT_((?:NO_|BAD_|UNSUPPORTED_)?CERTIFICATE[A-Z_]*|UNKNOWN_CA|ACCESS_DENIED|DECRYPT_ERROR)/i;
  const [, what] = alert.exec(`${code} ${String(message).replaceAll(" ", "_")}`) ?? [];
  if (what === undefined) return undefined;
  return {
    text: "Server failed to authenticate Lambda",
    advice: `The broker refuses the client's certificate (${what.toLowerCase().replaceAll("_", " ")}): give one in the secret of CLIENT_CERTIFICATE_TLS_AUTH that has not expired and that an authority of the broker's trust store signed, with its chain.`,
  };
}

/** https://nodejs.org/api/tls.html#x509-certificate-error-codes */
const UNTRUSTED = new Set(
  `UNABLE_TO_GET_ISSUER_CERT UNABLE_TO_GET_CRL UNABLE_TO_DECRYPT_CERT_SIGNATURE UNABLE_TO_DECRYPT_CRL_SIGNATURE
  UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY CERT_SIGNATURE_FAILURE CRL_SIGNATURE_FAILURE CERT_NOT_YET_VALID CERT_HAS_EXPIRED
  CRL_NOT_YET_VALID CRL_HAS_EXPIRED ERROR_IN_CERT_NOT_BEFORE_FIELD ERROR_IN_CERT_NOT_AFTER_FIELD DEPTH_ZERO_SELF_SIGNED_CERT
  SELF_SIGNED_CERT_IN_CHAIN UNABLE_TO_GET_ISSUER_CERT_LOCALLY UNABLE_TO_VERIFY_LEAF_SIGNATURE CERT_CHAIN_TOO_LONG CERT_REVOKED
  INVALID_CA PATH_LENGTH_EXCEEDED INVALID_PURPOSE CERT_UNTRUSTED CERT_REJECTED HOSTNAME_MISMATCH`.split(/\s+/),
);
