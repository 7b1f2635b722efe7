// Sends a plan's commerce events: ten senders at once, good ones in batches to POST /track, broken ones straight to their type's topic.
import { Kafka, logLevel, type Producer } from "kafkajs";
import { partitionByKey } from "../../lib/kafka/partitioner.ts";
import { commerce } from "./commerce.ts";
import { seal } from "./commerce-damage.ts";
import type { CommerceFacts } from "./commerce-facts.ts";
import { dueTime, type GeneratedRecord, isValid, type Plan, recordMaker } from "./generator.ts";
import { CannotSend, sayingWhatFails, waitFor } from "./send.ts";

export interface CommerceSendOptions {
  readonly brokers: readonly string[];
  readonly schemaRegistryUrl: string;
  /** Where POST /track listens: `http://127.0.0.1:4000`. */
  readonly httpUrl: string;
  readonly apiKey?: string;
  /** When the first event is due, in milliseconds since the epoch; each of the rest in its turn. Absent: as fast as they go. */
  readonly paceFrom?: number;
  readonly senders?: number;
  /** Ends it early: what has been asked of the API and the broker is awaited, and the rest is left. */
  readonly signal?: AbortSignal;
  /** Told of what Kafka has, and where. */
  onSent?(record: GeneratedRecord<CommerceFacts>, place: Place): void;
}

export interface Place {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

type Record = GeneratedRecord<CommerceFacts>;

const LARGEST_SLICE = 100;
const PACED_SLICE_MS = 50;
/** How often a request is made that is answered with "not now". */
const MOST_TRIES = 30;

/** Sends everything, and returns when Kafka has it all, or all that was asked of it before the signal. */
export function sendCommerce(plan: Plan, options: CommerceSendOptions): Promise<void> {
  return sayingWhatFails(options.brokers, () => sendAll(plan, options));
}

async function sendAll(plan: Plan, options: CommerceSendOptions): Promise<void> {
  const { brokers, schemaRegistryUrl, paceFrom, signal, onSent } = options;
  const kafka = new Kafka({ clientId: "generator", brokers: [...brokers], logLevel: logLevel.NOTHING });
  const record = recordMaker(commerce, plan);
  const sealed = await seal({ schemaRegistryUrl });
  const paced = Math.max(1, Math.min(LARGEST_SLICE, Math.ceil((plan.rate * PACED_SLICE_MS) / 1000)));
  const size = paceFrom === undefined ? LARGEST_SLICE : paced;
  let next = 0;

  async function sendSlices(producer: Producer): Promise<void> {
    while (next < plan.count && !signal?.aborted) {
      const from = next;
      const to = Math.min(from + size, plan.count);
      next = to;
      if (paceFrom !== undefined) await waitFor(paceFrom + dueTime(plan, to - 1) - plan.start, signal);
      if (signal?.aborted) return;
      const records = Array.from({ length: to - from }, (_, i) => record(from + i));
      const good = records.filter(isValid);
      const broken = records.filter((one) => !isValid(one));
      await Promise.all([
        post(good, options).then((places) => tell(good.slice(0, places.length), places)),
        ...broken.map(async (one) => tell([one], [await append(producer, { ...one, value: sealed(one.value) })])),
      ]);
    }
  }

  function tell(records: readonly Record[], places: readonly Place[]): void {
    for (const [i, one] of records.entries()) onSent?.(one, places[i]!);
  }

  const senders = Math.min(options.senders ?? 10, Math.ceil(plan.count / size));
  const producers = Array.from({ length: senders }, () =>
    kafka.producer({ idempotent: true, createPartitioner: partitionByKey(0) }),
  );
  try {
    await Promise.all(producers.map((producer) => producer.connect()));
    await Promise.all(producers.map(sendSlices));
  } finally {
    await Promise.all(producers.map((producer) => producer.disconnect()));
  }
}

/** One request for all of them, made again under its key until it is answered one way or the other; no places where the signal ends that. */
async function post(records: readonly Record[], options: CommerceSendOptions): Promise<readonly Place[]> {
  const { httpUrl, apiKey, signal } = options;
  if (records.length === 0) return [];
  const headers = {
    "content-type": "application/json",
    "idempotency-key": crypto.randomUUID(),
    ...(apiKey === undefined ? {} : { "x-api-key": apiKey }),
  };
  const body = `[${records.map(({ value }) => value).join(",")}]`;
  for (let tries = 1; ; tries++) {
    const response = await fetch(`${httpUrl}/track`, { method: "POST", headers, body }).catch((error: Error) => error);
    if (!(response instanceof Error) && response.status === 202) return JSON.parse(await response.text());
    const said = response instanceof Error ? reasonOf(response) : `${response.status} ${await response.text()}`;
    const isForNow = response instanceof Error || response.status === 409 || response.status >= 500;
    if (!isForNow || tries === MOST_TRIES) {
      throw new CannotSend(`POST ${httpUrl}/track does not take the events: ${said.slice(0, 500)}`);
    }
    await waitFor(Date.now() + 1_000, signal);
    if (signal?.aborted) return [];
  }
}

async function append(producer: Producer, { key, value, facts }: Record): Promise<Place> {
  const topic = `event_${facts.event.event_type}`;
  const [sent] = await producer.send({ topic, messages: [{ key, value }] });
  return { topic, partition: sent!.partition, offset: Number(sent!.baseOffset) };
}

function reasonOf({ message, cause }: Error): string {
  return cause instanceof Error ? `${message}: ${cause.message}` : message;
}
