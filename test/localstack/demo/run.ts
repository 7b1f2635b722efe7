// A run as it should be: what was sent, and what a flawless system would have put out. Tests take it and spoil one thing.
import { allRecords, isValid, type Plan, type TrafficGenerator } from "../../../events/generate/generator.ts";
import { rides } from "../../../events/generate/rides.ts";
import { type TransactionFacts, transactions, WINDOW_MS } from "../../../events/generate/transactions.ts";
import { enrichedFields } from "../../../localstack/demo/check-rides.ts";
import type { Received, Sent } from "../../../localstack/demo/records.ts";

export const BRL_PER_USD = 5.42;

export const plan: Plan = {
  seed: 5,
  start: Date.UTC(2026, 0, 1, 12),
  count: 3000,
  rate: 300,
  latePercent: 4,
  badPercent: 4,
};

/** Records spread over three partitions, each with its offset. */
export function sent<Facts, Pools>(generator: TrafficGenerator<Facts, Pools>): Sent<Facts>[] {
  const next = [0, 0, 0];
  return [...allRecords(generator, plan)].map((record) => {
    const partition = record.key.charCodeAt(0) % 3;
    return { ...record, partition, offset: next[partition]!++ };
  });
}

export const sentRides = sent(rides);
export const sentTransactions = sent<TransactionFacts, unknown>(transactions);

export function received(topic: string, record: Partial<Received>): Received {
  return { topic, partition: 0, offset: 0, key: null, value: null, headers: {}, receivedAt: plan.start, ...record };
}

export const enrichedRides: readonly Received[] = sentRides.filter(isValid).map((ride) => {
  const fields = {
    ...enrichedFields(JSON.parse(String(ride.value)), BRL_PER_USD),
    processing_time: "2026-01-01 12:00:10.123000",
  };
  const { key, partition, offset } = ride;
  return received("output-enriched-rides", { key, partition, offset, value: Buffer.from(JSON.stringify(fields)) });
});

export const deadRides = deadLetters("input-raw-rides", "rides_dlq", sentRides);
export const deadTransactions = deadLetters("transactions", "transactions_dlq", sentTransactions);

/** Every transaction that was sent too late is in the late topic, as if each window had been closed by then. */
export const lateTransactions: readonly Received[] = sentTransactions
  .filter(({ kind }) => kind === "too-late")
  .map(({ key, value, partition, offset }, at) =>
    received("transactions_late", {
      key,
      offset: at,
      value: Buffer.from(String(value)),
      headers: { "late.topic": "transactions", "late.partition": String(partition), "late.offset": String(offset) },
    }),
  );

const counted = sentTransactions.filter(({ kind, facts }) => (kind === "good" || kind === "late") && facts.isPaid);

/** A result a window without its late records, and a second one with them where there are any. */
export const windowResults: readonly Received[] = [...Map.groupBy(counted, ({ facts }) => facts.windowStart)]
  .flatMap(([start, all]) => {
    const good = all.filter(({ kind }) => kind === "good");
    const results = good.length === 0 || good.length === all.length ? [all] : [good, all];
    return results.map((members, at) => ({ start, members, revision: at + 1 }));
  })
  .map(({ start, members, revision }, offset) => windowResult(start, members, { revision, offset }));

function deadLetters(from: string, topic: string, records: readonly Sent[]): readonly Received[] {
  return records
    .filter((record) => !isValid(record))
    .map(({ key, value, partition, offset }, at) =>
      received(topic, {
        key,
        offset: at,
        value: value === null ? null : Buffer.from(value),
        headers: {
          "dead-letter.topic": from,
          "dead-letter.partition": String(partition),
          "dead-letter.offset": String(offset),
        },
      }),
    );
}

function windowResult(
  start: number,
  members: readonly Sent<TransactionFacts>[],
  { revision, offset }: { revision: number; offset: number },
): Received {
  const total = members.reduce((sum, { facts }) => sum + facts.amount, 0);
  const value = {
    window_start: start,
    window_end: start + WINDOW_MS,
    total_paid: total,
    total_transactions: members.length,
    average_transaction_value: total / members.length,
  };
  return received("transactions_aggregate", {
    key: String(start),
    offset,
    value: Buffer.from(JSON.stringify(value)),
    headers: { revision: String(revision) },
    receivedAt: start + WINDOW_MS + 1400,
  });
}
