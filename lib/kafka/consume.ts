// One Kafka event in, its partitions side by side and each in offset order: decode once, set poison aside, process, answer.
// Nothing is ever reported done that was not done: a failed partition is answered as a suffix, or thrown where answers are not read.

import { setImmediate as nextTurn } from "node:timers/promises";
import type { ZodType } from "zod";
import { optional } from "../config.ts";
import { ConfigError, FencedError, messageOf } from "../errors.ts";
import { begin, log, type Measures, MOST_VALUES, measure } from "../telemetry.ts";
import { traced } from "../tracing.ts";
import { deadLetter } from "./dead-letter.ts";
import { decoder, type Format, Refusal } from "./decode.ts";
import type { KafkaEvent, PartialBatchResponse, WireRecord } from "./event.ts";
import { DecodedRecord } from "./record.ts";
import type { Poison, SideOutput } from "./side-output.ts";
import type { Batch, SourceRecord } from "./source.ts";
import { traceLinks } from "./trace-context.ts";

/** What processing a batch has measured: told in the batch's line, and metrics like it. */
// biome-ignore lint/suspicious/noConfusingVoidType: most processing measures nothing, and returns nothing.
export type Measured = Measures | void;

export interface Consumer<V> {
  readonly input: ZodType<V>;
  /** How values are read before `input` validates them; JSON unless told otherwise. */
  readonly format?: Format;
  readonly poison: SideOutput;
  /** Refuses a record that is valid by itself; what it returns goes to the dead-letter topic. */
  readonly accept?: (value: V, record: SourceRecord) => Pick<Poison, "reason" | "message"> | undefined;
  readonly process: (batch: Batch<V>) => Promise<Measured>;
}

/** Lambda gives the context; without one, log lines name no invocation. */
export type Handler = (event: unknown, context?: unknown) => Promise<PartialBatchResponse | undefined>;

/** Makes the handler of a function that is bound to a Kafka topic. */
export function consume<V>(consumer: Consumer<V>): Handler {
  const decode = decoder(consumer.input, consumer.format);
  const answers = partialResponsesAreRead();
  return async (event, context) => {
    begin(context);
    const shares = sharesOf(event);
    const attempts: Promise<Done | Failure>[] = [];
    for (const share of shares) {
      attempts.push(attempt(share, decode, consumer));
      // Its first request leaves before the next partition's records are decoded, so that the broker works meanwhile.
      if (attempts.length < shares.length) await nextTurn();
    }
    const outcomes = await Promise.all(attempts);
    tellDone(outcomes.filter((outcome) => "measures" in outcome));
    const failures = outcomes.filter((outcome) => "error" in outcome);
    tellFailures(failures);
    if (failures.length === 0) return answers ? { batchItemFailures: [] } : undefined;
    // Answered also where every partition failed: a thrown error would have the batch bisected, down to single records in an outage.
    if (!answers) throw failed(failures, shares.length);
    return { batchItemFailures: failures.flatMap(itemsOf) };
  };
}

/** One partition's records in an event, under the event's own name for it. */
interface Share {
  readonly name: string;
  readonly records: readonly WireRecord[];
}

interface Done {
  readonly share: Share;
  readonly measures: Measures;
  /** The traces that its records continue. */
  readonly links: readonly string[];
}

interface Failure {
  readonly share: Share;
  readonly error: unknown;
}

type Decode<V> = (record: WireRecord) => V | Refusal;

/** AWS reads the answer only where the mapping says ReportBatchItemFailures; elsewhere an answer would count as success. */
function partialResponsesAreRead(): boolean {
  const text = optional("PARTIAL_BATCH_RESPONSES", "false");
  if (text === "true" || text === "false") return text === "true";
  throw new ConfigError(
    `Environment variable PARTIAL_BATCH_RESPONSES must be true or false: got ${JSON.stringify(text)}.`,
  );
}

async function attempt<V>(share: Share, decode: Decode<V>, consumer: Consumer<V>): Promise<Done | Failure> {
  const { topic, partition, offset: firstOffset } = share.records[0]!;
  const links = traceLinks(share.records);
  const annotations = { topic, partition, firstOffset };
  try {
    const measures = await traced("batch", { annotations, links }, () => carryOut(share, decode, consumer));
    return { share, measures, links };
  } catch (error) {
    return { share, error };
  }
}

async function carryOut<V>(share: Share, decode: Decode<V>, consumer: Consumer<V>): Promise<Measures> {
  const began = performance.now();
  await consumer.format?.prepare?.(share.records);
  const { batch, poison } = sorted(share, decode, consumer);
  if (poison.length > 0) await setAside(batch, poison, consumer.poison);
  const measures = await consumer.process(batch);
  const took = Math.round(performance.now() - began);
  return { records: batch.records.length, records_poison: poison.length, ...measures, batch_ms: took };
}

/** Valid records apart from poison, both in offset order. */
function sorted<V>({ records: wire }: Share, decode: Decode<V>, { accept }: Consumer<V>) {
  const records: DecodedRecord<V>[] = [];
  const poison: Poison[] = [];
  for (const record of wire) {
    const value = decode(record);
    if (value instanceof Refusal) {
      poison.push({ record, reason: value.reason, message: value.message });
      continue;
    }
    const decoded = new DecodedRecord(record, value);
    const refused = accept?.(value, decoded);
    if (refused === undefined) records.push(decoded);
    else poison.push({ record, reason: refused.reason, message: refused.message });
  }
  const { topic, partition, offset: firstOffset } = wire[0]!;
  const batch: Batch<V> = { topic, partition, firstOffset, lastOffset: wire.at(-1)!.offset, records, wire };
  return { batch, poison };
}

/** Publishes poison and says so. It leaves before the rest is processed: when that fails it comes again, and is not published again. */
export async function setAside(batch: Batch<unknown>, poison: readonly Poison[], output: SideOutput): Promise<void> {
  await output.publish(batch, poison.map(deadLetter));
  for (const { record, reason, message } of poison) {
    const { topic, partition, offset } = record;
    log.warn("poison", { topic, partition, offset, reason, detail: message, deadLetters: output.topic });
  }
}

/** One line for all partitions of an event that are done: at many partitions, a line each would cost more than the functions' requests. */
function tellDone(all: readonly Done[]): void {
  for (let at = 0; at < all.length; at += MOST_VALUES) {
    const done = all.slice(at, at + MOST_VALUES);
    const valuesOf = (name: string) => done.flatMap((one) => one.measures[name] ?? []);
    const names = new Set(done.flatMap(({ measures }) => Object.keys(measures)));
    const links = [...new Set(done.flatMap((one) => one.links))];
    measure("batch", Object.fromEntries([...names].map((name) => [name, valuesOf(name)])), {
      partitions: done.map(({ share: { records } }) => spanOf(records)),
      // Queries of logs add up no arrays.
      allRecords: valuesOf("records").reduce((sum, records) => sum + records, 0),
      longestMs: Math.max(...valuesOf("batch_ms")),
      // For who looks for one of the traces.
      ...(links.length > 0 ? { links } : {}),
    });
  }
}

/** Where records stand, such as `rides-3@17-41`. */
function spanOf(records: readonly WireRecord[]): string {
  const { topic, partition, offset } = records[0]!;
  return `${topic}-${partition}@${offset}-${records.at(-1)!.offset}`;
}

/** An answered failure is a success to Lambda: its alarm needs a metric of ours. */
function tellFailures(failures: readonly Failure[]): void {
  for (const { share, error } of failures) tellFailure(share, error);
  // Fenced: a newer instance has these records; coming again they find themselves done.
  const failed = failures.filter(({ error }) => !(error instanceof FencedError)).length;
  if (failed > 0) measure("failures", { batches_failed: failed });
}

function tellFailure({ records }: Share, error: unknown): void {
  const { topic, partition, offset: firstOffset } = records[0]!;
  const fields = { topic, partition, firstOffset, lastOffset: records.at(-1)!.offset, error: messageOf(error) };
  if (error instanceof FencedError) log.warn("batch left to a newer instance", fields);
  else log.error("batch failed", fields);
}

/** Every record of the partition: only listed records come again, so a hole would lose what lies in it. */
function itemsOf({ share }: Failure): PartialBatchResponse["batchItemFailures"] {
  return share.records.map(({ offset }) => ({ itemIdentifier: { partition: share.name, offset } }));
}

function failed(failures: readonly Failure[], partitions: number): Error {
  const [first] = failures;
  const names = failures.map(({ share }) => share.name).join(", ");
  return new Error(`${failures.length} of ${partitions} partitions failed (${names}): ${messageOf(first?.error)}`, {
    cause: failures.length === 1 ? first?.error : new AggregateError(failures.map(({ error }) => error)),
  });
}

/** The event's partitions, each in offset order. */
function sharesOf(event: unknown): Share[] {
  if (!isKafkaEvent(event)) throw new ConfigError(notKafka(event));
  return Object.entries(event.records)
    .filter(([, records]) => records.length > 0)
    .map(([name, records]) => ({ name, records: inOffsetOrder(records) }));
}

function isKafkaEvent(event: unknown): event is KafkaEvent {
  if (typeof event !== "object" || event === null) return false;
  if (!("eventSource" in event) || !("records" in event)) return false;
  const { eventSource, records } = event;
  if (eventSource !== "aws:kafka" && eventSource !== "SelfManagedKafka") return false;
  return typeof records === "object" && records !== null && Object.values(records).every(Array.isArray);
}

function notKafka(event: unknown): string {
  const got = typeof event === "object" && event !== null ? `an object with ${namesIn(event)}` : typeof event;
  return (
    "This function expects Lambda's Kafka event (eventSource 'aws:kafka' or 'SelfManagedKafka', records by topic-partition): " +
    `got ${got}. Bind it to a topic in its functions.yml, or invoke it with one of the samples in events/.`
  );
}

function namesIn(event: object): string {
  const names = Object.keys(event).slice(0, 5);
  return names.length === 0 ? "nothing in it" : `the properties ${names.join(", ")}`;
}

/** They come so from AWS; a sender that mixes them up, or says one twice, must not make us do so. */
function inOffsetOrder(records: readonly WireRecord[]): readonly WireRecord[] {
  const isOrdered = records.every((record, i) => i === 0 || records[i - 1]!.offset < record.offset);
  if (isOrdered) return records;
  const sorted = [...records].sort((a, b) => a.offset - b.offset);
  return sorted.filter((record, i) => i === 0 || sorted[i - 1]!.offset < record.offset);
}
