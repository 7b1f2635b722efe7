// Results on their topic, each emission once: one Kafka transaction carries an emission's results and commits its number
// as the "offset" of a consumer group that nobody joins, the ledger. Whoever takes over fences the emitter before it and reads the ledger.
// https://cwiki.apache.org/confluence/display/KAFKA/KIP-98+-+Exactly+Once+Delivery+and+Transactional+Messaging

import type { Kafka, Message, Producer, Transaction } from "kafkajs";
import { FencedError } from "../errors.ts";

/** The output of one pipeline's emissions. */
export interface Ledger {
  /** Becomes the only writer: the emitter before is fenced and its open transaction, if any, is aborted. */
  open(): Promise<void>;
  /** Number of the newest emission in Kafka; undefined where none is known (none sent yet, or the ledger's offset expired). */
  lastSent(): Promise<number | undefined>;
  /** Sends an emission's results and its number, both or neither. @throws FencedError when another emitter has taken over. */
  send(number: number, messages: readonly Message[]): Promise<void>;
  close(): Promise<void>;
}

export interface LedgerOptions {
  readonly kafka: Kafka;
  readonly topic: string;
  /** Names both the transactional id and the ledger's consumer group: fixed for a pipeline and version. */
  readonly name: string;
}

export function kafkaLedger({ kafka, topic, name }: LedgerOptions): Ledger {
  // The broker answers CONCURRENT_TRANSACTIONS for some ms after a commit, and kafkajs's own first retry is 300 ms away.
  const retry = { initialRetryTime: 5, maxRetryTime: 1000, retries: 12 };
  const producer: Producer = kafka.producer({
    transactionalId: name,
    idempotent: true,
    maxInFlightRequests: 1,
    transactionTimeout: 30_000,
    retry,
  });
  let begun: Transaction | undefined;
  return {
    async open() {
      await producer.connect();
      // kafkajs fences the emitter before with its first transaction, not when it connects; this one is the first emission's.
      begun = await producer.transaction();
    },
    async lastSent() {
      const admin = kafka.admin({ retry });
      await admin.connect();
      try {
        const [committed] = await admin.fetchOffsets({ groupId: name, topics: [topic] });
        const offset = Number(
          committed?.partitions.find(({ partition }) => partition === LEDGER_PARTITION)?.offset ?? -1,
        );
        return offset < 0 ? undefined : offset;
      } finally {
        await admin.disconnect();
      }
    },
    async send(number, messages) {
      try {
        const transaction = begun ?? (await producer.transaction());
        begun = undefined;
        try {
          if (messages.length > 0) await transaction.send({ topic, messages: [...messages], acks: -1 });
          await transaction.sendOffsets({
            consumerGroupId: name,
            topics: [{ topic, partitions: [{ partition: LEDGER_PARTITION, offset: String(number) }] }],
          });
          await transaction.commit();
        } catch (thrown) {
          await transaction.abort().catch(() => undefined);
          throw thrown;
        }
      } catch (thrown) {
        if (isFenced(thrown)) throw new FencedError(`Another emitter has taken over '${name}'`, { cause: thrown });
        throw thrown;
      }
    },
    close: () => producer.disconnect(),
  };
}

const LEDGER_PARTITION = 0;

const FENCED = new Set(["INVALID_PRODUCER_EPOCH", "PRODUCER_FENCED"]);

function isFenced(thrown: unknown): boolean {
  for (let at: unknown = thrown; at instanceof Error; at = at.cause) {
    if ("type" in at && typeof at.type === "string" && FENCED.has(at.type)) return true;
  }
  return false;
}
