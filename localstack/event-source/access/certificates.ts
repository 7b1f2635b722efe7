// Certificates and keys as secrets hold them, checked as AWS checks them before any broker sees them.
// https://docs.aws.amazon.com/lambda/latest/dg/kafka-cluster-auth.html
import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { AccessError } from "./problem.ts";

export interface ClientCertificate {
  readonly cert: string;
  readonly key: string;
  readonly passphrase?: string;
}

const PEM = /-----BEGIN ([A-Z0-9 ]+)-----([\s\S]*?)-----END \1-----/g;
/** 1.2.840.113549.1.5.13, DER-encoded: the key's encryption is named at its beginning. */
const PBES2 = Buffer.from("06092a864886f70d01050d", "hex");
const ENCRYPT = "openssl pkcs8 -topk8 -v1 PBE-SHA1-3DES -in key.pem -out key.p8";

/** The secret of CLIENT_CERTIFICATE_TLS_AUTH. Throws when no broker could take it. */
export function clientCertificate(secret: {
  readonly certificate: string;
  readonly privateKey: string;
  readonly privateKeyPassword?: string;
}): ClientCertificate {
  const { certificate, privateKey, privateKeyPassword: passphrase } = secret;
  const [leaf] = certificatesOf(certificate);
  const key = keyOf(privateKey, passphrase);
  if (!leaf.checkPrivateKey(key)) {
    throw invalid(
      "The private key is not that of the first certificate: put the client's own certificate first in 'certificate', its authorities after it.",
    );
  }
  return { cert: certificate, key: privateKey, ...(passphrase === undefined ? {} : { passphrase }) };
}

/** The secret of SERVER_ROOT_CA_CERTIFICATE. */
export function rootCertificates({ certificate }: { readonly certificate: string }): string {
  certificatesOf(certificate);
  return certificate;
}

function certificatesOf(pem: string): [X509Certificate, ...X509Certificate[]] {
  const blocks = [...pem.matchAll(PEM)].filter(([, label]) => label === "CERTIFICATE");
  try {
    const [first, ...others] = blocks.map(([block]) => new X509Certificate(block));
    if (first !== undefined) return [first, ...others];
  } catch (cause) {
    throw invalid(
      "'certificate' can't be read: it takes whole certificates as PEM, from the client's own to the root.",
      cause,
    );
  }
  throw invalid(
    "'certificate' holds no PEM certificate: it begins with -----BEGIN CERTIFICATE-----, with its line breaks.",
  );
}

function keyOf(pem: string, passphrase: string | undefined): KeyObject {
  const [, label, body = ""] = [...pem.matchAll(PEM)][0] ?? [];
  if (label !== "PRIVATE KEY" && label !== "ENCRYPTED PRIVATE KEY") {
    const found = label === undefined ? "no PEM key" : `a key of the kind ${label}`;
    throw invalid(
      `'privateKey' holds ${found}, and AWS takes PKCS#8: openssl pkcs8 -topk8 -nocrypt -in key.pem -out key.p8`,
    );
  }
  if (label === "ENCRYPTED PRIVATE KEY") {
    if (Buffer.from(body, "base64").subarray(0, 64).includes(PBES2)) {
      throw invalid(`'privateKey' is encrypted by PBES2, and AWS takes PBES1 only: ${ENCRYPT}`);
    }
    if (passphrase === undefined)
      throw invalid("'privateKey' is encrypted: its secret needs 'privateKeyPassword' too.");
  }
  try {
    return createPrivateKey({ key: pem, ...(passphrase === undefined ? {} : { passphrase }) });
  } catch (cause) {
    const isOldCipher = /unsupported/i.test(String(cause));
    throw invalid(
      isOldCipher
        ? `'privateKey' is encrypted by a cipher that this program's OpenSSL no longer has: ${ENCRYPT}`
        : "'privateKey' can't be read: it is damaged, or 'privateKeyPassword' is not its password.",
      cause,
    );
  }
}

function invalid(advice: string, cause?: unknown): AccessError {
  return new AccessError({ text: "Provided certificate or private key is invalid", advice }, { cause });
}
