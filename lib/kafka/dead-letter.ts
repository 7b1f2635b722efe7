// Side outputs: original bytes (key, value, headers) go to another topic, once, with headers added that say where they came from and why.

import type { Message } from "kafkajs";
import { environmentConnection, type KafkaConnection } from "./client.ts";
import type { Poison, SideOutput, SideRecord } from "./consume.ts";
import type { WireRecord } from "./event.ts";
import { exactlyOnceProducers } from "./produce.ts";
import { bytesOf, headersOf } from "./record.ts";

/** Where a pipeline's poison goes. */
export function deadLetterTo(topic: string, connection?: KafkaConnection): SideOutput {
  return sideOutput(topic, { suffix: "dead-letters", connection });
}

/**
 * Where a sink's rows go that the database refuses: the same dead-letter topic. It is a place of its own in Kafka, for a batch's refusals
 * are known after its poison has left, and may lie below it.
 */
export function refusedTo(topic: string, connection?: KafkaConnection): SideOutput {
  return sideOutput(topic, { suffix: "refused", connection });
}

/** Where a pipeline's records go that come too late to count. */
export function lateTo(topic: string, connection?: KafkaConnection): SideOutput {
  return sideOutput(topic, { suffix: "late", connection });
}

/** The headers of a dead letter: where the record stood, and why it can never succeed. */
export function deadLetter({ record, reason, message }: Poison): SideRecord {
  return {
    record,
    headers: {
      "dead-letter.topic": record.topic,
      "dead-letter.partition": String(record.partition),
      "dead-letter.offset": String(record.offset),
      "dead-letter.timestamp": String(record.timestamp),
      "dead-letter.reason": reason,
      "dead-letter.message": message,
    },
  };
}

interface SideOutputOptions {
  /** Sets this output's place in Kafka apart from the function's other outputs. */
  readonly suffix: string;
  readonly connection: KafkaConnection | undefined;
}

function sideOutput(topic: string, { suffix, connection = environmentConnection() }: SideOutputOptions): SideOutput {
  const producerOf = exactlyOnceProducers(connection, `${connection.owner}-${suffix}`, topic);
  return {
    topic,
    async publish(source, items) {
      const records = items.map(({ record }) => record);
      await producerOf(source).publish(records, (from) =>
        items.filter(({ record }) => record.offset >= from).map(messageOf),
      );
    },
    refresh: (source) => producerOf(source).refresh(),
  };
}

function messageOf({ record, headers }: SideRecord): Message {
  return { key: bytesOf(record.key), value: bytesOf(record.value), headers: joinedHeaders(record, headers) };
}

/**
 * The original headers, then the added ones. kafkajs takes headers by name: values of a repeated name keep their order, different names may change theirs.
 * It can't write a null header value, which becomes an empty one; the names are then listed in a header of their own.
 */
function joinedHeaders(record: WireRecord, added: SideRecord["headers"]): Record<string, Buffer[]> {
  const byName = new Map<string, Buffer[]>();
  const nulls: string[] = [];
  const add = (name: string, value: Buffer) => {
    const values = byName.get(name);
    if (values === undefined) byName.set(name, [value]);
    else values.push(value);
  };
  for (const { name, value } of headersOf(record)) {
    if (value === null) nulls.push(name);
    add(name, value ?? Buffer.alloc(0));
  }
  if (nulls.length > 0) add("original.null-headers", Buffer.from(nulls.join(",")));
  for (const [name, value] of Object.entries(added)) add(name, Buffer.from(value));
  return Object.fromEntries(byName);
}
