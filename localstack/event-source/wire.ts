// Writes the event that a function receives, straight from the fetched bytes. The text is pure ASCII, so its length
// is its size and the other side reads it as latin1.
// https://docs.aws.amazon.com/lambda/latest/dg/with-msk.html  https://docs.aws.amazon.com/lambda/latest/dg/with-kafka.html
import { topicPartition } from "../../lib/kafka/event.ts";
import { AsciiWriter, digitsOf } from "./ascii-writer.ts";
import { headersOf, partsOf, type SourceRecord, timestampOf } from "./kafka/record-batch.ts";

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
  readonly recordHead: Uint8Array;
  /** What stands for a header that has no value. */
  readonly nullHeader: "null" | "[]";
}

/** One partition's share of an event. */
export interface EventPart {
  readonly text: PartitionText;
  readonly records: readonly SourceRecord[];
}

const ascii = (text: string): Uint8Array => Uint8Array.from(text, (char) => char.charCodeAt(0));

const TIMESTAMP = ascii(',"timestamp":');
const CREATE_TIME = ascii(',"timestampType":"CREATE_TIME"');
const LOG_APPEND_TIME = ascii(',"timestampType":"LOG_APPEND_TIME"');
const KEY = ascii(',"key":"');
const VALUE = ascii(',"value":"');
const QUOTE = ascii('"');
const NO_HEADERS = ascii(',"headers":[]}');
const COMMA = ascii(",");
const LIST_TAIL = "]";
const EVENT_TAIL = "}}";

/** The event's text up to its first partition. */
export function eventHead(source: EventSourceIdentity): string {
  const servers = `"bootstrapServers":${asciiJson(source.bootstrapServers)},"records":{`;
  if (source.kind === "kafka") return `{"eventSource":"SelfManagedKafka",${servers}`;
  return `{"eventSource":"aws:kafka","eventSourceArn":${asciiJson(source.eventSourceArn ?? "")},${servers}`;
}

export function partitionText(
  topic: string,
  partition: number,
  nullHeader: PartitionText["nullHeader"] = "null",
): PartitionText {
  const key = topicPartition(topic, partition);
  return {
    key,
    listHead: `${asciiJson(key)}:[`,
    recordHead: ascii(`{"topic":${asciiJson(topic)},"partition":${partition},"offset":`),
    nullHeader,
  };
}

/** The whole event. Records are in ascending offset order within a part, and have been measured. */
export function eventBytes(head: string, parts: readonly EventPart[]): Buffer {
  const writer = new AsciiWriter(eventSize(head, parts));
  writer.text(head);
  for (let p = 0; p < parts.length; p++) {
    const { text, records } = parts[p]!;
    if (p > 0) writer.constant(COMMA);
    writer.text(text.listHead);
    for (let i = 0; i < records.length; i++) {
      if (i > 0) writer.constant(COMMA);
      writeRecord(writer, text, records[i]!);
    }
    writer.text(LIST_TAIL);
  }
  writer.text(EVENT_TAIL);
  return writer.bytes;
}

/** The size of an event of these parts, from sizes that are known already. */
export function eventSize(head: string, parts: readonly EventPart[]): number {
  let size = head.length + EVENT_TAIL.length;
  for (const { text, records } of parts) size += partSize(text) + sizeOf(records);
  return size - 1; // the first part has no comma
}

/** What a partition adds to an event besides its records' `wireSize`: a comma, its key and its brackets, less the last record's comma. */
export function partSize(text: PartitionText): number {
  return 1 + text.listHead.length + LIST_TAIL.length - 1;
}

/** A record's schema metadata as it stands in an event; empty when there is none. */
export function schemaText(metadata: Readonly<Record<string, { dataFormat: string; schemaId: string }>>): Uint8Array {
  const properties = Object.entries(metadata).map(([name, schema]) => `,"${name}":${asciiJson(schema)}`);
  return ascii(properties.join(""));
}

/** Sets a record's `wireSize`: the length of its text and one comma. */
export function measure(text: PartitionText, record: SourceRecord): number {
  const { keyLength, valueLength, headerCount } = partsOf(record);
  let size = text.recordHead.length + digitsOf(record.offset) + TIMESTAMP.length + digitsOf(timestampOf(record));
  size += record.batch.logAppendTime ? LOG_APPEND_TIME.length : CREATE_TIME.length;
  if (keyLength >= 0) size += KEY.length + base64Length(keyLength) + QUOTE.length;
  if (valueLength >= 0) size += VALUE.length + base64Length(valueLength) + QUOTE.length;
  if (record.batch.schemas !== undefined) size += record.batch.schemas.text.length;
  size += headerCount === 0 ? NO_HEADERS.length : headersText(text, record).length;
  record.wireSize = size + COMMA.length;
  return record.wireSize;
}

function writeRecord(writer: AsciiWriter, text: PartitionText, record: SourceRecord): void {
  const { bytes, logAppendTime, schemas } = record.batch;
  const { keyAt, keyLength, valueAt, valueLength, headerCount } = partsOf(record);
  writer.constant(text.recordHead);
  writer.integer(record.offset);
  writer.constant(TIMESTAMP);
  writer.integer(timestampOf(record));
  writer.constant(logAppendTime ? LOG_APPEND_TIME : CREATE_TIME);
  if (keyLength >= 0) {
    writer.constant(KEY);
    writer.base64(bytes, keyAt, keyLength);
    writer.constant(QUOTE);
  }
  if (valueLength >= 0) {
    writer.constant(VALUE);
    writer.base64(bytes, valueAt, valueLength);
    writer.constant(QUOTE);
  }
  if (schemas !== undefined) writer.constant(schemas.text);
  if (headerCount === 0) writer.constant(NO_HEADERS);
  else writer.text(headersText(text, record));
}

// Header bytes are SIGNED on AWS (-128..127): aws-lambda-go pull request 506, powertools-lambda-python issue 6862.
function headersText({ nullHeader }: PartitionText, record: SourceRecord): string {
  const headers = headersOf(record).map(({ name, value }) => {
    const bytes = value === null ? nullHeader : `[${new Int8Array(value).join(",")}]`;
    return `{${asciiJson(name)}:${bytes}}`;
  });
  return `,"headers":[${headers.join(",")}]}`;
}

/** JSON with every character outside printable ASCII escaped. */
export function asciiJson(value: string | object): string {
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
