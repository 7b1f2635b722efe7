// Certificates for tests, made by openssl: an authority, and what it vouches for.
import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

/** PEM; the key is PKCS#8 without encryption. */
export interface Issued {
  readonly certificate: string;
  readonly privateKey: string;
}

export interface Authority extends Issued {
  readonly files: { readonly certificate: string; readonly privateKey: string };
}

export interface Subject {
  readonly commonName: string;
  /** What the certificate is for, such as `DNS:localhost,IP:127.0.0.1`. */
  readonly altNames?: string;
  /** Default 2; a negative number makes one that has expired. */
  readonly days?: number;
}

const run = promisify(execFile);
const KEY = ["-newkey", "rsa:2048", "-nodes"];

/** An authority of its own, its files in the folder. */
export async function certificateAuthority(folder: string, commonName: string): Promise<Authority> {
  const files = { certificate: join(folder, `${commonName}.pem`), privateKey: join(folder, `${commonName}.key`) };
  const out = ["-keyout", files.privateKey, "-out", files.certificate];
  await run("openssl", ["req", "-x509", ...KEY, ...out, "-subj", `/CN=${commonName}`, "-days", "2"]);
  return { ...(await read(files)), files };
}

/** A certificate that the authority signed, and its key. */
export async function issue(folder: string, authority: Authority, subject: Subject): Promise<Issued> {
  const base = join(folder, `${subject.commonName}-${randomUUID()}`);
  const files = { certificate: `${base}.pem`, privateKey: `${base}.key` };
  const request = ["-keyout", files.privateKey, "-out", `${base}.csr`, "-subj", `/CN=${subject.commonName}`];
  await run("openssl", ["req", "-new", ...KEY, ...request]);
  await writeFile(`${base}.ext`, subject.altNames === undefined ? "" : `subjectAltName=${subject.altNames}\n`);
  await run("openssl", [
    ...["x509", "-req", "-in", `${base}.csr`, "-out", files.certificate, "-extfile", `${base}.ext`],
    ...["-CA", authority.files.certificate, "-CAkey", authority.files.privateKey],
    ...["-set_serial", `0x${randomUUID().replaceAll("-", "")}`, "-days", String(subject.days ?? 2)],
  ]);
  return read(files);
}

/** The key encrypted by PBES1, which AWS takes, or by PBES2, which it refuses. */
export async function encryptedKey(folder: string, privateKey: string, how: "PBES1" | "PBES2", password: string) {
  const base = join(folder, randomUUID());
  await writeFile(base, privateKey);
  const cipher = how === "PBES1" ? ["-v1", "PBE-SHA1-3DES"] : ["-v2", "aes-256-cbc"];
  const out = ["-out", `${base}.encrypted`, "-passout", `pass:${password}`];
  await run("openssl", ["pkcs8", "-topk8", "-in", base, ...cipher, ...out]);
  return readFile(`${base}.encrypted`, "utf8");
}

async function read(files: { readonly certificate: string; readonly privateKey: string }): Promise<Issued> {
  const [certificate, privateKey] = await Promise.all([
    readFile(files.certificate, "utf8"),
    readFile(files.privateKey, "utf8"),
  ]);
  return { certificate, privateKey };
}
