// Serverless plugin: `serverless invoke local` and `serverless offline` against the services of `npm run dev`, with nothing of AWS in reach.
// Without services they say at once what to start. List it after serverless-esbuild, whose bundle it runs.

import { randomBytes } from "node:crypto";
import { chartsFolder } from "./charts.ts";
import { findBrokers, readEndpoints } from "./endpoints.ts";
import { asObject, resolveValue, templateOf } from "./event-source/template/template.ts";
import { quietWarnings } from "./quiet-warnings.ts";

interface ServerlessFunction {
  readonly events?: readonly Readonly<Record<string, unknown>>[];
  handler: string;
  environment?: Record<string, unknown>;
}

/** The part of osls that this plugin touches. */
interface Serverless {
  readonly serviceDir: string;
  readonly processedInput: { readonly commands: readonly string[] };
  readonly service: {
    readonly provider: { readonly environment?: Readonly<Record<string, unknown>> };
    readonly functions?: Readonly<Record<string, ServerlessFunction>>;
    readonly resources?: unknown;
  };
  readonly classes: { readonly Error: new (message: string, code: string) => Error };
}

interface Options {
  readonly function?: string;
}

// Long enough for one turn of the emitter, short enough to wait for.
const EMIT_SECONDS = 2;
const PATIENCE_MS = 700;

export default class LocalStack {
  readonly hooks: Readonly<Record<string, () => void | Promise<void>>>;

  constructor(serverless: Serverless, { function: name }: Options) {
    const command = serverless.processedInput.commands.join(" ");
    const isInvokeLocal = command === "invoke local";
    const isOffline = command === "offline" || command === "offline start";
    // osls itself says when there is no function of that name.
    const invoked = () => (isInvokeLocal && name !== undefined ? serverless.service.functions?.[name] : undefined);
    this.hooks = {
      initialize: async () => {
        const declared = invoked();
        if (declared !== undefined) await useLocalServices(serverless, [declared], isolation(declared));
        // Requests to serverless-offline are the live topics' own, as those to the HTTP API of `npm run dev`.
        if (isOffline) await useLocalServices(serverless, Object.values(serverless.service.functions ?? {}), {});
      },
      "before:invoke:local:invoke": () => {
        const declared = invoked();
        quietWarnings();
        // osls looks for `<path>.js` and `.cjs`: the full name of the bundle is found as it is.
        if (declared !== undefined) declared.handler = declared.handler.replace(/\.(\w+)$/, ".mjs.$1");
      },
      finalize: () => {
        if (isInvokeLocal) endSoon();
      },
      error: () => {
        if (isInvokeLocal) endSoon();
      },
    };
  }
}

/** Lambda freezes what keeps connections open; here the bundler and a function's connections would keep the command from ending. */
function endSoon(): void {
  setTimeout(() => process.exit(), 100).unref();
}

async function useLocalServices(
  serverless: Serverless,
  functions: readonly ServerlessFunction[],
  more: Readonly<Record<string, string>>,
): Promise<void> {
  keepAwayFromAws();
  try {
    const [brokers, dynamodb] = await Promise.all([findBrokers(undefined), findDynamoDb()]);
    const services = {
      KAFKA_BROKERS: brokers.join(","),
      KAFKA_AUTH: process.env.KAFKA_AUTH || "none", // whatever the stage's own brokers ask for
      AWS_ENDPOINT_URL_DYNAMODB: dynamodb,
      ...storesOf(readEndpoints()),
      CHARTS_FOLDER: chartsFolder,
    };
    for (const one of functions) one.environment = { ...resolvedEnvironment(serverless, one), ...more, ...services };
  } catch (thrown) {
    const message = thrown instanceof Error ? thrown.message : String(thrown);
    throw new serverless.classes.Error(message, "LOCAL_SERVICES_NOT_FOUND");
  }
}

/** Credentials that open nothing, so that no call can end up in somebody's account, and none are searched for. */
function keepAwayFromAws(): void {
  process.env.AWS_ACCESS_KEY_ID = "local";
  process.env.AWS_SECRET_ACCESS_KEY = "local";
  delete process.env.AWS_SESSION_TOKEN;
  delete process.env.AWS_PROFILE;
  delete process.env.AWS_DEFAULT_PROFILE;
}

/** A sample's offsets would be taken for progress of the live topic: its state and groups get names of their own. */
function isolation({ events = [] }: ServerlessFunction): Record<string, string> {
  const readsKafka = events.some((event) => "kafka" in event || "msk" in event);
  if (readsKafka) return { NAMESPACE: `invoke-local-${randomBytes(4).toString("hex")}-` };
  return { EMIT_SECONDS: String(EMIT_SECONDS) };
}

/** The function's own environment and the provider's, with references such as `!Ref WindowsTable` as the local stack names them. */
function resolvedEnvironment(
  { service, serviceDir }: Serverless,
  invoked: ServerlessFunction,
): Record<string, unknown> {
  const template = templateOf(service.resources, serviceDir);
  return asObject(resolveValue(template, { ...service.provider.environment, ...invoked.environment })) ?? {};
}

/** The database and the registry, where the environment or a running stack says so; a function that needs none of them starts without. */
function storesOf(endpoints: ReturnType<typeof readEndpoints>): Record<string, string> {
  const stores = {
    DATABASE_URL: process.env.DATABASE_URL || endpoints?.databaseUrl,
    SCHEMA_REGISTRY_URL: process.env.SCHEMA_REGISTRY_URL || endpoints?.schemaRegistryUrl,
  };
  return Object.fromEntries(Object.entries(stores).flatMap(([name, value]) => (value ? [[name, value]] : [])));
}

async function findDynamoDb(): Promise<string> {
  const endpoint = process.env.DYNAMODB_ENDPOINT || readEndpoints()?.dynamodbEndpoint;
  if (!endpoint) {
    throw new Error(
      "No DynamoDB is known. Start one in another terminal with 'npm run dev', or name yours in DYNAMODB_ENDPOINT.",
    );
  }
  try {
    await fetch(endpoint, { signal: AbortSignal.timeout(PATIENCE_MS) }); // any answer will do: only a request with an action gets a good one
    return endpoint;
  } catch (cause) {
    throw new Error(
      `DynamoDB does not answer at ${endpoint}. Start it in another terminal with 'npm run dev', or mend the address.`,
      { cause },
    );
  }
}
