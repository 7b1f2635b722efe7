// Appends records that come from outside Kafka, and says where each of them stands once all in-sync replicas have it. Bounded: who asks gets
// an answer in time, and what was given up is not sent behind their back later.

import type { Message, Producer } from "kafkajs";
import type { KafkaConnection } from "./client.ts";
import { partitionOfKey } from "./partitioner.ts";
import { retry } from "./retry.ts";

export interface NewRecord {
  readonly topic: string;
  readonly key: string;
  readonly value: Buffer;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Where a record stands. */
export interface Place {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

/** Kafka has not acknowledged the records in time: unless `isUnsent` some of them may be there all the same. */
export class NotAppendedError extends Error {
  override readonly name = "NotAppendedError";
  /** Nothing has left this process. */
  readonly isUnsent: boolean;

  constructor(isUnsent: boolean, cause: unknown) {
    const fate = isUnsent ? "nothing was sent" : "what was sent may be there or not";
    super(`Kafka did not acknowledge the records in time: ${fate}.`, { cause });
    this.isUnsent = isUnsent;
  }
}

export interface Appender {
  /** Each record's place, in their order, or a NotAppendedError: at the latest when the signal aborts. */
  append(records: readonly NewRecord[], signal: AbortSignal): Promise<readonly Place[]>;
  close(): Promise<void>;
}

/** Appends over connections of its own, for one that failed is severed. */
export function appender(connect: () => KafkaConnection): Appender {
  let current: Session | undefined;

  return {
    async append(records, signal) {
      if (records.length === 0) return [];
      current ??= open(connect());
      const session = current;
      let isUnsent = true;
      try {
        await orAbort(session.connected, signal);
        isUnsent = false;
        return await orAbort(session.send(records), signal);
      } catch (error) {
        // A producer whose request has an unknown fate would give its sequence number to the next record, which the broker would take
        // for the same one again and drop.
        session.connection.sever();
        if (current === session) current = undefined;
        throw new NotAppendedError(isUnsent, error);
      }
    },
    async close() {
      const closing = current;
      current = undefined;
      await closing?.connection.close();
    },
  };
}

interface Session {
  readonly connection: KafkaConnection;
  readonly connected: Promise<void>;
  send(records: readonly NewRecord[]): Promise<readonly Place[]>;
}

function open(connection: KafkaConnection): Session {
  const partitions = new WeakMap<Message, number>();
  const producer: Producer = connection.kafka.producer({
    idempotent: true,
    maxInFlightRequests: 1,
    allowAutoTopicCreation: false,
    retry: { ...retry, retries: Number.MAX_SAFE_INTEGER }, // the caller's signal ends it
    // As Java's default does, and noted: the client tells where partitions' shares went, not each record.
    createPartitioner:
      () =>
      ({ message, partitionMetadata }) => {
        const partition = partitionOfKey(String(message.key), partitionMetadata.length);
        partitions.set(message, partition);
        return partition;
      },
  });
  connection.onClose(() => producer.disconnect());
  const connected = producer.connect();
  connected.catch(() => undefined); // told to whoever appends

  async function send(records: readonly NewRecord[]): Promise<readonly Place[]> {
    const messages = records.map(({ key, value, headers = {} }): Message => ({ key, value, headers: { ...headers } }));
    const byTopic = Map.groupBy(messages.keys(), (i) => records[i]!.topic);
    const topicMessages = [...byTopic].map(([topic, indexes]) => ({
      topic,
      messages: indexes.map((i) => messages[i]!),
    }));
    const answers = await producer.sendBatch({ acks: -1, topicMessages });
    // A topic-partition's share is one batch, whose records stand next to each other from its base offset on.
    const next = new Map(
      answers.map(({ topicName, partition, baseOffset }) => [`${topicName}/${partition}`, Number(baseOffset)]),
    );
    return records.map(({ topic }, i) => {
      const partition = partitions.get(messages[i]!)!;
      const offset = next.get(`${topic}/${partition}`);
      if (offset === undefined || !(offset >= 0))
        throw new Error(`The broker did not say where records of '${topic}' stand`);
      next.set(`${topic}/${partition}`, offset + 1);
      return { topic, partition, offset };
    });
  }
  return { connection, connected, send };
}

/** The promise's outcome, or the signal's reason if that comes first. */
function orAbort<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  if (signal.aborted) return Promise.reject(signal.reason);
  const aborted = Promise.withResolvers<never>();
  const abort = () => aborted.reject(signal.reason);
  signal.addEventListener("abort", abort, { once: true });
  promise.catch(() => undefined);
  return Promise.race([promise, aborted.promise]).finally(() => signal.removeEventListener("abort", abort));
}
