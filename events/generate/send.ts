// Sends a plan's records to Kafka: ten senders at once, every partition in the plan's order, at the plan's pace or as fast as it goes.
import { setTimeout as wait } from "node:timers/promises";
import { Kafka, logLevel, Partitioners, type Producer } from "kafkajs";
import { partitionOfKey } from "../../lib/kafka/partitioner.ts";
import { dueTime, type GeneratedRecord, type Plan, recordMaker, type TrafficGenerator } from "./generator.ts";

export interface SendOptions<Facts> {
  readonly brokers: readonly string[];
  /** For generators whose values carry schema ids. */
  readonly schemaRegistryUrl?: string;
  /** When the first record is due, in milliseconds since the epoch; each of the rest in its turn. Absent: as fast as they go. */
  readonly paceFrom?: number;
  /** Ten, unless told otherwise. What is sent doesn't depend on it. */
  readonly senders?: number;
  /** Ends it early: what the broker has been asked to take is awaited, and the rest is left. Each partition has the plan's first records then. */
  readonly signal?: AbortSignal;
  /** Told of what the broker has taken: records of one partition, next to each other from `baseOffset` on. */
  onSent?(records: readonly GeneratedRecord<Facts>[], partition: number, baseOffset: number): void;
}

/** Something that only a person can mend stands in the way, and the message says what to do. */
export class CannotSend extends Error {
  override readonly name = "CannotSend";
}

// Fewer than what the broker takes in one request (1 MB by default), even if all of them are for one partition.
const LARGEST_SLICE = 1400;
/** The same for records that are larger than usual. */
const LARGEST_REQUEST_BYTES = 900_000;
const PACED_SLICE_MS = 50;

/** Sends everything, and returns when the broker has it all, or all that it was asked to take before the signal. */
export function send<Facts, Pools>(
  generator: TrafficGenerator<Facts, Pools>,
  plan: Plan,
  options: SendOptions<Facts>,
): Promise<void> {
  return sayingWhatFails(options.brokers, () => sendAll(generator, plan, options));
}

async function sendAll<Facts, Pools>(
  generator: TrafficGenerator<Facts, Pools>,
  plan: Plan,
  options: SendOptions<Facts>,
): Promise<void> {
  const { topic } = generator;
  const kafka = new Kafka({ clientId: "generator", brokers: [...options.brokers], logLevel: logLevel.NOTHING });
  const partitions = await partitionCount(kafka, topic);
  const seal = await sealOf(generator, options.schemaRegistryUrl);
  const record = recordMaker(generator, plan);
  const { paceFrom, signal } = options;
  const pacedSlice = Math.ceil((plan.rate * PACED_SLICE_MS) / 1000);
  const sliceSize = paceFrom === undefined ? LARGEST_SLICE : Math.min(pacedSlice, LARGEST_SLICE);

  // The plan is cut into slices, and whoever is free takes the next one. A partition's share of a slice waits for the same
  // partition's share of the slice before: ten senders are busy, and no partition sees records out of order.
  const turns = Array.from({ length: partitions }, () => Promise.resolve());
  let next = 0;

  async function sendSlices(producer: Producer): Promise<void> {
    while (next < plan.count && !signal?.aborted) {
      const from = next;
      next = Math.min(from + sliceSize, plan.count);
      const shares = makeShares(from, next);
      await Promise.all(
        turns.map((turn, partition) => {
          const mine = turn.then(async () => sendShare(producer, partition, (await shares)[partition]!));
          turns[partition] = mine;
          return mine;
        }),
      );
    }
  }

  async function makeShares(from: number, to: number): Promise<GeneratedRecord<Facts>[][]> {
    const shares: GeneratedRecord<Facts>[][] = turns.map(() => []);
    if (paceFrom !== undefined) await waitFor(paceFrom + dueTime(plan, to - 1) - plan.start, signal);
    if (signal?.aborted) return shares;
    for (let index = from; index < to; index++) {
      const made = seal(record(index));
      shares[partitionOfKey(made.key, partitions)]!.push(made);
    }
    return shares;
  }

  async function sendShare(producer: Producer, partition: number, share: GeneratedRecord<Facts>[]): Promise<void> {
    for (const records of requestsOf(share)) {
      if (signal?.aborted) return;
      const messages = records.map(({ key, value }) => ({ key, value, partition }));
      const [sent] = await producer.send({ topic, messages });
      options.onSent?.(records, partition, Number(sent?.baseOffset));
    }
  }

  const senders = Math.min(options.senders ?? 10, Math.ceil(plan.count / sliceSize));
  const producers = Array.from({ length: senders }, () =>
    kafka.producer({ idempotent: true, createPartitioner: Partitioners.DefaultPartitioner }),
  );
  try {
    await Promise.all(producers.map((producer) => producer.connect()));
    await Promise.all(producers.map(sendSlices));
  } finally {
    await Promise.all(producers.map((producer) => producer.disconnect()));
  }
}

/** What Kafka refuses, or a broker that is gone, in a sentence. */
export async function sayingWhatFails<T>(brokers: readonly string[], sending: () => Promise<T>): Promise<T> {
  try {
    return await sending();
  } catch (error) {
    if (!(error instanceof Error && error.name.startsWith("KafkaJS"))) throw error;
    throw new CannotSend(`Kafka at ${brokers.join(",")} doesn't take the records: ${error.message}`, { cause: error });
  }
}

/** Resolves at a time, in milliseconds since the epoch, or when the signal aborts. */
export async function waitFor(due: number, signal: AbortSignal | undefined): Promise<void> {
  await wait(Math.max(0, due - Date.now()), undefined, signal && { signal }).catch(() => undefined);
}

/** What a generator does to values for the place they are sent to. */
async function sealOf<Facts, Pools>(
  { pipeline, seal }: TrafficGenerator<Facts, Pools>,
  schemaRegistryUrl: string | undefined,
): Promise<(record: GeneratedRecord<Facts>) => GeneratedRecord<Facts>> {
  if (seal === undefined) return (record) => record;
  if (schemaRegistryUrl === undefined) throw new CannotSend(`Records of '${pipeline}' need a schema registry.`);
  const sealed = await seal({ schemaRegistryUrl });
  return (record) => ({ ...record, value: sealed(record.value) });
}

/** A share cut into what the broker takes in one request; order is kept. */
function* requestsOf<Facts>(share: readonly GeneratedRecord<Facts>[]): Generator<GeneratedRecord<Facts>[]> {
  let request: GeneratedRecord<Facts>[] = [];
  let bytes = 0;
  for (const record of share) {
    if (request.length > 0 && bytes + (record.value?.length ?? 0) > LARGEST_REQUEST_BYTES) {
      yield request;
      request = [];
      bytes = 0;
    }
    request.push(record);
    bytes += record.value?.length ?? 0;
  }
  if (request.length > 0) yield request;
}

async function partitionCount(kafka: Kafka, topic: string): Promise<number> {
  const admin = kafka.admin();
  await admin.connect();
  try {
    const names = await admin.listTopics();
    if (!names.includes(topic))
      throw new CannotSend(`There is no topic '${topic}'. 'npm run dev' makes it with the rest of the stack.`);
    const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
    return topics[0]!.partitions.length;
  } finally {
    await admin.disconnect();
  }
}
