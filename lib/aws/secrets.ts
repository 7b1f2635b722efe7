// Secrets by reference: the environment names one by its ARN, Secrets Manager tells it when it is needed.
// The call is signed and sent without the SDK's client, which would add 94 kB to every function.
// https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html

import { setTimeout as wait } from "node:timers/promises";
import { optional } from "../config.ts";
import { ConfigError, messageOf } from "../errors.ts";
import { awsDomain, signerFor } from "./signing.ts";

/** What a secret holds, by name. */
export type Secret = Readonly<Record<string, string>>;

const TIMEOUT_MS = 3_000;
const TRIES = 3;
const ARN = /^arn:[\w-]+:secretsmanager:([\w-]+):\d{12}:secret:[\w/+=.@!-]+$/;

/** Whether a setting names a secret rather than being one. */
export function isSecretArn(setting: string): boolean {
  return ARN.test(setting);
}

/** The names and values in a secret whose text is a JSON object, as `{"username":"…","password":"…"}`. */
export async function fetchSecret(arn: string): Promise<Secret> {
  const region = ARN.exec(arn)?.[1];
  if (region === undefined) {
    throw new ConfigError(
      `A secret is named by its ARN, arn:aws:secretsmanager:<region>:<account>:secret:<name>: got ${JSON.stringify(arn)}.`,
    );
  }
  return fieldsOf(arn, await answerTo(arn, region));
}

/** One named value of a secret. */
export function fieldOf(secret: Secret, name: string, arn: string): string {
  const value = secret[name];
  if (value !== undefined && value !== "") return value;
  throw new ConfigError(`Secret ${arn} has no '${name}': put it there, as {"${name}":"…"}.`);
}

async function answerTo(arn: string, region: string): Promise<string> {
  for (let tried = 1; ; tried++) {
    const { status, text } = await ask(arn, region).catch((cause) => ({ status: 0, text: messageOf(cause) }));
    if (status === 200) return text;
    const isTemporary = status === 0 || status >= 500 || /Throttling|TooManyRequests|LimitExceeded/.test(text);
    if (!isTemporary) {
      throw new ConfigError(
        `Secret ${arn} can't be read: ${reasonIn(text)}. Mend its ARN, or let the function's role do secretsmanager:GetSecretValue on it.`,
      );
    }
    if (tried === TRIES) {
      throw new Error(`Secrets Manager does not tell secret ${arn}: ${status === 0 ? text : reasonIn(text)}`);
    }
    await wait(100 * 2 ** tried);
  }
}

async function ask(arn: string, region: string): Promise<{ status: number; text: string }> {
  const address = new URL(
    optional("AWS_ENDPOINT_URL_SECRETS_MANAGER") ??
      optional("AWS_ENDPOINT_URL") ??
      `https://secretsmanager.${region}.${awsDomain(region)}`,
  );
  const body = JSON.stringify({ SecretId: arn });
  const { headers } = await signerFor("secretsmanager", region).sign({
    method: "POST",
    protocol: address.protocol,
    hostname: address.hostname,
    path: "/",
    headers: {
      host: address.host,
      "content-type": "application/x-amz-json-1.1",
      "x-amz-target": "secretsmanager.GetSecretValue",
    },
    body,
  });
  const { host: _, ...own } = headers; // fetch writes it itself
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  const response = await fetch(new URL("/", address), { method: "POST", headers: own, body, signal });
  return { status: response.status, text: await response.text() };
}

/** Never the answer itself, which may hold what is secret. */
function reasonIn(answer: string): string {
  const { __type, message, Message } = parsed(answer);
  return [__type, message ?? Message].filter(Boolean).join(": ") || "no reason given";
}

function fieldsOf(arn: string, answer: string): Secret {
  const fields = parsed(String(parsed(answer).SecretString ?? ""));
  const texts = Object.entries(fields).filter((entry): entry is [string, string] => typeof entry[1] === "string");
  if (texts.length === 0) {
    throw new ConfigError(`Secret ${arn} must hold a JSON object of texts, such as {"username":"…","password":"…"}.`);
  }
  return Object.fromEntries(texts);
}

function parsed(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}
