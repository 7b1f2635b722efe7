// Connections to the brokers, and what has to be known of topics before anything is polled.
import { type Admin, Kafka, type KafkaConfig, logLevel } from "kafkajs";
import { AccessError, problemOf } from "../access/problem.ts";

/** A cluster and how it is reached. */
export interface Cluster extends Readonly<Pick<KafkaConfig, "ssl" | "sasl" | "socketFactory">> {
  readonly brokers: readonly string[];
}

type Log = (message: string, facts: Readonly<Record<string, unknown>>) => void;

const TOPIC_POLL_MS = 1000;
/** Whom nobody answers is refused at once; a busy machine takes longer than kafkajs's second. */
const CONNECTED_WITHIN_MS = 10_000;
const SILENT_FOR_MS = 3000;

export function connectTo({ brokers, ...security }: Cluster, clientId: string): Kafka {
  return new Kafka({
    ...security,
    brokers: [...brokers],
    clientId,
    connectionTimeout: CONNECTED_WITHIN_MS,
    logLevel: logLevel.NOTHING,
    retry: { initialRetryTime: 100, retries: 8 },
  });
}

/** How many partitions the topic has; waits for a topic that isn't there yet. */
export async function partitionCount(cluster: Cluster, topic: string, log: Log): Promise<number> {
  // A broker that is just being started takes a while; about a minute is tried.
  const waiting = setTimeout(() => {
    log("Kafka does not answer yet: trying on for a minute", { brokers: cluster.brokers.join(",") });
  }, SILENT_FOR_MS);
  return withAdmin(cluster, async (admin) => {
    clearTimeout(waiting);
    for (let attempt = 0; ; attempt++) {
      const partitions = await partitionsOf(admin, topic);
      if (partitions !== undefined) return partitions;
      if (attempt % 30 === 0) log("the topic does not exist yet: waiting for it", {});
      await new Promise((resolve) => setTimeout(resolve, TOPIC_POLL_MS));
    }
  }).finally(() => clearTimeout(waiting));
}

export async function hasTopic(cluster: Cluster, topic: string): Promise<boolean> {
  return withAdmin(cluster, async (admin) => (await partitionsOf(admin, topic)) !== undefined);
}

// Asked by its name, a topic that the user may not see is refused; a list of all topics would leave it out.
async function partitionsOf(admin: Admin, topic: string): Promise<number | undefined> {
  try {
    const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
    return topics[0]?.partitions.length;
  } catch (error) {
    if (error instanceof Error && "type" in error && error.type === "UNKNOWN_TOPIC_OR_PARTITION") return undefined;
    throw error;
  }
}

/** The end of each partition: the offset that its next record will have. */
export async function endsOf(cluster: Cluster, topic: string): Promise<Map<number, number>> {
  const offsets = await withAdmin(cluster, (admin) => admin.fetchTopicOffsets(topic));
  return new Map(offsets.map(({ partition, high }) => [partition, Number(high)]));
}

/** Forgets a group that has no members left, with its offsets. */
export async function deleteGroup(cluster: Cluster, groupId: string): Promise<void> {
  await withAdmin(cluster, (admin) => admin.deleteGroups([groupId]));
}

async function withAdmin<T>(cluster: Cluster, task: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = connectTo(cluster, "event-source-setup").admin({ retry: { initialRetryTime: 100, retries: 3 } });
  try {
    await admin.connect().catch((cause) => {
      throw new Error(
        `Kafka does not answer at ${cluster.brokers.join(",")}${cluster.ssl ? " over TLS" : ""}: start it, or say with --brokers where it is.`,
        { cause },
      );
    });
    return await task(admin);
  } catch (cause) {
    const problem = problemOf(cause);
    throw problem === undefined ? cause : new AccessError(problem, { cause });
  } finally {
    await admin.disconnect();
  }
}
