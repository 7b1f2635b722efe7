// Generated commerce events sent to a test's own pipeline, and where each of them should end.

import { randomUUID } from "node:crypto";
import { expect } from "vitest";
import { commerce as generator } from "../../events/generate/commerce.ts";
import { seal } from "../../events/generate/commerce-damage.ts";
import type { CommerceFacts } from "../../events/generate/commerce-facts.ts";
import { endOf } from "../../events/generate/commerce-kinds.ts";
import { allRecords, type GeneratedRecord, isValid } from "../../events/generate/generator.ts";
import type { Place } from "../../lib/kafka/append.ts";
import { ORIGIN_HEADER, originText } from "../../lib/kafka/origin.ts";
import { partitionByKey } from "../../lib/kafka/partitioner.ts";
import type { Commerce, EventRow } from "./commerce.ts";
import { httpEvent } from "./http-event.ts";
import { kafkaClient, type ReadRecord, readAll } from "./kafka.ts";
import { until } from "./until.ts";

export interface SentEvent extends GeneratedRecord<CommerceFacts> {
  /** topic/partition/offset. */
  readonly origin: string;
}

export interface Traffic {
  readonly count: number;
  readonly badPercent: number;
  readonly seed?: number;
}

/** Sends good events through the endpoint and broken ones straight to their topics. */
export async function sendTraffic(pipeline: Commerce, traffic: Traffic): Promise<readonly SentEvent[]> {
  const records = recordsOf(traffic);
  const good = records.filter(isValid);
  const broken = records.filter((record) => !isValid(record));
  const places = await post(pipeline, good);
  return [
    ...good.map((record, i) => ({ ...record, origin: originText(places[i]!) })),
    ...(await append(pipeline, broken)),
  ];
}

/** As many broken and odd events, straight to their topics. */
export function sendBroken(pipeline: Commerce, traffic: Omit<Traffic, "badPercent">): Promise<readonly SentEvent[]> {
  return append(pipeline, recordsOf({ ...traffic, badPercent: 100 }));
}

function recordsOf({ count, badPercent, seed = 1 }: Traffic): readonly GeneratedRecord<CommerceFacts>[] {
  const plan = { seed, start: Date.UTC(2026, 10, 21, 12), count, rate: 100, latePercent: 0, badPercent };
  return [...allRecords(generator, plan)];
}

async function post(pipeline: Commerce, records: readonly GeneratedRecord<CommerceFacts>[]): Promise<readonly Place[]> {
  const track = await pipeline.start("track");
  const places: Place[] = [];
  for (let i = 0; i < records.length; i += 100) {
    const body = `[${records
      .slice(i, i + 100)
      .map(({ value }) => value)
      .join(",")}]`;
    // As clients do: again under its key where it can't be carried out now.
    const request = httpEvent("POST /track", { body, headers: { "idempotency-key": randomUUID() } });
    await until(async () => {
      const answer = await track.invoke(request);
      expect(answer).toMatchObject({ kind: "done", response: { statusCode: 202 } });
      const { response } = answer as unknown as { readonly response: { readonly body: string } };
      places.push(...JSON.parse(response.body));
      return true;
    }, "the events' places");
  }
  await track.kill();
  return places;
}

async function append(
  { topics, schemaRegistryUrl }: Commerce,
  records: readonly GeneratedRecord<CommerceFacts>[],
): Promise<readonly SentEvent[]> {
  const sealed = await seal({ schemaRegistryUrl });
  const producer = kafkaClient().producer({ idempotent: true, createPartitioner: partitionByKey(0) });
  await producer.connect();
  try {
    const sent: SentEvent[] = [];
    for (const record of records) {
      const topic = topics[record.facts.event.event_type];
      const [answer] = await producer.send({ topic, messages: [{ key: record.key, value: sealed(record.value) }] });
      const place = { topic, partition: answer!.partition, offset: Number(answer!.baseOffset) };
      sent.push({ ...record, origin: originText(place) });
    }
    return sent;
  } finally {
    await producer.disconnect();
  }
}

/** Each event is in exactly one of the two places, once, and there is nothing else. */
export async function expectEachInOnePlace(pipeline: Commerce, sent: readonly SentEvent[]): Promise<void> {
  const [rows, parked] = await Promise.all([pipeline.rows(), readAll(pipeline.topics.parked)]);
  const should = Map.groupBy(sent, ({ kind }) => endOf(kind));
  expect(rows.map(({ origin }) => origin).sort()).toEqual(originsOf(should.get("processed_events")));
  expect(parked.map(originIn).sort()).toEqual(originsOf(should.get("events_parked")));
  const byOrigin = new Map(rows.map((row) => [row.origin, row]));
  for (const event of should.get("processed_events") ?? []) expectAsMeant(byOrigin.get(event.origin)!, event);
}

export function originIn({ headers }: Pick<ReadRecord, "headers">): string {
  return String([headers[ORIGIN_HEADER]].flat().at(-1));
}

function originsOf(sent: readonly SentEvent[] = []): readonly string[] {
  return sent.map(({ origin }) => origin).sort();
}

function expectAsMeant(row: EventRow, { kind, facts: { event } }: SentEvent): void {
  expect([row.event_name, row.event_type, row.triggered_at.toISOString()]).toEqual([
    event.event_name,
    event.event_type,
    event.triggered_at,
  ]);
  const isOther = kind === "sql-text" || kind === "long-text";
  if (isOther)
    expect(JSON.stringify([row.user_details, row.event_details])).toMatch(
      kind === "sql-text" ? /DROP TABLE/ : /é{500000}/,
    );
  else expect([row.user_details, row.event_details]).toEqual([event.user_details, event.event_details]);
}
