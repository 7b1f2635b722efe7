// Keeps a function's places in Kafka from expiring. A consumer group without members, which every shadow group is, loses its offsets after
// `offsets.retention.minutes` (7 days by default) without a commit; records delivered again after that would be published again.

import type { KafkaConnection } from "./client.ts";
import { outputSuffixes } from "./dead-letter.ts";
import { ExactlyOnceProducer } from "./exactly-once.ts";
import { retrying } from "./retry.ts";

/**
 * Commits every shadow offset that the connection's owner has on a source topic again, and answers how many there were.
 * For a schedule, once a day: each renewal takes the place over and so costs a working instance one renewed producer, but never a record.
 * A keeper in another function opens its connection with `functionOwner(name)` of the function it looks after.
 */
export async function keepPlaces(connection: KafkaConnection, sourceTopic: string): Promise<number> {
  let kept = 0;
  for (const suffix of ["", ...outputSuffixes]) {
    const group = `${connection.owner}${suffix}`;
    for (const partition of await placesOf(connection, group, sourceTopic)) {
      const ledger = { group, source: { topic: sourceTopic, partition }, outputTopic: "" };
      const producer = new ExactlyOnceProducer(connection, ledger);
      await producer.refresh();
      await producer.close();
      kept += 1;
    }
  }
  return kept;
}

async function placesOf(connection: KafkaConnection, groupId: string, topic: string): Promise<number[]> {
  const [found] = await retrying(async () => (await connection.admin()).fetchOffsets({ groupId, topics: [topic] }));
  return (found?.partitions ?? []).filter(({ offset }) => Number(offset) >= 0).map(({ partition }) => partition);
}
