// Side outputs: original bytes (key, value, headers) go to another topic, once, with headers added that say where they came from and why.

import type { Message } from "kafkajs";
import { environmentConnection, type KafkaConnection } from "./client.ts";
import type { WireRecord } from "./event.ts";
import { messageHeaders } from "./message-headers.ts";
import { ATTEMPT_HEADER, ORIGIN_HEADER, originText, parseOrigin } from "./origin.ts";
import { exactlyOnceProducers } from "./produce.ts";
import { bytesOf, headersOf } from "./record.ts";
import type { Poison, SideOutput, SideRecord } from "./side-output.ts";

const deadLetters = "-dead-letters";
const refused = "-refused";
const late = "-late";

/** What sets the places of a function's side outputs apart from that of its output, and from each other. */
export const outputSuffixes: readonly string[] = [deadLetters, refused, late];

/** Where a pipeline's poison goes. */
export function deadLetterTo(topic: string, connection?: KafkaConnection): SideOutput {
  return sideOutput(topic, { suffix: deadLetters, connection });
}

/**
 * Where a sink's rows go that the database refuses: the same dead-letter topic. It is a place of its own in Kafka, for a batch's refusals
 * are known after its poison has left, and may lie below it.
 */
export function refusedTo(topic: string, connection?: KafkaConnection): SideOutput {
  return sideOutput(topic, { suffix: refused, connection });
}

/** For a function that reads a topic beside another one: the other one sets the poison aside, here it is passed over. */
export function leftTo(topic: string): SideOutput {
  return { topic, publish: async () => undefined, refresh: async () => undefined };
}

/** Where a pipeline's records go that come too late to count. */
export function lateTo(topic: string, connection?: KafkaConnection): SideOutput {
  return sideOutput(topic, { suffix: late, connection });
}

/** The headers of a dead letter: where the record stood and first entered Kafka, why it can never succeed, after which attempt and when. */
export function deadLetter({ record, reason, message }: Poison): SideRecord {
  const { topic, partition, offset, timestamp } = record;
  return {
    record,
    headers: {
      "dead-letter.topic": topic,
      "dead-letter.partition": String(partition),
      "dead-letter.offset": String(offset),
      "dead-letter.timestamp": String(timestamp),
      "dead-letter.reason": reason,
      "dead-letter.message": message,
      "dead-letter.attempt": String(attemptOf(record)),
      "dead-letter.time": new Date().toISOString(),
      ...(hasOrigin(record) ? {} : { [ORIGIN_HEADER]: originText({ topic, partition, offset }) }),
    },
  };
}

/** Which attempt at the record this is: 1 unless its header says a later one. */
export function attemptOf(record: WireRecord): number {
  const header = headersOf(record).findLast(({ name }) => name === ATTEMPT_HEADER);
  const attempt = /^\d{1,9}$/.test(String(header?.value)) ? Number(String(header?.value)) : 1;
  return Math.max(1, attempt);
}

/** Whether the header `origin` names a place: else the record's own is added after it. */
function hasOrigin(record: WireRecord): boolean {
  const said = headersOf(record).findLast(({ name }) => name === ORIGIN_HEADER);
  return parseOrigin(String(said?.value)) !== undefined;
}

interface SideOutputOptions {
  readonly suffix: string;
  readonly connection: KafkaConnection | undefined;
}

function sideOutput(topic: string, { suffix, connection = environmentConnection() }: SideOutputOptions): SideOutput {
  const producerOf = exactlyOnceProducers(connection, `${connection.owner}${suffix}`, topic);
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
  return {
    key: bytesOf(record.key),
    value: bytesOf(record.value),
    headers: messageHeaders(headersOf(record), headers),
  };
}
