// What is written about given-up records, as far as all destinations agree, and the message of those that take one a batch.
// https://docs.aws.amazon.com/lambda/latest/dg/kafka-on-failure.html
import type { Discard, Portions } from "../deliver.ts";
import { type SourceRecord, timestampOf } from "../kafka/record-batch.ts";
import { countOf } from "../settle.ts";
import type { EventSourceIdentity } from "../wire.ts";

/** Why a record never reached the function, besides its age. */
const NEVER_SENT: ReadonlySet<Discard["condition"]> = new Set([
  "MaximumPayloadSizeExceeded",
  "SCHEMA_NOT_FOUND",
  "DESERIALIZATION_ERROR",
]);

/** Days of 86,400 s around the epoch: https://tc39.es/ecma262/#sec-time-values-and-time-range */
const LAST_DATE = 8.64e15;

/** What all failure records of a mapping share. */
export interface FailureRecordContext {
  readonly functionArn: string;
  readonly source: EventSourceIdentity;
  now(): number;
}

/** The record of a whole discarded batch, for SQS, SNS and S3. */
export function batchRecord(discard: Discard, payloadSize: number, context: FailureRecordContext): object {
  const { portions, condition } = discard;
  const recordsInfo = Object.fromEntries(portions.map(({ key, records }) => [key, rangeOf(records)]));
  return failureRecord(discard, {
    ...{ functionArn: context.functionArn, condition, at: context.now() },
    batchInfo: { ...sourceInfo(context.source, countOf(portions), payloadSize), recordsInfo },
  });
}

/** The outer fields, in AWS's order. */
export function failureRecord(
  discard: Omit<Discard, "portions">,
  about: {
    readonly functionArn: string;
    /** As this destination spells it. */
    readonly condition: string;
    readonly at: number;
    readonly batchInfo: object;
  },
): object {
  return {
    requestContext: {
      requestId: discard.requestId,
      functionArn: about.functionArn,
      condition: about.condition,
      approximateInvokeCount: discard.invokes,
    },
    ...responseContextOf(discard),
    version: "1.0",
    timestamp: new Date(about.at).toISOString(),
    KafkaBatchInfo: about.batchInfo,
  };
}

/** The fields of `KafkaBatchInfo` that don't name records. */
export function sourceInfo(source: EventSourceIdentity, batchSize: number, payloadSize: number): object {
  return {
    batchSize,
    ...(source.kind === "msk" ? { eventSourceArn: source.eventSourceArn } : {}),
    bootstrapServers: source.bootstrapServers,
    payloadSize,
  };
}

function rangeOf(records: Portions[number]["records"]): object {
  const first = records[0]!;
  const last = records.at(-1)!;
  return {
    firstRecordOffset: String(first.offset),
    lastRecordOffset: String(last.offset),
    firstRecordTimestamp: isoTimestamp(first),
    lastRecordTimestamp: isoTimestamp(last),
  };
}

/** The record's timestamp, at most the last that a Date can say: producers may send nanoseconds, and Kafka keeps any 64 bits. */
export function isoTimestamp(record: SourceRecord): string {
  const time = Math.min(Math.max(timestampOf(record), -LAST_DATE), LAST_DATE);
  return new Date(time).toISOString();
}

// Null for a record that is too large or can't be read, absent for one that is too old: none was answered by the function.
function responseContextOf({ condition, functionError }: Omit<Discard, "portions">): {
  responseContext?: object | null;
} {
  if (NEVER_SENT.has(condition)) return { responseContext: null };
  if (condition === "RecordAgeExceeded") return {};
  return { responseContext: { statusCode: 200, executedVersion: "$LATEST", functionError: functionError ?? null } };
}
