// Every record of a topic goes one way and one way only: a batch's records, whatever topics they go to, and that the batch is done are
// ONE Kafka transaction. A record that is there twice, because its publisher's transaction was tried twice, goes once.

import * as z from "zod";
import { log, type Measures } from "../telemetry.ts";
import { environmentConnection, type KafkaConnection } from "./client.ts";
import type { Consumer } from "./consume.ts";
import { topicPartition, type WireRecord } from "./event.ts";
import { ExactlyOnceProducer, type OutgoingMessage } from "./exactly-once.ts";
import { type Provenance, Repeats } from "./repeats.ts";
import type { Batch, SourcePartition } from "./source.ts";

/** A record on its way, and a word for its way, by which records are counted. */
export interface Rerouted {
  readonly way: string;
  readonly topic: string;
  readonly message: Omit<OutgoingMessage, "topic">;
}

export interface RerouteOptions {
  /** Where records go that no way is found for; named in log lines. */
  readonly otherwise: string;
  /** Where a record goes and as what. It must say the same of a record whenever it is asked. */
  readonly route: (record: WireRecord) => Promise<Rerouted>;
  /** Where a record comes from, for a record that another pipeline's transactions have written. */
  readonly provenance: (record: WireRecord) => Provenance | undefined;
  /** Fetches what `route` needs for a batch. */
  readonly prepare?: (records: readonly WireRecord[]) => Promise<void>;
  /** Where to; this execution environment's connection unless told otherwise. */
  readonly connection?: KafkaConnection;
}

type Share = Pick<Batch<unknown>, "topic" | "partition" | "wire">;

/** A consumer that refuses nothing: every record has its way, be it a tombstone. */
export interface Rerouting extends Consumer<unknown> {
  readonly process: (batch: Share) => Promise<Measures>;
}

/** Sends each record of a topic its way. */
export function rerouting(options: RerouteOptions): Rerouting {
  const { route, provenance, prepare, otherwise, connection = environmentConnection() } = options;
  const producers = new Map<string, ExactlyOnceProducer>();

  function producerOf({ topic, partition }: SourcePartition): ExactlyOnceProducer {
    const name = topicPartition(topic, partition);
    const made = producers.get(name);
    if (made !== undefined) return made;
    const ledger = { group: connection.owner, source: { topic, partition }, outputTopic: otherwise };
    const producer = new ExactlyOnceProducer(connection, ledger);
    producers.set(name, producer);
    return producer;
  }

  async function process(batch: Share): Promise<Measures> {
    await prepare?.(batch.wire);
    const routed = await Promise.all(batch.wire.map(async (record) => ({ record, ...(await route(record)) })));
    const ways = new Map<string, number>();
    await producerOf(batch).publishWithMemo(batch.wire, (from, memo) => {
      ways.clear();
      const repeats = new Repeats(memo);
      const messages: OutgoingMessage[] = [];
      for (const { record, way, topic, message } of routed) {
        if (record.offset < from) continue;
        const origin = provenance(record);
        const isRepeat = origin !== undefined && repeats.isRepeat(origin);
        const counted = isRepeat ? "repeated" : way;
        ways.set(counted, (ways.get(counted) ?? 0) + 1);
        if (isRepeat)
          log.info("seen before", { topic: record.topic, partition: record.partition, offset: record.offset });
        else messages.push({ ...message, topic });
      }
      return { messages, memo: repeats.memo() };
    });
    return Object.fromEntries([...ways].map(([way, count]) => [`records_${way}`, count]));
  }

  return {
    input: z.unknown(),
    format: { read: () => undefined },
    poison: { topic: otherwise, publish: async () => undefined, refresh: (source) => producerOf(source).refresh() },
    process,
  };
}
