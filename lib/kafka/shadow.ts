// The shadow offset: how far a source partition has been published, kept as a committed offset of a group that nobody joins.
// Beside it stand marks of the source's records, by which a topic that was deleted and made anew is told from a redelivery.

import { setTimeout as wait } from "node:timers/promises";
import type { Offsets } from "kafkajs";
import { ConfigError } from "../errors.ts";
import type { KafkaConnection } from "./client.ts";
import { retry, retrying } from "./retry.ts";
import type { SourcePartition } from "./source.ts";

export interface Shadow {
  /** Offset of the next record to publish; undefined where nothing has been committed yet. */
  readonly nextOffset: number | undefined;
  /** The greatest Kafka timestamp of the records below it, as far as they were seen. */
  readonly newest: number | undefined;
  /** The Kafka timestamp of the record just below it. */
  readonly last: number | undefined;
  /** What the publisher remembers beside it. */
  readonly memo?: string | undefined;
}

/** What is looked at of a record: the same for one from the wire and one that has been decoded. */
export interface Mark {
  readonly offset: number;
  /** Kafka's own timestamp. */
  readonly timestamp: number;
}

interface ShadowPlace {
  readonly group: string;
  readonly source: SourcePartition;
}

const untouched: Shadow = { nextOffset: undefined, newest: undefined, last: undefined };

/** The shadow once `source`, in offset order and not empty, has been published too. */
export function shadowAfter(shadow: Shadow, source: readonly Mark[]): Shadow {
  const last = source.at(-1)!;
  let newest = shadow.newest ?? last.timestamp;
  for (const { timestamp } of source) if (timestamp > newest) newest = timestamp;
  return { nextOffset: last.offset + 1, newest, last: last.timestamp };
}

/** The shadow as kafkajs commits it. Its types leave out the metadata, which its protocol carries. */
export function shadowOffsets({ group, source }: ShadowPlace, shadow: Shadow): Offsets & { consumerGroupId: string } {
  const entry = {
    partition: source.partition,
    offset: String(shadow.nextOffset),
    metadata: JSON.stringify({ newest: shadow.newest, last: shadow.last, memo: shadow.memo }),
  };
  return { consumerGroupId: group, topics: [{ topic: source.topic, partitions: [entry] }] };
}

/** Reads the committed shadow. */
export async function fetchShadow(connection: KafkaConnection, place: ShadowPlace): Promise<Shadow> {
  const { group, source } = place;
  const committed = await atPartition(connection, source, async () => {
    const admin = await connection.admin();
    const [topic] = await admin.fetchOffsets({ groupId: group, topics: [source.topic] });
    return topic?.partitions;
  });
  const nextOffset = Number(committed.offset);
  return nextOffset < 0 ? untouched : { nextOffset, ...marks(committed.metadata) };
}

/**
 * Refuses records below the shadow offset that cannot be the ones that were published: those of a topic made anew under the old name.
 * Three signs, none of which compares two clocks: the log ends before the shadow offset; the record just below it is another one;
 * a record below it is newer than all that were below it. (Data copied into a new topic with its timestamps shows none of them.)
 * `remedy` says what to do to have the new topic's records taken from its start.
 */
export async function assertSameTopic(
  connection: KafkaConnection,
  source: SourcePartition,
  { shadow, records, remedy }: { shadow: Shadow; records: readonly Mark[]; remedy: string },
): Promise<void> {
  const next = shadow.nextOffset;
  if (next === undefined) return;
  const reachesIt = (records.at(-1)?.offset ?? -1) >= next - 1;
  const sign =
    signOfOther(shadow, next, records) ?? (reachesIt ? undefined : await signOfShorterLog(connection, source, next));
  if (sign === undefined) return;
  throw new ConfigError(
    `Topic '${source.topic}' has been deleted and made anew: partition ${source.partition} was done up to offset ${next}, yet ${sign}. ` +
      `Its records would be skipped, so none is touched. ${remedy}`,
  );
}

function signOfOther({ newest, last }: Shadow, next: number, records: readonly Mark[]): string | undefined {
  for (const { offset, timestamp } of records) {
    if (offset >= next) return undefined;
    if (newest !== undefined && timestamp > newest)
      return `the record at offset ${offset} is newer than all that were done`;
    if (offset === next - 1 && last !== undefined && timestamp !== last) {
      return `the record at offset ${offset} is not the one that was done`;
    }
  }
  return undefined;
}

/** How often the end is asked for, 5 ms and then twice as long apart each time. */
const endTries = 8;

/**
 * kafkajs tells the last stable offset, which stays behind the log's end while a transaction is open in it, and for a moment after its commit.
 * It is given that moment; a transaction that stays open fails the batch, which comes again, and nothing is skipped.
 */
async function signOfShorterLog(connection: KafkaConnection, source: SourcePartition, next: number) {
  for (let tried = 1; ; tried++) {
    const { offset } = await atPartition(connection, source, async () => {
      const admin = await connection.admin();
      return admin.fetchTopicOffsets(source.topic);
    });
    if (Number(offset) >= next) return undefined;
    if (tried === endTries) return `it ends at offset ${offset} for readers of committed records`;
    await wait(retry.initialRetryTime * 2 ** tried);
  }
}

interface AtPartition {
  readonly partition: number;
  readonly offset: string;
  readonly metadata?: string | null;
}

/** What `fetch` says of the partition. The client may not know a partition that was added lately: then it is made to look again. */
async function atPartition(
  connection: KafkaConnection,
  { topic, partition }: SourcePartition,
  fetch: () => Promise<readonly AtPartition[] | undefined>,
): Promise<AtPartition> {
  const find = async () => (await retrying(fetch))?.find((entry) => entry.partition === partition);
  const known = await find();
  if (known !== undefined) return known;
  await connection.resetAdmin();
  const found = await find();
  if (found === undefined) throw new Error(`Topic '${topic}' has no partition ${partition} on this broker.`);
  return found;
}

function marks(metadata: string | null | undefined): Omit<Shadow, "nextOffset"> {
  const { newest, last, memo } = parsed(metadata);
  return { newest, last, memo };
}

/** Metadata that another tool wrote when it moved the offset says nothing about records. */
function parsed(metadata: string | null | undefined): { newest?: number; last?: number; memo?: string } {
  try {
    const read: unknown = JSON.parse(metadata ?? "{}");
    return typeof read === "object" && read !== null ? read : {};
  } catch {
    return {};
  }
}
