import { expect, inject, test } from "vitest";
import { ConfigError } from "../../../lib/errors.ts";
import { createTopics } from "../../../localstack/services/topics.ts";
import { kafkaClient, readAll } from "../../support/kafka.ts";
import { kafkaEvent, wireRecord } from "../../support/kafka-event.ts";
import { deliver } from "../../support/topic-events.ts";
import { until } from "../../support/until.ts";
import { expectOnceInOrder, fill, instance, type Pipeline, pipeline, withPipelines } from "./pipeline.ts";

withPipelines();

test("a topic made anew is taken from its start, also by an instance that remembers the old one", async () => {
  const topics = await pipeline();
  const [before = []] = await fill(topics, [20]);
  const warm = instance(topics);
  await warm.handler(kafkaEvent(before));
  await remake(topics.source);
  const [after = []] = await fill(topics, [5]);
  // The broker forgets the topic's offsets a moment after the topic.
  await deliver(warm.handler, kafkaEvent(after), 1_000);
  await instance(topics).handler(kafkaEvent(after));
  expect((await readAll(topics.output)).length).toBe(before.length + after.length);
});

/** Offsets that outlive their topic: committed while it was being deleted, or brought back with a backup. */
async function publishedBefore(topics: Pipeline, count: number): Promise<void> {
  const old = Array.from({ length: count }, (_, offset) =>
    wireRecord({ topic: topics.source, partition: 0 }, { offset, value: { n: offset }, timestamp: 1_000 + offset }),
  );
  await instance(topics).handler(kafkaEvent(old));
}

test("a topic that ends before what was done is said to have been made anew; what the message says mends it", async () => {
  const topics = await pipeline();
  await publishedBefore(topics, 20);
  const [records = []] = await fill(topics, [5]);
  const older = records.map((record) => ({ ...record, timestamp: 1_000 }));
  const { handler } = instance(topics);
  const error = await handler(kafkaEvent(older)).catch((thrown: Error) => thrown.cause);
  expect(error).toBeInstanceOf(ConfigError);
  expect(String(error)).toMatch(/made anew: partition 0 was done up to offset 20, yet it ends at offset 5/);
  expect(String(error)).toContain(`delete consumer group '${topics.owner}'`);
  await deleteGroup(topics.owner);
  await handler(kafkaEvent(older));
  expect((await readAll(topics.output)).length).toBe(20 + records.length);
});

test("a topic made anew that has grown past what was done is said too, by its newer records", async () => {
  const topics = await pipeline();
  await publishedBefore(topics, 20);
  const [records = []] = await fill(topics, [50]);
  const said = /made anew.*the record at offset 0 is newer than all that were done/s;
  await expect(instance(topics).handler(kafkaEvent(records.slice(0, 10)))).rejects.toThrow(said);
  expect((await readAll(topics.output)).length).toBe(20);
});

test("a redelivery from a source with a transaction that is still open is no topic made anew", async () => {
  const topics = await pipeline();
  const writer = kafkaClient().producer({ transactionalId: `writer-${topics.source}`, transactionTimeout: 600_000 });
  await writer.connect();
  const transaction = await writer.transaction();
  await transaction.send({
    topic: topics.source,
    messages: Array.from({ length: 20 }, (_, n) => ({ partition: 0, value: JSON.stringify({ n }) })),
  });
  const at = { topic: topics.source, partition: 0 };
  const timestamp = 1_700_000_000_000;
  const records = Array.from({ length: 20 }, (_, n) => wireRecord(at, { offset: n, value: { n }, timestamp }));
  const { handler } = instance(topics);
  await handler(kafkaEvent(records)); // a reader of uncommitted records delivers them
  await handler(kafkaEvent(records));
  // Refused while it is open, for a while waited for first; and delivered again.
  const again = deliver(handler, kafkaEvent(records.slice(0, 10)), 1_000);
  await new Promise((resolve) => setTimeout(resolve, 100));
  await transaction.commit();
  await again;
  await writer.disconnect();
  await expectOnceInOrder(topics, records);
});

test("a redelivery of records that nothing came of is no topic made anew, though one of them is the newest", async () => {
  const topics = await pipeline();
  const [[first, left, last] = []] = await fill(topics, [3]);
  const newest = { ...left!, timestamp: left!.timestamp + 60_000 };
  const { handler } = instance(topics, (n) => n !== 1);
  for (const record of [first!, newest, last!]) await handler(kafkaEvent([record]));
  await instance(topics).handler(kafkaEvent([first!, newest]));
  await expectOnceInOrder(topics, [first!, last!]);
});

test("a record with another timestamp in the place of the last one done is noticed, though it is older", async () => {
  const topics = await pipeline();
  const [records = []] = await fill(topics, [3]);
  await instance(topics).handler(kafkaEvent(records));
  const other = records.map((record) => ({ ...record, timestamp: record.timestamp - 60_000 }));
  await expect(instance(topics).handler(kafkaEvent(other))).rejects.toThrow(/offset 2 is not the one that was done/);
});

async function remake(topic: string): Promise<void> {
  const admin = kafkaClient().admin();
  await admin.connect();
  await admin.deleteTopics({ topics: [topic], timeout: 300_000 });
  await until(async () => !(await admin.listTopics()).includes(topic), "the topic's end");
  await admin.disconnect();
  await createTopics(inject("kafkaBrokers"), { [topic]: {} });
}

async function deleteGroup(group: string): Promise<void> {
  const admin = kafkaClient().admin();
  await admin.connect();
  await admin.deleteGroups([group]);
  await admin.disconnect();
}
