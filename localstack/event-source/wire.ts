// Writes the event that a function receives, straight from the fetched bytes. The text is pure ASCII, so its length
// is its size and both sides of a pipe can treat it as latin1.
// https://docs.aws.amazon.com/lambda/latest/dg/with-msk.html  https://docs.aws.amazon.com/lambda/latest/dg/with-kafka.html
import { topicPartition } from "../../lib/kafka/event.ts";
import { headersOf, type SourceRecord } from "./record-batch.ts";

/** The request limit of a synchronous invoke: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
export const MAX_EVENT_BYTES = 6_291_456;

/** What all events of a mapping share. */
export interface EventSourceIdentity {
  readonly kind: "kafka" | "msk";
  /** The cluster's ARN; only MSK events carry it. */
  readonly eventSourceArn?: string;
  readonly bootstrapServers: string;
}

/** The constant text around the records of one partition. */
export interface PartitionText {
  readonly key: string;
  readonly listHead: string;
  readonly recordHead: string;
}

/** One partition's share of an event. */
export interface EventPart {
  readonly text: PartitionText;
  readonly records: readonly SourceRecord[];
}

const CREATE_TIME = ',"timestampType":"CREATE_TIME"';
const LOG_APPEND_TIME = ',"timestampType":"LOG_APPEND_TIME"';
const TAIL = "}}";
const LIST_TAIL = "]";
const NO_HEADERS = ',"headers":[]}';

/** The event's text up to its first partition. */
export function eventHead(source: EventSourceIdentity): string {
  const servers = `"bootstrapServers":${asciiJson(source.bootstrapServers)},"records":{`;
  if (source.kind === "kafka") return `{"eventSource":"SelfManagedKafka",${servers}`;
  return `{"eventSource":"aws:kafka","eventSourceArn":${asciiJson(source.eventSourceArn ?? "")},${servers}`;
}

export function partitionText(topic: string, partition: number): PartitionText {
  const key = topicPartition(topic, partition);
  return {
    key,
    listHead: `${asciiJson(key)}:[`,
    recordHead: `{"topic":${asciiJson(topic)},"partition":${partition},"offset":`,
  };
}

/**
 * The whole event. Records are in ascending offset order within a part, and have been measured. Each record's text is
 * written as it is made: one long string of them all costs twice the time, for it has to be flattened.
 */
export function eventBytes(head: string, parts: readonly EventPart[]): Buffer {
  const event = Buffer.allocUnsafeSlow(eventSize(head, parts));
  let at = event.write(head, 0, "latin1");
  for (let p = 0; p < parts.length; p++) {
    const { text, records } = parts[p]!;
    at += event.write(p === 0 ? text.listHead : `,${text.listHead}`, at, "latin1");
    const last = records.length - 1;
    for (let i = 0; i < last; i++) at += event.write(`${recordText(text, records[i]!)},`, at, "latin1");
    at += event.write(recordText(text, records[last]!) + LIST_TAIL, at, "latin1");
  }
  event.write(TAIL, at, "latin1");
  return event;
}

/** The size of an event of these parts, from sizes that are known already. */
export function eventSize(head: string, parts: readonly EventPart[]): number {
  let size = head.length + TAIL.length;
  for (const { text, records } of parts) size += partSize(text) + sizeOf(records);
  return size - 1; // the first part has no comma
}

/** What a partition adds to an event besides its records' `wireSize`: a comma, its key and its brackets. */
export function partSize(text: PartitionText): number {
  return 1 + text.listHead.length + LIST_TAIL.length - 1;
}

/** Sets a record's `wireSize`: the length of its text and one comma. */
export function measure(text: PartitionText, record: SourceRecord): number {
  let size = text.recordHead.length + digits(record.offset) + 13 + digits(record.timestamp);
  size += record.logAppendTime ? LOG_APPEND_TIME.length : CREATE_TIME.length;
  if (record.keyLength >= 0) size += 9 + base64Length(record.keyLength);
  if (record.valueLength >= 0) size += 11 + base64Length(record.valueLength);
  size += record.headerCount === 0 ? NO_HEADERS.length : headersText(record).length;
  record.wireSize = size + 1;
  return record.wireSize;
}

function recordText(layout: PartitionText, r: SourceRecord): string {
  const { slab } = r;
  let text = `${layout.recordHead}${r.offset},"timestamp":${r.timestamp}${r.logAppendTime ? LOG_APPEND_TIME : CREATE_TIME}`;
  if (r.keyLength >= 0) text += `,"key":"${slab.toString("base64", r.keyAt, r.keyAt + r.keyLength)}"`;
  if (r.valueLength >= 0) text += `,"value":"${slab.toString("base64", r.valueAt, r.valueAt + r.valueLength)}"`;
  return text + (r.headerCount === 0 ? NO_HEADERS : headersText(r));
}

// Header bytes are SIGNED on AWS (-128..127): aws-lambda-go pull request 506, powertools-lambda-python issue 6862.
function headersText(record: SourceRecord): string {
  const headers = headersOf(record).map(({ name, value }) => {
    const bytes = value === null ? "null" : `[${new Int8Array(value).join(",")}]`;
    return `{${asciiJson(name)}:${bytes}}`;
  });
  return `,"headers":[${headers.join(",")}]}`;
}

/** JSON of a string with every character outside printable ASCII escaped. */
export function asciiJson(value: string): string {
  return JSON.stringify(value).replace(
    /[\u007f-\uffff]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

function sizeOf(records: readonly SourceRecord[]): number {
  let size = 0;
  for (const record of records) size += record.wireSize;
  return size;
}

function base64Length(bytes: number): number {
  return 4 * Math.ceil(bytes / 3);
}

function digits(value: number): number {
  if (value < 0) return 1 + digits(-value);
  let count = 1;
  for (let bound = 10; value >= bound; bound *= 10) count++;
  return count;
}
