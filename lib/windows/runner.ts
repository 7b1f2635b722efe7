// Runs a windowed declaration in memory, without Kafka or AWS: feed records, move the clock, read results, late records and dead letters.
// What Kafka Streams' users know as a topology test driver; the code that runs is the code that runs on Lambda, only the edges are in memory.

import { FencedError } from "../errors.ts";
import type { WireRecord } from "../kafka/event.ts";
import type { Batch, Decoded } from "../kafka/source.ts";
import { aggregate } from "./aggregate.ts";
import type { OutputFormat } from "./emission.ts";
import { type EmitEdges, type Emitter, openEmitter } from "./emit.ts";
import type { Ledger } from "./ledger.ts";
import { memoryStore } from "./memory-store.ts";
import type { SourceTopic } from "./source.ts";
import type { WindowStore } from "./store.ts";
import { type Aggregates, shapeOf, type WindowDeclaration } from "./tumbling.ts";

/** A record as it was sent to the output topic. */
export interface RunnerResult {
  readonly key: string;
  readonly value: Readonly<Record<string, unknown>>;
  readonly revision: number;
  readonly emission: number;
}

export interface RunnerOptions {
  readonly partitions?: number;
  /** The clock's first reading, epoch ms. */
  readonly startAt?: number;
  readonly idleTime?: number;
  readonly store?: WindowStore;
  readonly format?: OutputFormat;
}

export interface WindowRunner<In> {
  /** Appends values to a partition and hands them to the function as one batch. A record's broker timestamp is the clock's time. */
  feed(partition: number, ...values: readonly In[]): Promise<Batch<In>>;
  /** Appends without handing on: the partition lags. */
  append(partition: number, ...values: readonly In[]): Batch<In>;
  /** Hands a batch to the function, again or late; a new execution environment remembers nothing. */
  deliver(batch: Batch<In>, environment?: "same" | "new"): Promise<void>;
  /** Moves the clock and lets the emitter look. */
  advance(ms: number): Promise<void>;
  /** Lets the emitter look; a new one takes over from the one before. */
  tick(emitter?: "same" | "new"): Promise<void>;
  readonly results: readonly RunnerResult[];
  readonly late: readonly WireRecord[];
  readonly deadLetters: readonly { readonly record: WireRecord; readonly reason: string }[];
}

const TOPIC = "in-memory";

/** A runner for one declaration, with an empty store. */
export function runWindow<In, A extends Aggregates<In>>(
  window: WindowDeclaration<In, A>,
  options: RunnerOptions = {},
): WindowRunner<In> {
  const store = options.store ?? memoryStore();
  const ends = Array.from({ length: options.partitions ?? 1 }, () => 0);
  const results: RunnerResult[] = [];
  const late: WireRecord[] = [];
  const lateFrom = new Map<number, number>();
  const deadLetters: { record: WireRecord; reason: string }[] = [];
  let clock = options.startAt ?? 0;
  let emitter: Emitter | undefined;
  let emitters = 0;
  const openLedger = memoryLedgers(results);
  let consumer = newEnvironment();

  function newEnvironment() {
    return aggregate(window, {
      store,
      late: {
        topic: "late",
        // As the exactly-once output: whatever lies below the last one published counts as published.
        async publish({ partition }, items) {
          const fresh = items.filter(({ record }) => record.offset >= (lateFrom.get(partition) ?? 0));
          late.push(...fresh.map(({ record }) => record));
          lateFrom.set(partition, Math.max(lateFrom.get(partition) ?? 0, (items.at(-1)?.record.offset ?? -1) + 1));
        },
        refresh: async () => {},
      },
      checkRedelivery: async () => {},
      onLate: () => {},
      now: () => clock,
    });
  }

  async function newEmitter(): Promise<Emitter> {
    const { name, version } = window;
    const edges: EmitEdges = {
      store,
      ledger: openLedger(),
      source: memorySource(ends),
      now: () => clock,
      idleTime: options.idleTime ?? 1_000,
      owner: `emitter-${++emitters}`,
      ...(options.format === undefined ? {} : { format: options.format }),
    };
    return openEmitter({ name, version, topic: TOPIC, shape: shapeOf(window) }, edges);
  }

  function append(partition: number, ...values: readonly In[]): Batch<In> {
    const firstOffset = ends[partition];
    if (firstOffset === undefined)
      throw new Error(`The runner has partitions 0 to ${ends.length - 1}: got ${partition}`);
    const records = values.map((value, index) => decoded(partition, firstOffset + index, value, clock));
    ends[partition] = firstOffset + values.length;
    const wire = records.map((record) => record.wire);
    return { topic: TOPIC, partition, firstOffset, lastOffset: firstOffset + values.length - 1, records, wire };
  }

  async function deliver(batch: Batch<In>, environment: "same" | "new" = "same"): Promise<void> {
    if (environment === "new") consumer = newEnvironment();
    const records = batch.records.filter((record) => {
      const refused = consumer.accept?.(record.value, record);
      if (refused !== undefined) deadLetters.push({ record: record.wire, reason: refused.reason });
      return refused === undefined;
    });
    await consumer.process({ ...batch, records });
  }

  async function tick(which: "same" | "new" = "same"): Promise<void> {
    if (emitter === undefined || which === "new") emitter = await newEmitter();
    await emitter.tick();
  }

  return {
    append,
    deliver,
    tick,
    async feed(partition, ...values) {
      const batch = append(partition, ...values);
      await deliver(batch);
      return batch;
    },
    async advance(ms) {
      clock += ms;
      await tick();
    },
    results,
    late,
    deadLetters,
  };
}

/** Ledgers of one pipeline, which fence one another as transactional producers do. */
function memoryLedgers(results: RunnerResult[]): () => Ledger {
  let sent: number | undefined;
  let epoch = 0;
  return () => {
    let own = -1;
    return {
      async open() {
        own = ++epoch;
      },
      lastSent: async () => sent,
      async send(number, messages) {
        if (own !== epoch) throw new FencedError("Another emitter has taken over");
        sent = number;
        for (const { key, value, headers } of messages) {
          const parsed = JSON.parse(String(value)) as Record<string, unknown>;
          results.push({ key: String(key), value: parsed, revision: Number(headers?.revision), emission: number });
        }
      },
      close: async () => {},
    };
  };
}

function memorySource(ends: readonly number[]): SourceTopic {
  return {
    offsets: async () => ends.map((endOffset, partition) => ({ partition, lowOffset: 0, endOffset })),
    onlyMarkers: async () => false,
    close: async () => {},
  };
}

function decoded<In>(partition: number, offset: number, value: In, timestamp: number): Decoded<In> {
  const wire: WireRecord = {
    topic: TOPIC,
    partition,
    offset,
    timestamp,
    timestampType: "CREATE_TIME",
    value: Buffer.from(JSON.stringify(value)).toString("base64"),
    headers: [],
  };
  return { topic: TOPIC, partition, offset, timestamp, key: null, headers: [], wire, value };
}
