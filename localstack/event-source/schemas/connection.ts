// Asks a registry over HTTP, as the mapping's access configurations say: basic authentication, a certificate of one's own, a root of
// one's own. Secrets are read at the start, and again after a refusal or a failure, so that one that changed is seen.
// https://docs.aws.amazon.com/lambda/latest/dg/services-consume-kafka-events.html
import http from "node:http";
import https from "node:https";
import { readSecret, type SecretsOptions } from "../access/secrets.ts";
import type { AccessConfiguration } from "../template/mapping.ts";
import type { RegistryAnswer, RegistryConnection } from "./confluent.ts";

export interface ConnectionOptions {
  /** The registry's address; `https://key:secret@host` brings its own basic authentication. */
  readonly url: string;
  readonly access: readonly AccessConfiguration[];
  readonly secrets: SecretsOptions;
}

/** What a request is made with. */
interface Credentials {
  readonly headers: Readonly<Record<string, string>>;
  readonly agent: http.Agent;
}

const ANSWERED_WITHIN_MS = 5_000;
const ACCEPT = "application/vnd.schemaregistry.v1+json, application/json";

/** Rejects when a secret can't be read. */
export async function registryConnection({ url, access, secrets }: ConnectionOptions): Promise<RegistryConnection> {
  const { protocol, origin, pathname, username, password } = new URL(url);
  const address = origin + pathname.replace(/\/+$/, "");
  const own = username === "" ? [] : [decodeURIComponent(username), decodeURIComponent(password)];
  const isTls = protocol === "https:";

  async function read(): Promise<Credentials> {
    const { basic = own, ...tls } = await secretsOf(access, secrets);
    const [user, secret = ""] = basic;
    const authorization = `Basic ${Buffer.from(`${user}:${secret}`).toString("base64")}`;
    const agent = isTls ? new https.Agent({ ...tls, keepAlive: true }) : new http.Agent({ keepAlive: true });
    return { headers: { accept: ACCEPT, ...(user === undefined ? {} : { authorization }) }, agent };
  }

  let credentials: Credentials | undefined = await read();

  function forget(): void {
    credentials?.agent.destroy();
    credentials = undefined;
  }

  return {
    address,
    async get(path) {
      credentials ??= await read();
      try {
        const answer = await request(`${address}${path}`, credentials, secrets.patienceMs);
        if (answer.status === 401 || answer.status === 403) forget();
        return answer;
      } catch (error) {
        forget();
        throw error;
      }
    },
    close: forget,
  };
}

interface Secrets {
  readonly basic?: readonly string[];
  readonly cert?: string;
  readonly key?: string;
  readonly passphrase?: string;
  readonly ca?: string;
}

async function secretsOf(access: readonly AccessConfiguration[], options: SecretsOptions): Promise<Secrets> {
  const parts = await Promise.all(access.map((entry) => secretOf(entry, options)));
  return Object.assign({}, ...parts);
}

async function secretOf({ type, uri }: AccessConfiguration, options: SecretsOptions): Promise<Secrets> {
  switch (type) {
    case "BASIC_AUTH": {
      const { username, password } = await readSecret(
        uri,
        { usedFor: type, needed: ["username", "password"] },
        options,
      );
      return { basic: [username, password] };
    }
    case "CLIENT_CERTIFICATE_TLS_AUTH": {
      const fields = {
        usedFor: type,
        needed: ["certificate", "privateKey"],
        optional: ["privateKeyPassword"],
      } as const;
      const { certificate, privateKey, privateKeyPassword } = await readSecret(uri, fields, options);
      const passphrase = privateKeyPassword === undefined ? {} : { passphrase: privateKeyPassword };
      return { cert: certificate, key: privateKey, ...passphrase };
    }
    case "SERVER_ROOT_CA_CERTIFICATE": {
      const { certificate } = await readSecret(uri, { usedFor: type, needed: ["certificate"] }, options);
      return { ca: certificate };
    }
    default:
      throw new Error(
        `SchemaRegistryConfig.AccessConfigs: ${type} is not carried out by the local event source: leave it out of this stage, or give a registry's address with --registry to use that one without it`,
      );
  }
}

function request(url: string, { headers, agent }: Credentials, withinMs = ANSWERED_WITHIN_MS): Promise<RegistryAnswer> {
  const { get } = url.startsWith("https:") ? https : http;
  return new Promise((resolve, reject) => {
    const failed = (cause: Error) => reject(new Error(`${url} does not answer: ${wordsOf(cause)}`, { cause }));
    const signal = AbortSignal.timeout(withinMs);
    const asked = get(url, { headers, agent, signal }, (response) => {
      response.toArray().then((chunks) => {
        resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() });
      }, failed);
    });
    asked.on("error", failed);
  });
}

// Refused on every address of a name is an AggregateError without words.
function wordsOf(error: Error & { readonly code?: string }): string {
  return error.message || error.code || error.name;
}
