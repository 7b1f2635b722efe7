// Where given-up records go: a Kafka topic of the same cluster, one message a record.
// https://docs.aws.amazon.com/lambda/latest/dg/kafka-on-failure-destination.html
import type { Discard } from "../deliver.ts";
import { type Cluster, connectTo, hasTopic } from "../kafka/kafka-connection.ts";
import { keyBytes, type SourceRecord } from "../kafka/record-batch.ts";
import { originalOf } from "../kafka/replaced-records.ts";
import type { Switches } from "../switches.ts";
import { eventBytes, eventHead, type PartitionText } from "../wire.ts";
import type { FailureDestination } from "./failure-destination.ts";
import { type FailureRecordContext, failureRecord, isoTimestamp, sourceInfo } from "./failure-record.ts";

export interface RecordMessageContext extends FailureRecordContext {
  readonly switches: Pick<Switches, "exhausted-condition">;
}

export interface KafkaDestinationOptions extends RecordMessageContext {
  readonly cluster: Cluster;
  readonly topic: string;
}

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
      const messages = discard.portions.flatMap(({ key, records }) =>
        records.map((record) => ({
          key: keyBytes(originalOf(record)),
          value: recordMessage(record, { discard, text: textOf(key), context: options }),
        })),
      );
      await producer.send({ topic: options.topic, messages, acks: -1 });
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
