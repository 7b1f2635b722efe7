// The exactly-once output on a real broker: whatever is delivered twice, at once, or by a newer instance, each record comes out once, in order.
import { randomUUID } from "node:crypto";
import type { ProducerConfig } from "kafkajs";
import { afterEach, beforeEach, expect, inject, test, vi } from "vitest";
import { z } from "zod";
import { ConfigError, FencedError } from "../../../lib/errors.ts";
import { type KafkaConnection, openConnection } from "../../../lib/kafka/client.ts";
import { consume, type Handler } from "../../../lib/kafka/consume.ts";
import { deadLetterTo } from "../../../lib/kafka/dead-letter.ts";
import type { WireRecord } from "../../../lib/kafka/event.ts";
import { keepPlaces } from "../../../lib/kafka/keep.ts";
import { partitionOfKey } from "../../../lib/kafka/partitioner.ts";
import { type TransactionalOutput, transactionalOutput } from "../../../lib/kafka/produce.ts";
import { DecodedRecord } from "../../../lib/kafka/record.ts";
import { createTopics } from "../../../localstack/services/topics.ts";
import { freshTopic, kafkaClient, produce, readAll } from "../../support/kafka.ts";
import { kafkaEvent, wireRecord } from "../../support/kafka-event.ts";
import { deliver, wireRecordsOf } from "../../support/topic-events.ts";

const Input = z.object({ n: z.int() });
type Input = z.infer<typeof Input>;
interface Output {
  readonly partition: number;
  readonly offset: number;
}

interface Instance {
  readonly handler: Handler;
  readonly output: TransactionalOutput<Input, Output>;
  readonly connection: KafkaConnection;
}

interface Pipeline {
  readonly owner: string;
  readonly source: string;
  readonly output: string;
  readonly deadLetters: string;
}

let open: KafkaConnection[];

beforeEach(() => {
  open = [];
  vi.spyOn(process.stdout, "write").mockReturnValue(true);
});

afterEach(async () => {
  vi.restoreAllMocks();
  await Promise.all(open.map((connection) => connection.close()));
});

async function pipeline(): Promise<Pipeline> {
  const [source, output, deadLetters] = await Promise.all(
    ["source", "output", "dlq"].map((name) => freshTopic({ name })),
  );
  return { owner: `enrich-${randomUUID().slice(0, 8)}`, source: source!, output: output!, deadLetters: deadLetters! };
}

/** An execution environment of the pipeline's function. Odd numbers are left out where `where` says so. */
function instance({ owner, output, deadLetters }: Pipeline, where: (n: number) => boolean = () => true): Instance {
  const connection = openConnection({ brokers: inject("kafkaBrokers").split(","), owner });
  open.push(connection);
  const out = transactionalOutput<Input, Output>({ topic: output, key: ({ n }) => `key-${n % 10}`, connection });
  const handler = consume({
    input: Input,
    poison: deadLetterTo(deadLetters, connection),
    process: (batch) =>
      out.publish(batch, ({ value, partition, offset }) => (where(value.n) ? { partition, offset } : undefined)),
  });
  return { handler, output: out, connection };
}

async function fill({ source }: Pipeline, counts: readonly number[]): Promise<readonly (readonly WireRecord[])[]> {
  await produce(
    source,
    counts.flatMap((count, partition) =>
      Array.from({ length: count }, (_, n) => ({ partition, key: `k${n}`, value: JSON.stringify({ n }) })),
    ),
  );
  const records = await wireRecordsOf(source);
  return counts.map((_, partition) => records.get(partition) ?? []);
}

/** What a reader of committed records finds: each of `records` once, and in each output partition every source's in its order. */
async function expectOnceInOrder({ output }: Pipeline, records: readonly WireRecord[]): Promise<void> {
  const found = (await readAll(output)).map(({ partition, key, value }) => ({
    to: partition,
    key: String(key),
    ...(JSON.parse(String(value)) as Output),
  }));
  const name = ({ partition, offset }: Output) => `${partition}:${offset}`;
  expect(found.map(name).sort()).toEqual(records.map(name).sort());
  for (const share of Map.groupBy(found, ({ partition, to }) => `${partition} to ${to}`).values()) {
    expect(share.map(({ offset }) => offset)).toEqual(share.map(({ offset }) => offset).sort((a, b) => a - b));
  }
  for (const { to, key } of found) expect(to).toBe(partitionOfKey(key, 3));
}

test("the same event twice gives one output each, in the same instance and in a new one", async () => {
  const topics = await pipeline();
  const shares = await fill(topics, [40, 30]);
  const { handler } = instance(topics);
  await handler(kafkaEvent(...shares));
  await handler(kafkaEvent(...shares));
  await instance(topics).handler(kafkaEvent(...shares));
  await expectOnceInOrder(topics, shares.flat());
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
  expect(await committed(topics)).toBe(60);
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

test("a topic made anew is taken from its start, also by an instance that remembers the old one", async () => {
  const topics = await pipeline();
  const [before = []] = await fill(topics, [20]);
  const warm = instance(topics);
  await warm.handler(kafkaEvent(before));
  await remake(topics.source);
  const [after = []] = await fill(topics, [5]);
  await warm.handler(kafkaEvent(after));
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
  const writer = kafkaClient().producer({ transactionalId: `writer-${topics.source}`, transactionTimeout: 60_000 });
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
  const again = handler(kafkaEvent(records.slice(0, 10)));
  await new Promise((resolve) => setTimeout(resolve, 100));
  await transaction.commit();
  await again;
  await writer.disconnect();
  await expectOnceInOrder(topics, records);
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
  await admin.deleteTopics({ topics: [topic] });
  await vi.waitFor(async () => expect(await admin.listTopics()).not.toContain(topic), { timeout: 10_000 });
  await admin.disconnect();
  await createTopics(inject("kafkaBrokers"), { [topic]: {} });
}

async function deleteGroup(group: string): Promise<void> {
  const admin = kafkaClient().admin();
  await admin.connect();
  await admin.deleteGroups([group]);
  await admin.disconnect();
}

async function committed({ owner, source }: Pipeline): Promise<number> {
  const admin = kafkaClient().admin();
  await admin.connect();
  const [topic] = await admin.fetchOffsets({ groupId: owner, topics: [source] });
  await admin.disconnect();
  return Number(topic?.partitions.find(({ partition }) => partition === 0)?.offset);
}
