import { expect, inject, it } from "vitest";
import { allRecords, type GeneratedRecord, type Plan } from "../../../events/generate/generator.ts";
import { CannotSend, send } from "../../../events/generate/send.ts";
import { transactions } from "../../../events/generate/transactions.ts";
import { startServices } from "../../../localstack/services/services.ts";
import { createTopics } from "../../../localstack/services/topics.ts";
import { freshTopic, type ReadRecord, readAll } from "../../support/kafka.ts";

const plan: Plan = { seed: 9, start: Date.UTC(2026, 0, 1), count: 12_000, rate: 1000, latePercent: 3, badPercent: 3 };
const sent = [...allRecords(transactions, plan)];

function bytes({ key, value }: ReadRecord | GeneratedRecord): string {
  return `${key} ${value === null ? null : Buffer.from(value).toString("hex")}`;
}

async function sendAll(senders: number): Promise<{ brokers: string[]; topic: string }> {
  const brokers = inject("kafkaBrokers").split(",");
  const topic = await freshTopic();
  await send({ ...transactions, topic }, plan, { brokers, senders });
  return { brokers, topic };
}

it.each([1, 10])("%i senders write every record once, each partition in the plan's order", async (senders) => {
  const { topic } = await sendAll(senders);
  const written = await readAll(topic);
  const partitionOf = new Map(written.map(({ key, partition }) => [String(key), partition]));
  const expected = sent.toSorted(
    (one, other) => partitionOf.get(one.key)! - partitionOf.get(other.key)! || one.index - other.index,
  );
  expect(written.map(bytes)).toEqual(expected.map(bytes));
});

it("says where the broker has put each record", async () => {
  const brokers = inject("kafkaBrokers").split(",");
  const topic = await freshTopic();
  const told = new Map<string, string>();
  await send({ ...transactions, topic }, plan, {
    brokers,
    onSent(records, partition, baseOffset) {
      for (const [at, record] of records.entries()) told.set(`${partition}/${baseOffset + at}`, bytes(record));
    },
  });
  const written = await readAll(topic);
  expect(new Map(written.map((record) => [`${record.partition}/${record.offset}`, bytes(record)]))).toEqual(told);
});

it("sends no record before its time", async () => {
  const brokers = inject("kafkaBrokers").split(",");
  const topic = await freshTopic();
  const paceFrom = Date.now();
  const early: number[] = [];
  await send(
    { ...transactions, topic },
    { ...plan, count: 600, rate: 400 },
    {
      brokers,
      paceFrom,
      onSent(records) {
        const now = Date.now();
        for (const { index } of records) if (paceFrom + Math.floor((index * 1000) / 400) > now + 1) early.push(index);
      },
    },
  );
  expect(early).toEqual([]);
  expect(Date.now() - paceFrom).toBeGreaterThanOrEqual(1497);
});

it.each([1, 10])(
  "%i senders end by the signal: each partition has its first records, and they were told",
  async (senders) => {
    const brokers = inject("kafkaBrokers").split(",");
    const topic = await freshTopic();
    const ending = new AbortController();
    const told: GeneratedRecord[] = [];
    await send(
      { ...transactions, topic },
      { ...plan, count: 200_000 },
      {
        ...{ brokers, senders, signal: ending.signal },
        onSent(records) {
          told.push(...records);
          ending.abort();
        },
      },
    );
    const written = await readAll(topic);
    expect(told.length).toBeLessThan(200_000);
    expect(written.map(bytes).sort()).toEqual(told.map(bytes).sort());
    const partitionOf = new Map(written.map(({ key, partition }) => [String(key), partition]));
    const planned = Map.groupBy(sent, ({ key }) => partitionOf.get(key));
    for (const [partition, records] of Map.groupBy(written, ({ partition }) => partition)) {
      const known = (planned.get(partition) ?? []).slice(0, records.length);
      expect(records.slice(0, known.length).map(bytes)).toEqual(known.map(bytes));
    }
  },
);

it("a topic that isn't there is said, with what makes it", async () => {
  const brokers = inject("kafkaBrokers").split(",");
  const sending = send({ ...transactions, topic: "no-such-topic" }, plan, { brokers });
  await expect(sending).rejects.toThrow(CannotSend);
  await expect(sending).rejects.toThrow("There is no topic 'no-such-topic'. 'npm run dev' makes it");
});

it("a broker that ends meanwhile is said in a sentence", async () => {
  const services = await startServices({ want: ["kafka"], from: ["embedded"], logsFolder: ".local/logs/test" });
  try {
    const { kafka, kafkaBrokers } = services;
    await createTopics(kafkaBrokers, { [transactions.topic]: {} });
    let killed: Promise<void> | undefined;
    const sending = send(
      transactions,
      { ...plan, count: 1_000_000 },
      {
        ...{ brokers: [kafkaBrokers], senders: 1 },
        onSent() {
          killed ??= kafka.kill();
        },
      },
    );
    await expect(sending).rejects.toThrow(CannotSend);
    await expect(sending).rejects.toThrow(`Kafka at ${kafkaBrokers} doesn't take the records: `);
    await killed;
  } finally {
    await services.stop();
  }
});
