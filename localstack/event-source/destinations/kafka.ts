// Where given-up records go: a Kafka topic of the same cluster, one message a record.
// https://docs.aws.amazon.com/lambda/latest/dg/kafka-on-failure-destination.html
import type { Discard } from "../deliver.ts";
import { type Cluster, connectTo, hasTopic } from "../kafka/kafka-connection.ts";
import { keyBytes, type SourceRecord } from "../kafka/record-batch.ts";
import { originalOf } from "../kafka/replaced-records.ts";
import type { Switches } from "../switches.ts";
import { eventBytes, eventHead, type PartitionText } from "../wire.ts";
import { type FailureDestination, RefusedRecords } from "./failure-destination.ts";
import { type FailureRecordContext, failureRecord, isoTimestamp, sourceInfo } from "./failure-record.ts";

export interface RecordMessageContext extends FailureRecordContext {
  readonly switches: Pick<Switches, "exhausted-condition">;
}

export interface KafkaDestinationOptions extends RecordMessageContext {
  readonly cluster: Cluster;
  readonly topic: string;
}

/** A record and its message. */
interface Letter {
  readonly record: SourceRecord;
  readonly key: Buffer | null;
  readonly value: string;
}

/** Of one sending: a partition's share is one batch of Kafka's, for which brokers take 1 MiB unless told otherwise. */
const SENT_AT_ONCE_BYTES = 900_000;
/** Most that a message takes besides its key and value. */
const OVERHEAD_BYTES = 40;

/** A destination that connects when it is first needed. */
export function kafkaDestination(options: KafkaDestinationOptions): FailureDestination {
  const producer = connectTo(options.cluster, "event-source-destination").producer({
    idempotent: true,
    allowAutoTopicCreation: false,
  });
  let connected: Promise<void> | undefined;
  return {
    whyNot: async () =>
      (await hasTopic(options.cluster, options.topic)) ? undefined : "the failure destination's topic does not exist",
    async deliver(discard, textOf) {
      connected ??= producer.connect().catch((error) => {
        connected = undefined;
        throw error;
      });
      await connected;
      const letters = discard.portions.flatMap(({ key, records }) =>
        records.map((record) => ({
          record,
          key: keyBytes(originalOf(record)),
          value: recordMessage(record, { discard, text: textOf(key), context: options }),
        })),
      );
      const tooLarge = new Map<SourceRecord, unknown>();
      const send = async (some: readonly Letter[]): Promise<void> => {
        const messages = some.map(({ key, value }) => ({ key, value }));
        try {
          await producer.send({ topic: options.topic, messages, acks: -1 });
        } catch (error) {
          if (!isTooLarge(error)) throw error;
          const half = Math.ceil(some.length / 2);
          if (some.length === 1) tooLarge.set(some[0]!.record, error);
          else for (const part of [some.slice(0, half), some.slice(half)]) await send(part);
        }
      };
      for (const some of sendings(letters)) await send(some);
      if (tooLarge.size > 0) throw new RefusedRecords(new Set(tooLarge.keys()), [...tooLarge.values()][0]);
    },
    stop: async () => {
      if (connected !== undefined) await producer.disconnect();
    },
  };
}

/** The message's value. The record's event stands in it as an object, not as text. */
export function recordMessage(
  record: SourceRecord,
  around: {
    readonly discard: Omit<Discard, "portions">;
    readonly text: PartitionText;
    readonly context: RecordMessageContext;
  },
): string {
  const { discard, text, context } = around;
  const payload = eventBytes(eventHead(context.source), [{ text, records: [record] }]).toString("latin1");
  const recordInfo = { offset: String(record.offset), timestamp: isoTimestamp(record) };
  const envelope = failureRecord(discard, {
    functionArn: `${context.functionArn}:$LATEST`,
    condition:
      discard.condition === "RetryAttemptsExhausted" ? context.switches["exhausted-condition"] : discard.condition,
    at: context.now(),
    batchInfo: { ...sourceInfo(context.source, 1, payload.length), recordInfo },
  });
  return `${JSON.stringify(envelope).slice(0, -1)},"payload":${payload}}`;
}

/** In their order, as many at once as any topic takes that has Kafka's own limit. */
function sendings(letters: readonly Letter[]): Letter[][] {
  const all: Letter[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const letter of letters) {
    const size = letter.value.length + (letter.key?.length ?? 0) + OVERHEAD_BYTES; // the message is ASCII
    if (bytes + size > SENT_AT_ONCE_BYTES) {
      all.push([]);
      bytes = 0;
    }
    all.at(-1)!.push(letter);
    bytes += size;
  }
  return all;
}

function isTooLarge(error: unknown): boolean {
  return error instanceof Error && "type" in error && /^(MESSAGE|RECORD_LIST)_TOO_LARGE$/.test(String(error.type));
}
