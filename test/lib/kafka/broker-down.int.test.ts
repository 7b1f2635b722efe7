// A broker of its own that goes away: a batch fails rather than be lost, and once the broker is back each record is there once.
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { z } from "zod";
import { openConnection } from "../../../lib/kafka/client.ts";
import { consume } from "../../../lib/kafka/consume.ts";
import { deadLetterTo } from "../../../lib/kafka/dead-letter.ts";
import type { WireRecord } from "../../../lib/kafka/event.ts";
import { transactionalOutput } from "../../../lib/kafka/produce.ts";
import { type Services, startServices } from "../../../localstack/services/services.ts";
import { createTopics } from "../../../localstack/services/topics.ts";
import { kafkaClient, readAll } from "../../support/kafka.ts";
import { kafkaEvent, wireRecord } from "../../support/kafka-event.ts";
import { quiet } from "../../support/quiet.ts";
import { deliver } from "../../support/topic-events.ts";

let services: Services<"kafka">;

beforeAll(async () => {
  services = await startServices({ want: ["kafka"], from: ["embedded"], environment: {} });
  quiet();
});

afterAll(async () => {
  vi.restoreAllMocks();
  await services.stop();
});

test("a broker that is killed and comes back in the middle of the work has each record once, and no poison twice", async () => {
  const brokers = services.kafkaBrokers;
  await createTopics(brokers, { source: {}, output: {}, dlq: {} });
  const connection = openConnection({ brokers: [brokers], owner: `down-${randomUUID().slice(0, 8)}` });
  const output = transactionalOutput<number, number>({ topic: "output", key: String, connection });
  const handler = consume({
    input: z.int(),
    poison: deadLetterTo("dlq", connection),
    process: (batch) => output.publish(batch, ({ value }) => value),
  });
  const batches = Array.from({ length: 60 }, (_, batch) =>
    [0, 1, 2].map((partition) =>
      Array.from({ length: 20 }, (_, i) => {
        const offset = batch * 20 + i;
        const value = i === 7 ? `poison ${partition}-${offset}` : offset * 3 + partition;
        return wireRecord({ topic: "source", partition }, { offset, value });
      }),
    ),
  );
  await fill(brokers, batches.flat(2));
  let failures = 0;
  const counted: typeof handler = (event) =>
    handler(event).catch((error) => {
      failures += 1;
      throw error;
    });

  let restarted = Promise.resolve();
  for (const [i, batch] of batches.entries()) {
    if (i === 20 || i === 40) {
      await restarted;
      restarted = services.kafka.restart();
    }
    await deliver(counted, kafkaEvent(...batch), 1_000);
  }
  await restarted;
  await connection.close();

  const valid = batches.flat(2).filter(({ offset }) => offset % 20 !== 7);
  const expected = valid.map(({ offset, partition }) => offset * 3 + partition).sort(byNumber);
  const found = (await readAll("output", { brokers })).map(({ value, partition }) => ({ partition, n: Number(value) }));
  expect(found.map(({ n }) => n).sort(byNumber)).toEqual(expected);
  for (const share of Map.groupBy(found, ({ n, partition }) => `${n % 3} to ${partition}`).values()) {
    expect(share.map(({ n }) => n)).toEqual(share.map(({ n }) => n).sort(byNumber));
  }
  expect(await readAll("dlq", { brokers })).toHaveLength(60 * 3);
  console.info(`deliveries that failed while the broker was away: ${failures}`);
});

test("while the broker stays away a batch fails, and says so, rather than wait for ever", async () => {
  const connection = openConnection({ brokers: [services.kafkaBrokers], owner: "away" });
  const output = transactionalOutput<number, number>({ topic: "output", key: String, connection });
  const handler = consume({
    input: z.int(),
    poison: deadLetterTo("dlq", connection),
    process: (batch) => output.publish(batch, ({ value }) => value),
  });
  await services.kafka.kill();
  const record = wireRecord({ topic: "source", partition: 0 }, { offset: 99_999, value: 1 });
  await expect(handler(kafkaEvent([record]))).rejects.toThrow(/1 of 1 partitions failed/);
  await connection.close();
});

/** The source holds the records that are delivered, so that a redelivery is told from a topic made anew. */
async function fill(brokers: string, records: readonly WireRecord[]): Promise<void> {
  const producer = kafkaClient(brokers).producer({ idempotent: true });
  await producer.connect();
  const messages = records.map(({ partition, value }) => ({ partition, value: Buffer.from(value ?? "", "base64") }));
  await producer.send({ topic: "source", messages });
  await producer.disconnect();
}

function byNumber(one: number, other: number): number {
  return one - other;
}
