// Live trades to Kafka as they come, in Avro, each symbol's in one partition and in order; what was missed on the way is told.
import { setTimeout as pause } from "node:timers/promises";
import { Kafka, logLevel, type Message, Partitioners } from "kafkajs";
import tradeAvro from "../../../functions/trades/trades.avsc.json" with { type: "json" };
import { schemaRegistry } from "../../../lib/registry/client.ts";
import { registryEncoder } from "../../../lib/registry/encoder.ts";
import { sayingWhatFails } from "../send.ts";
import { type TradeFacts, topic as usualTopic } from "../trades.ts";
import { type FeedNote, type FeedOptions, runFeed } from "./binance-feed.ts";
import { TradeIds } from "./trade-ids.ts";

export interface LiveOptions extends Pick<FeedOptions, "url" | "symbols" | "waits"> {
  readonly brokers: readonly string[];
  readonly schemaRegistryUrl: string;
  readonly topic?: string;
  /** Ends after so many; without, when the signal aborts. */
  readonly count?: number | undefined;
  readonly signal: AbortSignal;
  onNote?(note: LiveNote): void;
  /** Told of what the broker has taken. */
  onSent?(trades: readonly TradeFacts[]): void;
}

export type LiveNote =
  | FeedNote
  | { readonly kind: "gap"; readonly symbol: string; readonly from: number; readonly to: number };

/** What came of it, by symbol where it says so. */
export interface LiveSummary {
  readonly sent: Readonly<Record<string, number>>;
  /** Trades that were made and never came. */
  readonly missed: Readonly<Record<string, number>>;
  /** Trades that came again; they are sent again, for the table takes each once. */
  readonly repeated: number;
  readonly unreadable: number;
  readonly reconnects: number;
}

const FLUSH_MS = 50;
const LARGEST_FLUSH = 2_000;

/** Sends until the signal aborts, or `count` trades are in Kafka. A broker that does not take them ends it with an error. */
export function sendLive(options: LiveOptions): Promise<LiveSummary> {
  return sayingWhatFails(options.brokers, () => sendWhatComes(options));
}

async function sendWhatComes(options: LiveOptions): Promise<LiveSummary> {
  const { brokers, schemaRegistryUrl, topic = usualTopic, count = Number.POSITIVE_INFINITY, onSent } = options;
  const encoder = registryEncoder<TradeFacts>({
    registry: schemaRegistry(schemaRegistryUrl),
    topic,
    schema: tradeAvro,
  });
  const encode = await encoder.ready();
  const kafka = new Kafka({ clientId: "live-trades", brokers: [...brokers], logLevel: logLevel.NOTHING });
  const producer = kafka.producer({ idempotent: true, createPartitioner: Partitioners.DefaultPartitioner });
  await producer.connect();

  const enough = new AbortController();
  const signal = AbortSignal.any([options.signal, enough.signal]);
  const counts = new Counts(options.onNote);
  const waiting: TradeFacts[] = [];
  let taken = 0;
  const feeding = runFeed({
    ...options,
    signal,
    onTrade(trade) {
      if (++taken > count) return;
      counts.addTrade(trade);
      waiting.push(trade);
      if (taken === count) enough.abort();
    },
    onNote: (note) => counts.addNote(note),
  });
  try {
    while (!signal.aborted || waiting.length > 0) {
      const trades = waiting.splice(0, LARGEST_FLUSH);
      if (trades.length > 0) {
        const messages = trades.map((trade): Message => ({ key: trade.s, value: encode(trade) }));
        await producer.send({ topic, messages });
        counts.addSent(trades);
        onSent?.(trades);
      }
      if (waiting.length < LARGEST_FLUSH) await pause(FLUSH_MS, undefined, { signal }).catch(() => undefined);
    }
  } finally {
    enough.abort();
    await feeding;
    await producer.disconnect();
  }
  return counts.summary();
}

class Counts {
  readonly #ids = new TradeIds();
  readonly #sent: Record<string, number> = {};
  readonly #missed: Record<string, number> = {};
  readonly #tell: ((note: LiveNote) => void) | undefined;
  #repeated = 0;
  #unreadable = 0;
  #connects = 0;

  constructor(tell: ((note: LiveNote) => void) | undefined) {
    this.#tell = tell;
  }

  addTrade({ s: symbol, t: id }: TradeFacts): void {
    const following = this.#ids.follow(symbol, id);
    if (following.kind === "repeat") this.#repeated += 1;
    if (following.kind !== "gap") return;
    const { from, to } = following;
    this.#missed[symbol] = (this.#missed[symbol] ?? 0) + to - from + 1;
    this.#tell?.({ kind: "gap", symbol, from, to });
  }

  addNote(note: FeedNote): void {
    if (note.kind === "unreadable") this.#unreadable += 1;
    if (note.kind === "connected") this.#connects += 1;
    this.#tell?.(note);
  }

  addSent(trades: readonly TradeFacts[]): void {
    for (const { s } of trades) this.#sent[s] = (this.#sent[s] ?? 0) + 1;
  }

  summary(): LiveSummary {
    return {
      sent: this.#sent,
      missed: this.#missed,
      repeated: this.#repeated,
      unreadable: this.#unreadable,
      reconnects: Math.max(0, this.#connects - 1),
    };
  }
}
