// Exactly-once output of a stateless pipeline: each source partition's records come out once and in order, whatever is redelivered.

import type { Message } from "kafkajs";
import { environmentConnection, type KafkaConnection } from "./client.ts";
import { topicPartition } from "./event.ts";
import { ExactlyOnceProducer } from "./exactly-once.ts";
import type { Batch, Decoded, SourcePartition } from "./source.ts";
import { traceHeadersOf } from "./trace-context.ts";

export interface TransactionalOutputOptions<V> {
  readonly topic: string;
  /** The record's key, from what came in; it decides the output partition as Java's default partitioner does. */
  readonly key: (value: V) => string | Buffer | null;
  /** Where to; this execution environment's connection unless told otherwise. */
  readonly connection?: KafkaConnection;
}

export interface TransactionalOutput<V, Out> {
  readonly topic: string;
  /**
   * Publishes what `map` makes of the batch's records (as JSON; undefined leaves a record out), and that the batch is done, in one transaction.
   * A record's trace context (`traceparent`, `tracestate`) goes on in the headers of what is made of it.
   * `map` sees only records that have not been published yet, and must make the same of a record whenever it sees it.
   */
  publish(batch: Batch<V>, map: (record: Decoded<V>) => Out | undefined): Promise<void>;
  /** Renews the committed offset of a source partition: without members a group's offsets expire (after 7 days by default). */
  refresh(source: SourcePartition): Promise<void>;
}

/** An output topic that is written exactly once per source record. */
export function transactionalOutput<V, Out>(options: TransactionalOutputOptions<V>): TransactionalOutput<V, Out> {
  const { topic, key, connection = environmentConnection() } = options;
  const producerOf = exactlyOnceProducers(connection, connection.owner, topic);

  function messagesOf(records: readonly Decoded<V>[], from: number, map: (record: Decoded<V>) => Out | undefined) {
    const messages: Message[] = [];
    for (const record of records) {
      if (record.offset < from) continue;
      const out = map(record);
      if (out === undefined) continue;
      const headers = traceHeadersOf(record.wire);
      messages.push({
        key: key(record.value),
        value: JSON.stringify(out),
        ...(headers === undefined ? {} : { headers }),
      });
    }
    return messages;
  }
  return {
    topic,
    publish: (batch, map) => producerOf(batch).publish(batch.wire, (from) => messagesOf(batch.records, from, map)),
    refresh: (source) => producerOf(source).refresh(),
  };
}

/** One producer a source partition, made when it is first needed and kept for the life of the connection. */
export function exactlyOnceProducers(
  connection: KafkaConnection,
  group: string,
  outputTopic: string,
): (source: SourcePartition) => ExactlyOnceProducer {
  const producers = new Map<string, ExactlyOnceProducer>();
  return ({ topic, partition }) => {
    const name = topicPartition(topic, partition);
    let producer = producers.get(name);
    if (producer === undefined) {
      producer = new ExactlyOnceProducer(connection, { group, source: { topic, partition }, outputTopic });
      producers.set(name, producer);
    }
    return producer;
  };
}
