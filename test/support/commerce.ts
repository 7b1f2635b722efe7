// The commerce pipeline of a test of its own: topics, a database, a table of claims, and its functions as processes that may be killed.
import { type ChildProcess, fork } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { afterAll, inject } from "vitest";
import { type EventType, eventTypes } from "../../functions/commerce/schema.ts";
import type { KafkaEvent } from "../../lib/kafka/event.ts";
import { database } from "../../lib/postgres/database.ts";
import { freshTopic, readAll } from "./kafka.ts";
import { kafkaEvent } from "./kafka-event.ts";
import { databaseUrl, schemaRegistryUrl } from "./on-demand.ts";
import { wireOf } from "./topic-events.ts";
import { windowsTable } from "./windows-table.ts";

export interface Commerce {
  readonly topics: Readonly<Record<EventType | "dead" | "parked" | "replayed", string>>;
  readonly databaseUrl: string;
  readonly schemaRegistryUrl: string;
  /** Where requests' idempotency keys are. */
  readonly claims: Awaited<ReturnType<typeof windowsTable>>;
  /** Starts an environment of a function; `track` handles HTTP events, the others Kafka's. */
  start(name: "track" | "correct" | EventType, options?: StartOptions): Promise<Instance>;
  /** The rows of processed_events. */
  rows(): Promise<readonly EventRow[]>;
}

export interface StartOptions {
  /** See kill-at.ts. */
  readonly killAt?: string;
  readonly environment?: Readonly<Record<string, string>>;
}

export interface EventRow {
  readonly event_name: string;
  readonly event_type: string;
  readonly triggered_at: Date;
  readonly user_details: unknown;
  readonly event_details: unknown;
  /** topic/partition/offset. */
  readonly origin: string;
}

export type Answer =
  | { readonly kind: "ready" }
  | { readonly kind: "done"; readonly response: unknown }
  | { readonly kind: "failed"; readonly message: string };

export interface Instance {
  readonly process: ChildProcess;
  /** What the function answers, or undefined where it dies first. */
  invoke(event: unknown): Promise<Answer | undefined>;
  kill(): Promise<void>;
}

const program = fileURLToPath(new URL("commerce-instance.ts", import.meta.url));
const running = new Set<ChildProcess>();

afterAll(() => {
  for (const child of running) child.kill("SIGKILL");
});

export async function commerce(): Promise<Commerce> {
  const large = { maxMessageBytes: 2_000_000 };
  const [order, purchase, delivery, dead, parked, replayed] = (await Promise.all([
    freshTopic({ name: "event_order" }),
    freshTopic({ name: "event_purchase" }),
    freshTopic({ name: "event_delivery" }),
    freshTopic({ name: "events_dlq", ...large }),
    freshTopic({ name: "events_parked", ...large, maxMessageBytes: 2_100_000 }),
    freshTopic({ name: "events_replayed" }),
  ])) as [string, string, string, string, string, string];
  const topics = { order, purchase, delivery, dead, parked, replayed };
  const id = randomUUID().slice(0, 8);
  const [server, registry, claims] = await Promise.all([databaseUrl(), schemaRegistryUrl(), windowsTable()]);
  const url = Object.assign(new URL(server), { pathname: `/commerce_${id}` }).href;

  function environmentOf(name: "track" | "correct" | EventType): Record<string, string> {
    return {
      FUNCTION: name === "track" || name === "correct" ? name : "store",
      AWS_LAMBDA_FUNCTION_NAME: `${name}-${id}`,
      KAFKA_BROKERS: inject("kafkaBrokers"),
      AWS_ENDPOINT_URL_DYNAMODB: inject("dynamodbEndpoint"),
      AWS_ACCESS_KEY_ID: "local",
      AWS_SECRET_ACCESS_KEY: "local",
      AWS_REGION: "us-east-1",
      SCHEMA_REGISTRY_URL: registry,
      DATABASE_URL: url,
      CLAIMS_TABLE: claims.table,
      EVENT_TYPE: name,
      DEAD_LETTER_TOPIC: dead,
      PARKED_TOPIC: parked,
      ORDER_TOPIC: order,
      PURCHASE_TOPIC: purchase,
      DELIVERY_TOPIC: delivery,
    };
  }

  return {
    topics,
    databaseUrl: url,
    schemaRegistryUrl: registry,
    claims,
    start: (name, { killAt = "", environment = {} } = {}) =>
      startInstance({ ...environmentOf(name), KILL_AT: killAt, ...environment }),
    async rows() {
      const db = database({ url });
      try {
        const text =
          "SELECT event_name, event_type, triggered_at, user_details, event_details, topic || '/' || partition || '/' || kafka_offset AS origin FROM processed_events";
        return (await db.query<EventRow>(text)).rows;
      } finally {
        await db.close();
      }
    },
  };
}

async function startInstance(environment: Readonly<Record<string, string>>): Promise<Instance> {
  const child = fork(program, {
    env: { ...process.env, ...environment },
    stdio: ["ignore", process.env.SHOW_LOGS ? "inherit" : "ignore", "inherit", "ipc"],
  });
  running.add(child);
  child.once("exit", () => running.delete(child));
  if ((await answerOf(child))?.kind !== "ready")
    throw new Error(`The instance of ${environment.FUNCTION} did not start`);
  return {
    process: child,
    invoke(event) {
      child.send(event as object, () => undefined);
      return answerOf(child);
    },
    async kill() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, "exit");
      child.kill("SIGKILL");
      await ended;
    },
  };
}

function answerOf(child: ChildProcess): Promise<Answer | undefined> {
  const { promise, resolve } = Promise.withResolvers<Answer | undefined>();
  child.once("message", (message) => resolve(message as Answer));
  child.once("exit", () => resolve(undefined));
  return promise;
}

const BATCH = 100;

/**
 * The topic's records as the event source hands them out: batches of a hundred, every partition's in order, and with them what aborted
 * transactions left behind, for pollers may read without regard to transactions.
 */
export async function eventsOf(topic: string): Promise<readonly KafkaEvent[]> {
  const records = (await readAll(topic, { isolation: "read_uncommitted" })).map(wireOf);
  const shares = [...Map.groupBy(records, ({ partition }) => partition).values()];
  const longest = Math.max(0, ...shares.map(({ length }) => length));
  return Array.from({ length: Math.ceil(longest / BATCH) }, (_, i) =>
    kafkaEvent(...shares.map((share) => share.slice(i * BATCH, (i + 1) * BATCH)).filter((share) => share.length > 0)),
  );
}

/** Hands every topic's records to its function from the start, again and again, until nothing new comes of it. */
export async function settle(
  { topics }: Commerce,
  run: (name: EventType | "correct", event: KafkaEvent) => Promise<void>,
): Promise<void> {
  for (let before = -1, now = 0; before !== now; ) {
    before = now;
    for (const type of eventTypes) for (const event of await eventsOf(topics[type])) await run(type, event);
    for (const event of await eventsOf(topics.dead)) await run("correct", event);
    const counts = await Promise.all(Object.values(topics).map(async (topic) => (await readAll(topic)).length));
    now = counts.reduce((sum, count) => sum + count, 0);
  }
}
