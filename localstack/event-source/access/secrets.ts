// Secrets that a mapping's access configurations name: from a local file that the user gives for one, else from Secrets Manager at
// the AWS endpoint in force. Read anew each time, so that a rotated secret is seen. Nothing of a secret's content is ever said.
// https://docs.aws.amazon.com/lambda/latest/dg/kafka-cluster-auth.html
import { readFile } from "node:fs/promises";
import type { SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import {
  type AwsEndpoint,
  type AwsEndpointOptions,
  awsClientSettings,
  awsEndpointFor,
  howToSetEndpoint,
} from "../aws/endpoint.ts";
import { asObject } from "../template/template.ts";

/** Where secrets are read. */
export interface SecretsOptions extends AwsEndpointOptions {
  /** Local files that stand for secrets, by ARN or name: `--secret`. */
  readonly secretFiles?: ReadonlyMap<string, string>;
}

/** What a type of access configuration reads of its secret. */
export interface SecretFields<Needed extends string, Optional extends string = never> {
  /** What the secret is for, such as `BASIC_AUTH`. */
  readonly usedFor: string;
  readonly needed: readonly Needed[];
  readonly optional?: readonly Optional[];
}

export type Secret<Needed extends string, Optional extends string = never> = Readonly<
  Record<Needed, string> & Partial<Record<Optional, string>>
>;

/** A secret that can't be read or isn't what its use needs. */
export class SecretError extends Error {}

/** The secret's fields. Throws `SecretError` with what is wrong and what to do. */
export async function readSecret<Needed extends string, Optional extends string = never>(
  arn: string,
  fields: SecretFields<Needed, Optional>,
  options: SecretsOptions = {},
): Promise<Secret<Needed, Optional>> {
  const what = `Secret '${arn}' (${fields.usedFor})`;
  const { text, from } = await textOf(arn, what, options);
  const content = parsed(text);
  if (content === undefined) throw new SecretError(`${what}: ${from} is not a JSON object. ${shapeOf(fields)}`);
  const missing = fields.needed.filter((name) => !isText(content[name]));
  const broken = (fields.optional ?? []).filter((name) => content[name] !== undefined && !isText(content[name]));
  if (missing.length + broken.length > 0) {
    const names = [...missing, ...broken].map((name) => `'${name}'`).join(" and ");
    throw new SecretError(`${what}: ${from} has no text in ${names}. ${shapeOf(fields)}`);
  }
  const present = [...fields.needed, ...(fields.optional ?? [])].filter((name) => isText(content[name]));
  return Object.fromEntries(present.map((name) => [name, content[name]])) as Secret<Needed, Optional>;
}

/** Files by the secrets they stand for, from `ARN-or-name=FILE`. */
export function secretFilesOf(assignments: readonly string[]): ReadonlyMap<string, string> {
  return new Map(
    assignments.map((text) => {
      const equals = text.indexOf("=");
      if (equals < 1 || equals === text.length - 1) {
        throw new Error(`--secret takes ARN-or-name=FILE, a file of JSON that stands for the secret: got '${text}'`);
      }
      return [text.slice(0, equals), text.slice(equals + 1)];
    }),
  );
}

async function textOf(arn: string, what: string, options: SecretsOptions): Promise<{ text: string; from: string }> {
  const file = fileFor(arn, options.secretFiles);
  if (file !== undefined) return { text: await contentOf(file, what), from: `the file ${file}` };
  const endpoint = awsEndpointFor("secretsmanager", options);
  if (endpoint === undefined) {
    throw new SecretError(
      `${what} can't be read: name a file of JSON for it with --secret ${nameOf(arn)}=FILE, or ${howToSetEndpoint("secretsmanager")}.`,
    );
  }
  return { text: await askSecretsManager(arn, what, { endpoint, options }), from: "it" };
}

/** The file given for the ARN, or for the secret's name: an ARN ends in the name, `-` and six characters of AWS's own. */
function fileFor(arn: string, files: ReadonlyMap<string, string> = new Map()): string | undefined {
  return files.get(arn) ?? files.get(nameOf(arn)) ?? files.get(lastPart(arn));
}

function nameOf(arn: string): string {
  return lastPart(arn).replace(/-[A-Za-z0-9]{6}$/, "");
}

function lastPart(arn: string): string {
  return arn.startsWith("arn:") ? arn.split(":").slice(6).join(":") : arn;
}

async function contentOf(file: string, what: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (cause) {
    throw new SecretError(`${what}: the file ${file}, given with --secret, can't be read`, { cause });
  }
}

async function askSecretsManager(
  arn: string,
  what: string,
  { endpoint, options }: { readonly endpoint: AwsEndpoint; readonly options: SecretsOptions },
): Promise<string> {
  const where = endpoint.kind === "aws" ? "Secrets Manager on AWS" : `Secrets Manager at ${endpoint.url}`;
  const { GetSecretValueCommand, ResourceNotFoundException, SecretsManagerClient } = await import(
    "@aws-sdk/client-secrets-manager" // here, for most mappings need no secret
  );
  const region = arn.split(":")[3] || "us-east-1";
  const client: SecretsManagerClient = new SecretsManagerClient(
    awsClientSettings(endpoint, region, options.environment),
  );
  try {
    const { SecretString } = await client.send(new GetSecretValueCommand({ SecretId: arn }));
    return SecretString ?? "";
  } catch (cause) {
    if (cause instanceof ResourceNotFoundException) {
      throw new SecretError(
        `${what} is not found: ${where} has no such secret in ${region}. Create it there, or name a file for it with --secret ${nameOf(arn)}=FILE.`,
        { cause },
      );
    }
    const why = cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause);
    throw new SecretError(`${what}: ${where} does not give it (${why})`, { cause });
  } finally {
    client.destroy();
  }
}

// What a parser says of bad JSON quotes it, so its words are not passed on.
function parsed(text: string): Record<string, unknown> | undefined {
  try {
    return asObject(JSON.parse(text));
  } catch {
    return undefined;
  }
}

function isText(value: unknown): boolean {
  return typeof value === "string" && value !== "";
}

function shapeOf({ needed, optional = [] }: SecretFields<string, string>): string {
  const fields = [...needed.map((name) => `"${name}": "…"`), ...optional.map((name) => `"${name}": "…" (optional)`)];
  return `It takes {${fields.join(", ")}}.`;
}
