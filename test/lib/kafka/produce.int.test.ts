// The exactly-once output on a real broker: whatever is delivered twice, at once, or by a newer instance, each record comes out once, in order.
import { randomUUID } from "node:crypto";
import type { ProducerConfig } from "kafkajs";
import { expect, inject, test } from "vitest";
import { FencedError } from "../../../lib/errors.ts";
import type { KafkaConnection } from "../../../lib/kafka/client.ts";
import { consume } from "../../../lib/kafka/consume.ts";
import { deadLetterTo } from "../../../lib/kafka/dead-letter.ts";
import { keepPlaces } from "../../../lib/kafka/keep.ts";
import { transactionalOutput } from "../../../lib/kafka/produce.ts";
import { DecodedRecord } from "../../../lib/kafka/record.ts";
import { createTopics } from "../../../localstack/services/topics.ts";
import { kafkaClient, produce, readAll } from "../../support/kafka.ts";
import { kafkaEvent, wireRecord } from "../../support/kafka-event.ts";
import { deliver, wireRecordsOf } from "../../support/topic-events.ts";
import { until } from "../../support/until.ts";
import {
  expectOnceInOrder,
  fill,
  Input,
  instance,
  type Output,
  type Pipeline,
  pipeline,
  withPipelines,
} from "./pipeline.ts";

withPipelines();

test("the same event twice gives one output each, in the same instance and in a new one", async () => {
  const topics = await pipeline();
  const shares = await fill(topics, [40, 30]);
  const { handler } = instance(topics);
  await handler(kafkaEvent(...shares));
  await handler(kafkaEvent(...shares));
  await instance(topics).handler(kafkaEvent(...shares));
  await expectOnceInOrder(topics, shares.flat());
});

test("a record's trace goes on in the headers of what is made of it, no other header does", async () => {
  const topics = await pipeline();
  const traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  const headers = { traceparent, tracestate: "a=1", origin: "elsewhere-0@7" };
  const messages = [
    { partition: 0, value: '{"n":0}', headers },
    { partition: 0, value: '{"n":1}' },
  ];
  await produce(topics.source, messages);
  const shares = [...(await wireRecordsOf(topics.source)).values()];
  await instance(topics).handler(kafkaEvent(...shares));
  const found = (await readAll(topics.output)).map(({ value, headers: own }) => ({
    offset: JSON.parse(String(value)).offset,
    headers: Object.fromEntries(Object.entries(own).map(([name, bytes]) => [name, String(bytes)])),
  }));
  expect(found.sort((a, b) => a.offset - b.offset)).toEqual([
    { offset: 0, headers: { traceparent, tracestate: "a=1" } },
    { offset: 1, headers: {} },
  ]);
});

test("a batch that overlaps what is done adds only what is new", async () => {
  const topics = await pipeline();
  const [records = []] = await fill(topics, [100]);
  const { handler } = instance(topics);
  for (const [from, to] of [
    [0, 30],
    [10, 50],
    [49, 51],
    [0, 100],
  ])
    await handler(kafkaEvent(records.slice(from, to)));
  await expectOnceInOrder(topics, records);
});

test("an instance that was replaced finds done what its successor has done", async () => {
  const topics = await pipeline();
  const [records = []] = await fill(topics, [90]);
  const first = instance(topics);
  const second = instance(topics);
  await first.handler(kafkaEvent(records.slice(0, 30)));
  await second.handler(kafkaEvent(records.slice(30, 60)));
  await first.handler(kafkaEvent(records.slice(30, 60)));
  await first.handler(kafkaEvent(records.slice(60)));
  await second.handler(kafkaEvent(records.slice(60)));
  await expectOnceInOrder(topics, records);
});

test("two instances at once, with the same and overlapping batches, give each record once and in order", async () => {
  const topics = await pipeline();
  const shares = await fill(topics, [300, 200, 100]);
  const cut = (size: number, back: number) =>
    Array.from({ length: Math.ceil(300 / size) }, (_, i) =>
      kafkaEvent(
        ...shares
          .map((records) => records.slice(Math.max(0, i * size - back), (i + 1) * size))
          .filter((records) => records.length > 0),
      ),
    );
  const run = async (events: readonly unknown[]) => {
    const { handler } = instance(topics);
    for (const event of events) await deliver(handler, event);
  };
  await Promise.all([run(cut(50, 0)), run(cut(50, 0)), run(cut(70, 40))]);
  await expectOnceInOrder(topics, shares.flat());
});

test("one event handled twice at once by one instance gives each record once", async () => {
  const topics = await pipeline();
  const shares = await fill(topics, [50, 50]);
  const { handler } = instance(topics);
  await Promise.all([handler(kafkaEvent(...shares)), handler(kafkaEvent(...shares))]);
  await expectOnceInOrder(topics, shares.flat());
});

test("records that are left out are left out every time", async () => {
  const topics = await pipeline();
  const [records = []] = await fill(topics, [20]);
  const isEven = (n: number) => n % 2 === 0;
  const { handler } = instance(topics, isEven);
  await handler(kafkaEvent(records.slice(1, 2)));
  await handler(kafkaEvent(records));
  await instance(topics, isEven).handler(kafkaEvent(records));
  await expectOnceInOrder(
    topics,
    records.filter((_, n) => isEven(n)),
  );
});

test("a batch larger than a broker takes at once comes out whole and in order", async () => {
  const topics = await pipeline();
  const records = (await fill(topics, [2_500]))[0]!;
  const { connection } = instance(topics);
  const filler = "x".repeat(2_000);
  const big = transactionalOutput<Input, Output & { filler: string }>({
    topic: topics.output,
    key: () => "one",
    connection,
  });
  const handler = consume({
    input: Input,
    poison: deadLetterTo(topics.deadLetters, connection),
    process: (batch) => big.publish(batch, ({ partition, offset }) => ({ partition, offset, filler })),
  });
  await handler(kafkaEvent(records));
  const found = (await readAll(topics.output)).map(({ value }) => (JSON.parse(String(value)) as Output).offset);
  expect(found).toEqual(records.map(({ offset }) => offset));
});

test("an output topic that is not there fails the batch, and the records come out once it is", async () => {
  const topics = await pipeline();
  const shares = await fill(topics, [10]);
  const missing = { ...topics, output: `later-${randomUUID().slice(0, 8)}` };
  await expect(instance(missing).handler(kafkaEvent(...shares))).rejects.toThrow();
  await createTopics(inject("kafkaBrokers"), { [missing.output]: {} });
  await instance(missing).handler(kafkaEvent(...shares));
  await expectOnceInOrder(missing, shares.flat());
});

test("a failure inside the mapping leaves nothing behind", async () => {
  const topics = await pipeline();
  const shares = await fill(topics, [10]);
  const { handler } = instance(topics, (n) => {
    if (n === 7) throw new Error("not yet");
    return true;
  });
  await expect(handler(kafkaEvent(...shares))).rejects.toThrow("not yet");
  expect(await readAll(topics.output)).toEqual([]);
  await instance(topics).handler(kafkaEvent(...shares));
  await expectOnceInOrder(topics, shares.flat());
});

test("refreshing keeps the place, also while an instance is at work", async () => {
  const topics = await pipeline();
  const [records = []] = await fill(topics, [60]);
  const worker = instance(topics);
  const keeper = instance(topics);
  const source = { topic: topics.source, partition: 0 };
  await keeper.output.refresh(source); // nothing committed yet: nothing to keep
  expect(await committed(topics)).toBe(-1);
  await worker.handler(kafkaEvent(records.slice(0, 30)));
  await keeper.output.refresh(source);
  expect(await committed(topics)).toBe(30);
  await Promise.all([
    deliver(worker.handler, kafkaEvent(records)),
    keeper.output.refresh(source).catch(() => undefined),
  ]);
  // The broker answers a commit before the offset can be read.
  await until(async () => (await committed(topics)) === 60, "the last place");
  await expectOnceInOrder(topics, records);
});

test("a keeper renews all places of a function, and only those", async () => {
  const topics = await pipeline();
  const shares = await fill(topics, [10, 0, 10]);
  const worker = instance(topics);
  const poison = wireRecord({ topic: topics.source, partition: 2 }, { offset: 10, value: "poison" });
  await worker.handler(kafkaEvent(shares[0]!, [...shares[2]!, poison]));
  const keeper = instance(topics).connection;
  expect(await keepPlaces(keeper, topics.source)).toBe(3);
  await worker.handler(kafkaEvent(shares[0]!));
  expect(await committed(topics)).toBe(10);
  await expectOnceInOrder(topics, shares.flat());
});

test("an instance that is fenced twice in a row gives up its batch to the newer one", async () => {
  const topics = await pipeline();
  const [records = []] = await fill(topics, [10]);
  const { connection } = instance(topics);
  const rival = async () => {
    const producer = kafkaClient().producer({ transactionalId: `${topics.owner}-${topics.source}-0` });
    await producer.connect();
    await producer.transaction();
    await producer.disconnect();
  };
  const contested: KafkaConnection = {
    ...connection,
    kafka: Object.create(connection.kafka, {
      producer: {
        value: (config: ProducerConfig) => {
          const producer = connection.kafka.producer(config);
          const transaction = async () => {
            const begun = await producer.transaction();
            await rival();
            return begun;
          };
          return { ...producer, transaction };
        },
      },
    }),
  };
  const out = transactionalOutput<Input, Output>({ topic: topics.output, key: String, connection: contested });
  const batch = { topic: topics.source, partition: 0, firstOffset: 0, lastOffset: 9, records: [], wire: records };
  const decoded = records.map((wire, n) => new DecodedRecord(wire, { n }));
  const publishing = out.publish({ ...batch, records: decoded }, ({ partition, offset }) => ({ partition, offset }));
  await expect(publishing).rejects.toThrow(FencedError);
  expect(await readAll(topics.output)).toEqual([]);
});

async function committed({ owner, source }: Pipeline): Promise<number> {
  const admin = kafkaClient().admin();
  await admin.connect();
  const [topic] = await admin.fetchOffsets({ groupId: owner, topics: [source] });
  await admin.disconnect();
  return Number(topic?.partitions.find(({ partition }) => partition === 0)?.offset);
}
