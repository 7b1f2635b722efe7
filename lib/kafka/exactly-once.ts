// One source partition's exactly-once output: records and the source offset they reach are committed in ONE Kafka transaction,
// the offset to a consumer group that nobody joins (the shadow group). What lies below that offset has been published, whoever asks again.

import type { Message, Producer, Transaction } from "kafkajs";
import { ConfigError, FencedError, messageOf } from "../errors.ts";
import { log } from "../telemetry.ts";
import type { KafkaConnection } from "./client.ts";
import { isFenced, isStale, tooLarge } from "./client-errors.ts";
import { partitionByKey } from "./partitioner.ts";
import { retry, retrying } from "./retry.ts";
import { assertSameTopic, fetchShadow, type Mark, type Shadow, shadowAfter, shadowOffsets } from "./shadow.ts";
import type { SourcePartition } from "./source.ts";

export interface Ledger {
  /** Consumer group that holds the shadow offsets; also the stem of the transactional id. */
  readonly group: string;
  readonly source: SourcePartition;
  /** Where messages go that name no topic of their own. */
  readonly outputTopic: string;
}

export interface OutgoingMessage extends Message {
  readonly topic?: string;
}

export interface Publication {
  readonly messages: readonly OutgoingMessage[];
  /** Committed with the offset and handed to whoever publishes next. The broker takes about 4 kB. */
  readonly memo?: string | undefined;
}

/** What a transaction in the cloud may take before the coordinator gives it up and readers move on. */
const transactionTimeout = 30_000;
/** Bytes of one request: below the broker's usual limit of a batch (1 MiB) even when all of them go to one partition. */
const requestBytes = 900_000;
/** kafkajs groups a request's messages by partition in quadratic time. */
const requestMessages = 1_000;

interface Session {
  readonly producer: Producer;
  /** Begun while the session was opened, not yet used. */
  begun: Transaction | undefined;
  shadow: Shadow;
}

/** Publishes one source partition's records exactly once; safe to be run by several instances at once, of which the newest wins. */
export class ExactlyOnceProducer {
  readonly #connection: KafkaConnection;
  readonly #ledger: Ledger;
  #session: Session | undefined;
  #last: Promise<void> = Promise.resolve();

  constructor(connection: KafkaConnection, ledger: Ledger) {
    this.#connection = connection;
    this.#ledger = ledger;
    connection.onClose(() => this.close());
  }

  /**
   * Publishes what `messagesFrom(offset)` makes of the source records at or above `offset`, and with it that `source` is done.
   * `source` is what came, in offset order; nothing is sent for what an earlier call has published, here or elsewhere.
   */
  publish(source: readonly Mark[], messagesFrom: (offset: number) => readonly OutgoingMessage[]): Promise<void> {
    return this.publishWithMemo(source, (offset) => ({ messages: messagesFrom(offset) }));
  }

  /** The same with a memo, which is as exact as the offset: what has been published and what is remembered of it change together. */
  publishWithMemo(
    source: readonly Mark[],
    publicationFrom: (offset: number, memo: string | undefined) => Publication,
  ): Promise<void> {
    return this.#alone(() => this.#renewing((session) => this.#publish(session, source, publicationFrom)));
  }

  /** Commits the shadow offset again, so that it does not expire; without one there is nothing to keep. */
  refresh(): Promise<void> {
    return this.#alone(() =>
      this.#renewing(async (session) => {
        if (session.shadow.nextOffset !== undefined) await this.#commit(session, [], session.shadow);
      }),
    );
  }

  async close(): Promise<void> {
    const session = this.#session;
    this.#session = undefined;
    await session?.producer.disconnect().catch(() => undefined);
  }

  async #publish(
    session: Session,
    source: readonly Mark[],
    publicationFrom: (offset: number, memo: string | undefined) => Publication,
  ): Promise<void> {
    const last = source.at(-1);
    if (last === undefined) return;
    const from = session.shadow.nextOffset ?? 0;
    if (source[0]!.offset < from) await this.#assertRedelivery(session.shadow, source);
    if (last.offset < from) return;
    const { messages, memo } = publicationFrom(from, session.shadow.memo);
    const after = shadowAfter(session.shadow, source);
    if (messages.length > 0) return this.#commit(session, messages, { ...after, memo });
    // Nothing to publish: a second time there will be nothing either, so the offset need not move. The next commit tells how new these were:
    // else they would look like another topic's when they come again.
    session.shadow = { ...session.shadow, newest: after.newest };
  }

  async #commit(session: Session, messages: readonly OutgoingMessage[], shadow: Shadow): Promise<void> {
    const transaction = session.begun ?? (await session.producer.transaction());
    session.begun = transaction;
    const byTopic = Map.groupBy(messages, ({ topic = this.#ledger.outputTopic }) => topic);
    for (const [topic, share] of byTopic) {
      for (const request of requests(share)) await transaction.send({ topic, messages: request });
    }
    const offsets = shadowOffsets(this.#ledger, shadow);
    // kafkajs tries adding offsets only once, which matters where nothing was sent before it.
    await retrying(() => transaction.sendOffsets(offsets));
    await transaction.commit();
    session.begun = undefined;
    session.shadow = shadow;
  }

  /**
   * Runs work with the session, and once more with a new one where the old turns out to be fenced or stale, or to remember
   * a topic that has been made anew: the broker forgets a group's offsets with the topic, this process does not.
   */
  async #renewing(work: (session: Session) => Promise<void>): Promise<void> {
    try {
      return await this.#tried(work);
    } catch (error) {
      const isWorthRenewing = isFenced(error) || isStale(error) || error instanceof ConfigError;
      if (!isWorthRenewing) throw tooLarge(error, this.#ledger.outputTopic) ?? error;
      log.info("transactional producer renewed", { ...this.#facts(), cause: messageOf(error) });
    }
    try {
      await this.#tried(work);
    } catch (error) {
      if (!isFenced(error)) throw error;
      throw new FencedError(`Another instance publishes for ${this.#name()}: this one was fenced twice in a row.`, {
        cause: error,
      });
    }
  }

  async #tried(work: (session: Session) => Promise<void>): Promise<void> {
    this.#session ??= await this.#open();
    const session = this.#session;
    try {
      await work(session);
    } catch (error) {
      // Whatever failed, the transaction's fate is unknown here: the next session's start settles it and reads how far it got.
      this.#session = undefined;
      void abandon(session);
      throw error;
    }
  }

  /** The producer comes first: it fences the one before and settles its open transaction, so that the offset read next is final. */
  async #open(): Promise<Session> {
    const producer = this.#connection.kafka.producer({
      transactionalId: `${this.#ledger.group}-${this.#ledger.source.topic}-${this.#ledger.source.partition}`,
      transactionTimeout,
      maxInFlightRequests: 1,
      allowAutoTopicCreation: false,
      retry,
      createPartitioner: partitionByKey(this.#ledger.source.partition),
    });
    try {
      await producer.connect();
      const begun = await producer.transaction();
      return { producer, begun, shadow: await fetchShadow(this.#connection, this.#ledger) };
    } catch (error) {
      await producer.disconnect().catch(() => undefined);
      throw error;
    }
  }

  #assertRedelivery(shadow: Shadow, records: readonly Mark[]): Promise<void> {
    const { group, source } = this.#ledger;
    const remedy =
      `To publish the new topic from its start, delete consumer group '${group}' ` +
      `(kafka-consumer-groups.sh --delete --group '${group}').`;
    return assertSameTopic(this.#connection, source, { shadow, records, remedy });
  }

  /** One piece of work at a time, in the order of the calls. */
  #alone(work: () => Promise<void>): Promise<void> {
    const result = this.#last.then(work);
    this.#last = result.catch(() => undefined);
    return result;
  }

  #name(): string {
    return `'${this.#ledger.group}' on ${this.#ledger.source.topic}-${this.#ledger.source.partition}`;
  }

  #facts() {
    return { group: this.#ledger.group, topic: this.#ledger.source.topic, partition: this.#ledger.source.partition };
  }
}

/** Ends a session nobody waits for; aborting lets readers of committed records pass before the transaction times out. */
async function abandon(session: Session): Promise<void> {
  if (session.begun?.isActive()) await session.begun.abort().catch(() => undefined);
  await session.producer.disconnect().catch(() => undefined);
}

/** Cuts messages into requests that a broker with its usual limits takes; order is kept. */
function* requests(messages: readonly Message[]): Generator<Message[]> {
  let request: Message[] = [];
  let bytes = 0;
  for (const message of messages) {
    const size = sizeOf(message);
    if (request.length > 0 && (bytes + size > requestBytes || request.length === requestMessages)) {
      yield request;
      request = [];
      bytes = 0;
    }
    request.push(message);
    bytes += size;
  }
  if (request.length > 0) yield request;
}

/** At most what a message takes on the wire, roughly. */
function sizeOf(message: Message): number {
  let size = 40 + byteLength(message.key) + byteLength(message.value);
  if (message.headers === undefined) return size;
  for (const [name, value] of Object.entries(message.headers)) {
    for (const one of Array.isArray(value) ? value : [value]) size += 8 + name.length * 3 + byteLength(one);
  }
  return size;
}

function byteLength(part: string | Buffer | null | undefined): number {
  return part == null ? 0 : Buffer.byteLength(part);
}
