// Topics are made once, and what exists otherwise than wanted is left and said.
import { randomUUID } from "node:crypto";
import { expect, inject, test } from "vitest";
import { createTopics } from "../../../localstack/services/topics.ts";
import { kafkaClient } from "../../support/kafka.ts";

const brokers = inject("kafkaBrokers");
const fresh = () => `topics-${randomUUID().slice(0, 8)}`;

test("missing topics are made as wanted, and a second time nothing changes", async () => {
  const [plain, compacted] = [fresh(), fresh()];
  const topics = {
    [plain]: {},
    [compacted]: { partitions: 5, cleanupPolicy: "compact" as const, maxMessageBytes: 2_000_000 },
  };
  expect(await createTopics(brokers, topics)).toEqual({ created: [plain, compacted], existing: [], differences: [] });
  expect(await createTopics(brokers, topics)).toEqual({ created: [], existing: [plain, compacted], differences: [] });
  expect([await partitionsOf(plain), await partitionsOf(compacted)]).toEqual([3, 5]);
});

test("an existing topic with other settings keeps them, and each difference is said", async () => {
  const topic = fresh();
  await createTopics(brokers, { [topic]: { partitions: 2 } });
  const { differences } = await createTopics(brokers, { [topic]: { partitions: 4, cleanupPolicy: "compact" } });
  expect(differences).toEqual([
    `Topic '${topic}' exists with partitions 2, not 4: delete it to have it made anew`,
    `Topic '${topic}' exists with cleanup.policy delete, not compact: delete it to have it made anew`,
  ]);
  expect(await partitionsOf(topic)).toBe(2);
});

test("two that make the same topic at once both succeed", async () => {
  const topic = fresh();
  const made = await Promise.all([createTopics(brokers, { [topic]: {} }), createTopics(brokers, { [topic]: {} })]);
  expect(made.flatMap(({ differences }) => differences)).toEqual([]);
});

async function partitionsOf(topic: string): Promise<number | undefined> {
  const admin = kafkaClient().admin();
  await admin.connect();
  const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
  await admin.disconnect();
  return topics[0]?.partitions.length;
}
