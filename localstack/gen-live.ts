// `npm run gen -- trades --live`: real trades from Binance's public stream, until Ctrl-C or so many, and what was missed on the way.
import type { FeedWaits } from "../events/generate/live/binance-feed.ts";
import { type LiveNote, type LiveSummary, sendLive } from "../events/generate/live/send-live.ts";
import { clockTime, duration, figure, perSecond } from "./console/figures.ts";
import { startLive } from "./console/live.ts";
import { UsageError } from "./console/options.ts";
import type { Screen } from "./console/screen.ts";
import { table } from "./console/table.ts";

export interface GenLiveOptions {
  readonly brokers: readonly string[];
  readonly schemaRegistryUrl: string;
  /** Symbols separated by commas. */
  readonly symbols: string | undefined;
  /** Another server that speaks Binance's messages. */
  readonly url: string | undefined;
  readonly count: number | undefined;
  readonly waits?: Partial<FeedWaits>;
  readonly signal: AbortSignal;
}

const usualSymbols = "btcusdt,ethusdt";

/** Sends, shows how it goes, and sums up. */
export async function genLive(options: GenLiveOptions, screen: Screen): Promise<void> {
  const symbols = symbolsIn(options.symbols ?? usualSymbols);
  const started = performance.now();
  let sent = 0;
  let last = "";
  const view = () => `${figure(sent)} trades, ${perSecond(sent, performance.now() - started)}${last}`;
  const rowDrawnOver = screen.isTerminal ? "\n" : "";
  const live = startLive(screen, { line: view, block: () => `  ${view()}\n` });
  const summing = sendLive({
    ...options,
    symbols,
    onSent(trades) {
      sent += trades.length;
      const { s, p } = trades.at(-1)!;
      last = `, the last ${s} at ${Number(p)}`;
    },
    onNote: (note) => screen.write(`  ${clockTime(Date.now())}  ${sentence(note)}\n${rowDrawnOver}`),
  });
  const summary = await summing.finally(() => live.stop());
  printSummary(summary, screen);
  screen.write(`\n  ${figure(sent)} trades in ${duration(performance.now() - started)}\n`);
}

function symbolsIn(text: string): string[] {
  const symbols = text.split(",").map((symbol) => symbol.trim());
  const wrong = symbols.find((symbol) => !/^[\p{L}\p{N}]{2,40}$/u.test(symbol));
  if (wrong === undefined) return symbols;
  throw new UsageError(`--symbols ${text}: '${wrong}' is no symbol; write them as btcusdt,ethusdt.`);
}

function sentence(note: LiveNote): string {
  switch (note.kind) {
    case "connected":
      return "connected";
    case "disconnected":
      return `no connection (${note.reason}), trying again in ${duration(note.retryInMs)}`;
    case "gap":
      return `${note.symbol}: ${figure(note.to - note.from + 1)} trades missed, ${note.from} to ${note.to}`;
    case "unreadable":
      return "a message that can't be read was left out";
    default:
      return note satisfies never;
  }
}

function printSummary({ sent, missed, repeated, unreadable, reconnects }: LiveSummary, screen: Screen): void {
  const right = "right" as const;
  const rows = Object.keys(sent)
    .sort()
    .map((symbol) => [symbol, figure(sent[symbol] ?? 0), figure(missed[symbol] ?? 0)]);
  screen.write("\n");
  screen.write(
    table(
      [{ title: "symbol" }, { title: "trades sent", align: right }, { title: "missed", align: right }],
      rows,
      screen,
    ),
  );
  const others = [
    ["came again", repeated],
    ["unreadable messages", unreadable],
    ["reconnected", reconnects],
  ] as const;
  screen.write(`\n  ${others.map(([label, value]) => `${label}: ${figure(value)}`).join(", ")}\n`);
}
