// Where given-up records go: a Kafka topic of the same cluster, one message a record.
// https://docs.aws.amazon.com/lambda/latest/dg/kafka-on-failure-destination.html
import type { Discard } from "../deliver.ts";
import { type Cluster, connectTo } from "../kafka/kafka-connection.ts";
import { keyBytes, type SourceRecord, timestampOf } from "../kafka/record-batch.ts";
import { type EventSourceIdentity, eventBytes, eventHead, type PartitionText } from "../wire.ts";
import type { FailureDestination } from "./destination.ts";

export interface KafkaDestinationOptions {
  readonly cluster: Cluster;
  readonly topic: string;
  readonly functionArn: string;
  readonly source: EventSourceIdentity;
  readonly now: () => number;
}

/** A destination that connects when it is first needed. */
export function kafkaDestination(options: KafkaDestinationOptions): FailureDestination {
  const producer = connectTo(options.cluster, "event-source-destination").producer({
    idempotent: true,
    allowAutoTopicCreation: false,
  });
  let connected: Promise<void> | undefined;
  return {
    async deliver(discard, textOf) {
      connected ??= producer.connect().catch((error) => {
        connected = undefined;
        throw error;
      });
      await connected;
      const messages = discard.portions.flatMap(({ key, records }) =>
        records.map((record) => ({
          key: keyBytes(record),
          value: failureRecord(record, { discard, text: textOf(key), options }),
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
export function failureRecord(
  record: SourceRecord,
  around: {
    readonly discard: Omit<Discard, "portions">;
    readonly text: PartitionText;
    readonly options: Omit<KafkaDestinationOptions, "cluster" | "topic">;
  },
): string {
  const { discard, text, options } = around;
  const { source } = options;
  const payload = eventBytes(eventHead(source), [{ text, records: [record] }]).toString("latin1");
  const envelope = {
    requestContext: {
      requestId: discard.requestId,
      functionArn: `${options.functionArn}:$LATEST`,
      // The page on Kafka destinations spells exhaustion differently from the page on the others.
      condition: discard.condition === "RetryAttemptsExhausted" ? "RetriesExhausted" : discard.condition,
      approximateInvokeCount: discard.invokes,
    },
    ...responseContextOf(discard),
    version: "1.0",
    timestamp: new Date(options.now()).toISOString(),
    KafkaBatchInfo: {
      batchSize: 1,
      ...(source.kind === "msk" ? { eventSourceArn: source.eventSourceArn } : {}),
      bootstrapServers: source.bootstrapServers,
      payloadSize: payload.length,
      recordInfo: { offset: String(record.offset), timestamp: new Date(timestampOf(record)).toISOString() },
    },
  };
  return `${JSON.stringify(envelope).slice(0, -1)},"payload":${payload}}`;
}

// Null for a record that is too large, absent for one that is too old: neither was answered by the function.
function responseContextOf({ condition, functionError }: Omit<Discard, "portions">): {
  responseContext?: object | null;
} {
  if (condition === "MaximumPayloadSizeExceeded") return { responseContext: null };
  if (condition === "RecordAgeExceeded") return {};
  return { responseContext: { statusCode: 200, executedVersion: "$LATEST", functionError: functionError ?? null } };
}
