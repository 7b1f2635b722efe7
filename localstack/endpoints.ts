// Where the stack listens: `npm run dev` writes it down while it is up, and `npm run gen` finds it there.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { UsageError } from "./console/options.ts";

export interface Endpoints {
  /** `host:port`, separated by commas. */
  readonly kafkaBrokers: string;
  readonly dynamodbEndpoint: string;
  /** As in DATABASE_URL. */
  readonly databaseUrl: string;
  /** As in SCHEMA_REGISTRY_URL. */
  readonly schemaRegistryUrl: string;
  /** Where the HTTP API listens: `http://127.0.0.1:4000`. */
  readonly httpUrl: string;
  /** The process that keeps them up. */
  readonly pid: number;
}

const file = fileURLToPath(new URL("../.local/endpoints.json", import.meta.url));

export function writeEndpoints(endpoints: Endpoints): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${JSON.stringify(endpoints, null, 2)}\n`);
}

export function removeEndpoints(): void {
  rmSync(file, { force: true });
}

/** What a running `npm run dev` has written; what a dead one left behind counts as nothing. */
export function readEndpoints(): Endpoints | undefined {
  try {
    const endpoints: Endpoints = JSON.parse(readFileSync(file, "utf8"));
    return isRunning(endpoints.pid) ? endpoints : undefined;
  } catch {
    return undefined;
  }
}

/** Whether there is such a process. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** The brokers to talk to: those given, else KAFKA_BROKERS, else those of a running `npm run dev`; at least one of them answers. */
export async function findBrokers(given: string | undefined): Promise<string[]> {
  const [where, list] = [
    ["--brokers", given],
    ["KAFKA_BROKERS", process.env.KAFKA_BROKERS],
    [".local/endpoints.json", readEndpoints()?.kafkaBrokers],
  ].find(([, value]) => value) ?? ["", ""];
  if (!list) {
    throw new UsageError(
      "No Kafka broker is known. Start one in another terminal with 'npm run dev', or name yours with --brokers or KAFKA_BROKERS.",
    );
  }
  const brokers = list.split(",").map((broker) => broker.trim());
  const answers = await Promise.all(brokers.map(answersTcp));
  if (answers.includes(true)) return brokers;
  throw new UsageError(
    `Nothing listens at ${list} (from ${where}). Start a broker in another terminal with 'npm run dev', or mend the address.`,
  );
}

/** The schema registry to talk to: the one given, else SCHEMA_REGISTRY_URL, else that of a running `npm run dev`. */
export async function findSchemaRegistry(given: string | undefined): Promise<string> {
  const url = given ?? process.env.SCHEMA_REGISTRY_URL ?? readEndpoints()?.schemaRegistryUrl;
  if (!url) {
    throw new UsageError(
      "No schema registry is known. Start one in another terminal with 'npm run dev', or name yours with --registry or SCHEMA_REGISTRY_URL.",
    );
  }
  const answers = await fetch(`${url}/subjects`, { signal: AbortSignal.timeout(5_000) }).then(
    ({ ok }) => ok,
    () => false,
  );
  if (answers) return url;
  throw new UsageError(`No schema registry answers at ${url}. Start one with 'npm run dev', or mend the address.`);
}

/** Where POST /track listens: as given, else TRACK_URL, else the HTTP API of a running `npm run dev`. */
export async function findHttpApi(given: string | undefined): Promise<string> {
  const url = (given ?? process.env.TRACK_URL ?? readEndpoints()?.httpUrl)?.replace(/\/+$/, "");
  if (!url) {
    throw new UsageError(
      "No HTTP API is known. Start one in another terminal with 'npm run dev', or name yours with --url or TRACK_URL.",
    );
  }
  const answers = await fetch(`${url}/openapi.json`, { signal: AbortSignal.timeout(10_000) }).then(
    ({ ok }) => ok,
    () => false,
  );
  if (answers) return url;
  throw new UsageError(
    `No HTTP API answers at ${url}/openapi.json. Start one with 'npm run dev', or mend the address.`,
  );
}

function answersTcp(broker: string): Promise<boolean> {
  const colon = broker.lastIndexOf(":");
  const [host, port] = [broker.slice(0, colon), Number(broker.slice(colon + 1))];
  if (colon < 1 || !Number.isInteger(port) || port < 1 || port > 65_535) {
    throw new UsageError(`'${broker}' is not the address of a broker: write it as host:port.`);
  }
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: 1000 });
    const settle = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.on("connect", () => settle(true));
    socket.on("error", () => settle(false));
    socket.on("timeout", () => settle(false));
  });
}
