// Appends a request's records once, however often the request is made under its idempotency key.
//
// The key's item is claimed before anything is sent and settled with the answer afterwards. Between the two an owner may die with its records
// in Kafka or not: whoever takes the claim over looks for them there first, by the key's hash in their headers, and sends only what is missing.
// That is exact because an owner has ended, and its connection with it, before its claim can be taken over.

import type { Kafka } from "kafkajs";
import { messageOf } from "../errors.ts";
import type { Claim, Claims } from "../http/claims.ts";
import { log } from "../telemetry.ts";
import { type Appender, type NewRecord, NotAppendedError, type Place } from "./append.ts";
import { ORIGIN_HEADER } from "./origin.ts";
import { readRange } from "./read-range.ts";
import { headersOf } from "./record.ts";

export const KEY_HEADER = "idempotency-key";

export type AppendedOnce =
  | { readonly kind: "appended"; readonly places: readonly Place[]; readonly isReplay: boolean }
  | { readonly kind: "working"; readonly forMs: number }
  | { readonly kind: "other-request" };

export interface OnceOptions {
  readonly appender: Appender;
  readonly claims: Claims;
  /** Where to look for records of an owner that died: from a Kafka timestamp on, those with such a header. */
  readonly find: FindRecords;
}

export type FindRecords = (topics: readonly string[], since: number, id: string) => Promise<ReadonlyMap<string, Place>>;

export interface KeyedRequest {
  readonly key: string;
  readonly body: Buffer;
  readonly records: readonly NewRecord[];
}

/** Appends the records of a request and keeps where they stand, or answers what was kept. */
export async function appendOnce(
  { key, body, records }: KeyedRequest,
  { appender, claims, find }: OnceOptions,
  signal: AbortSignal,
): Promise<AppendedOnce> {
  const claim = await claims.claim({ key, body });
  if (claim.kind === "done") return { kind: "appended", places: claim.answer as readonly Place[], isReplay: true };
  if (claim.kind !== "claimed") return claim;
  const places = await appended(claim, { records, appender, find, signal, claims });
  try {
    await claims.settle(claim, places);
  } catch (error) {
    // They are in Kafka. Whoever asks again finds them there.
    log.warn("answer not kept", { error: messageOf(error) });
  }
  return { kind: "appended", places, isReplay: false };
}

interface Work extends OnceOptions {
  readonly records: readonly NewRecord[];
  readonly signal: AbortSignal;
}

async function appended(claim: Claim, { records, appender, find, signal, claims }: Work): Promise<readonly Place[]> {
  const names = records.map((_, i) => `${claim.id}.${i}`);
  const topics = [...new Set(records.map(({ topic }) => topic))];
  try {
    const present =
      claim.triedSince === undefined ? new Map<string, Place>() : await find(topics, claim.triedSince, claim.id);
    const missing = records.flatMap((record, i) => (present.has(names[i]!) ? [] : [named(record, names[i]!)]));
    const sent = (await appender.append(missing, signal)).values();
    return names.map((name) => present.get(name) ?? sent.next().value!);
  } catch (error) {
    if (!(error instanceof NotAppendedError) || error.isUnsent) await claims.release(claim).catch(() => undefined);
    throw error;
  }
}

function named(record: NewRecord, name: string): NewRecord {
  return { ...record, headers: { ...record.headers, [KEY_HEADER]: name } };
}

/**
 * Finds them in Kafka, where correction may have sent one again, which is another record, or may have left a transaction open before them.
 * Clocks of brokers and owners may differ by `skewMs`.
 */
export function findRecords(kafka: Kafka, { name, skewMs = 60_000 }: { name: string; skewMs?: number }): FindRecords {
  return async (topics, since, id) => {
    const ranges = await Promise.all(
      topics.map((topic) => readRange(kafka, { topic, since: since - skewMs, name, readUncommitted: true })),
    );
    const named = ranges.flat().flatMap((record) => {
      const headers = headersOf(record);
      if (headers.some((header) => header.name === ORIGIN_HEADER)) return [];
      const { topic, partition, offset } = record;
      const text = headers.find((header) => header.name === KEY_HEADER)?.value?.toString("utf8");
      return text?.startsWith(`${id}.`) ? [[text, { topic, partition, offset }] as const] : [];
    });
    return new Map(named);
  };
}
