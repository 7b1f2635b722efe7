// Connections to the brokers, and what has to be known of topics before anything is polled.
import type { ConnectionOptions } from "node:tls";
import { type Admin, Kafka, logLevel, type SASLOptions } from "kafkajs";

/** A cluster and how it is reached. */
export interface Cluster {
  readonly brokers: readonly string[];
  readonly ssl?: boolean | ConnectionOptions;
  readonly sasl?: SASLOptions;
}

type Log = (message: string, facts: Readonly<Record<string, unknown>>) => void;

const TOPIC_POLL_MS = 1000;

export function connectTo({ brokers, ...security }: Cluster, clientId: string): Kafka {
  return new Kafka({
    ...security,
    brokers: [...brokers],
    clientId,
    logLevel: logLevel.NOTHING,
    retry: { initialRetryTime: 100, retries: 8 },
  });
}

/** How many partitions the topic has; waits for a topic that isn't there yet. */
export async function partitionCount(cluster: Cluster, topic: string, log: Log): Promise<number> {
  return withAdmin(cluster, async (admin) => {
    for (let attempt = 0; !(await admin.listTopics()).includes(topic); attempt++) {
      if (attempt % 30 === 0) log("the topic does not exist yet: waiting for it", {});
      await new Promise((resolve) => setTimeout(resolve, TOPIC_POLL_MS));
    }
    const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
    return topics[0]?.partitions.length ?? 0;
  });
}

export async function hasTopic(cluster: Cluster, topic: string): Promise<boolean> {
  return withAdmin(cluster, async (admin) => (await admin.listTopics()).includes(topic));
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
    await admin.connect();
  } catch (cause) {
    throw new Error(
      `Kafka does not answer at ${cluster.brokers.join(",")}: start it, or say with --brokers where it is.`,
      {
        cause,
      },
    );
  }
  try {
    return await task(admin);
  } finally {
    await admin.disconnect();
  }
}
