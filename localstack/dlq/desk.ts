// The desk at which a person looks through dead letters: reads what is there, says what correction would do, and sends parked events back.
// Each is sent back in ONE Kafka transaction with its entry in the log, so the log says neither more nor less than what was sent.

import { setTimeout as wait } from "node:timers/promises";
import type { Transaction } from "kafkajs";
import { type Content, outcomeOf, type Parked, type SentBack } from "../../functions/commerce/correct.ts";
import { contentOf } from "../../functions/commerce/correction.ts";
import { type Case, casesOf, lastOf, type ParkedRecord, type Replay } from "../../functions/commerce/dlq/cases.ts";
import { eventEncoders } from "../../functions/commerce/encoders.ts";
import type { EventType } from "../../functions/commerce/schema.ts";
import { recordOf } from "../../functions/commerce/send-back.ts";
import { FencedError } from "../../lib/errors.ts";
import type { KafkaConnection } from "../../lib/kafka/client.ts";
import { isFenced } from "../../lib/kafka/client-errors.ts";
import { originText } from "../../lib/kafka/origin.ts";
import { partitionByKey } from "../../lib/kafka/partitioner.ts";
import { readRange } from "../../lib/kafka/read-range.ts";
import { DecodedRecord } from "../../lib/kafka/record.ts";
import type { Rerouted } from "../../lib/kafka/reroute.ts";
import { retry, retrying } from "../../lib/kafka/retry.ts";
import type { SchemaRegistry } from "../../lib/registry/client.ts";
import { registryFormat } from "../../lib/registry/format.ts";

export interface DeskTopics extends Readonly<Record<EventType, string>> {
  readonly letters: string;
  readonly parked: string;
  readonly log: string;
}

export interface DeskOptions {
  readonly connection: KafkaConnection;
  readonly registry: SchemaRegistry;
  readonly topics: DeskTopics;
  /** The correcting function's consumer group, by which waiting letters are told from those that were sent back. */
  readonly correctionGroup: string;
}

/** What would become of a case now, whatever has been tried before. */
export interface Prospect {
  readonly content: Content;
  readonly outcome: SentBack | Parked;
}

export interface ReplayOptions {
  /** Of these cases, those that are parked. */
  readonly isWanted: (one: Case) => boolean;
  readonly why: string;
  /** A second. */
  readonly rate: number;
  readonly signal: AbortSignal;
  onOutcome(one: Case, outcome: SentBack | Parked): void;
}

export interface Desk {
  cases(): Promise<readonly Case[]>;
  prospect(one: Case): Promise<Prospect>;
  /**
   * Sends parked events back whose value is valid now or can be mended; the others stay. Each at most once: what is refused again meanwhile is
   * parked anew and left for the next time.
   */
  replay(options: ReplayOptions): Promise<void>;
}

export function desk({ connection, registry, topics, correctionGroup }: DeskOptions): Desk {
  const { kafka } = connection;
  const format = registryFormat({ registry });
  const encoders = eventEncoders(registry, topics);

  async function cases(): Promise<readonly Case[]> {
    const read = (topic: string) => readRange(kafka, { topic, name: connection.owner });
    const [letters, parked, log] = await Promise.all([read(topics.letters), read(topics.parked), read(topics.log)]);
    return casesOf({ letters, parked, log, correctedTo: await correctedTo() });
  }

  async function correctedTo(): Promise<ReadonlyMap<number, number>> {
    const admin = await connection.admin();
    const [found] = await retrying(() => admin.fetchOffsets({ groupId: correctionGroup, topics: [topics.letters] }));
    return new Map((found?.partitions ?? []).map(({ partition, offset }) => [partition, Number(offset)]));
  }

  async function prospect(one: Case): Promise<Prospect> {
    const { record, letter } = lastOf(one);
    await format.prepare?.([record]);
    const content = contentOf(record, format);
    const key = new DecodedRecord(record, undefined).key?.toString("utf8") ?? null;
    // A person has decided: how often it was tried before doesn't count. The attempt goes on counting, so that correction parks it soon.
    const { attempt } = letter;
    const outcome = outcomeOf({ ...letter, attempt: 1 }, content, { key, topics });
    return { content, outcome: outcome.kind === "parked" ? outcome : { ...outcome, attempt: attempt + 1 } };
  }

  async function recordFor(one: Case, outcome: SentBack): Promise<Rerouted> {
    const { record, letter } = lastOf(one);
    const encode = await encoders[outcome.event.event_type].ready();
    const options = { origin: letter.origin, parkedTopic: topics.parked, encode, now: new Date().toISOString() };
    return recordOf(new DecodedRecord(record, undefined), outcome, options);
  }

  async function replay({ isWanted, why, rate, signal, onOutcome }: ReplayOptions): Promise<void> {
    const producer = kafka.producer({
      transactionalId: `${topics.parked}-replay`,
      maxInFlightRequests: 1,
      allowAutoTopicCreation: false,
      retry,
      createPartitioner: partitionByKey(0),
    });
    try {
      await producer.connect();
      // The first transaction's beginning fences another replay and settles what it had begun, and nothing before it does: what is
      // read after it is what the other has left.
      let begun: Transaction | undefined = await producer.transaction();
      const parked = (await cases()).filter((one) => one.state === "parked" && isWanted(one));
      const began = performance.now();
      let sent = 0;
      for (const one of parked) {
        if (signal.aborted) return;
        const { outcome } = await prospect(one);
        const rerouted = outcome.kind === "parked" ? undefined : await recordFor(one, outcome);
        if (outcome.kind === "parked" || rerouted === undefined) {
          onOutcome(one, outcome);
        } else if (rerouted.way === "parked") {
          onOutcome(one, {
            kind: "parked",
            reason: "too-large",
            message: "its event is larger than what is sent back",
          });
        } else {
          await wait(Math.max(0, began + (sent++ * 1_000) / rate - performance.now()), undefined, { signal }).catch(
            () => undefined,
          );
          if (signal.aborted) return;
          const entry = entryOf(one, outcome, why);
          const transaction = begun ?? (await producer.transaction());
          begun = undefined;
          await sendTogether(transaction, [
            { topic: rerouted.topic, messages: [rerouted.message] },
            { topic: topics.log, messages: [{ key: entry.origin, value: JSON.stringify(entry) }] },
          ]);
          onOutcome(one, outcome);
        }
      }
    } catch (error) {
      if (!isFenced(error)) throw error;
      throw new FencedError("Another replay has begun: this one has ended, and leaves the rest to it.", {
        cause: error,
      });
    } finally {
      await producer.disconnect().catch(() => undefined);
    }
  }

  return { cases, prospect, replay };
}

async function sendTogether(
  transaction: Transaction,
  messages: readonly Parameters<Transaction["send"]>[0][],
): Promise<void> {
  try {
    for (const one of messages) await transaction.send(one);
    await transaction.commit();
  } catch (error) {
    if (transaction.isActive()) await transaction.abort().catch(() => undefined);
    throw error;
  }
}

function entryOf(one: Case, { topic, attempt, changes }: SentBack, why: string): Replay {
  const { record } = one.parked.at(-1) as ParkedRecord;
  return {
    origin: originText(one.origin),
    parked: { partition: record.partition, offset: record.offset },
    ...{ topic, attempt, why },
    changes: changes.map(({ path, rule }) => ({ path, rule })),
    at: new Date().toISOString(),
  };
}
