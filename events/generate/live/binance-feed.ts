// Binance's public trade streams over a WebSocket that is opened again whenever it ends: by the server (once a day it does), by the network,
// or by silence. Waits between attempts grow and are spread, so that a server that comes back is not met by everybody at once.
import { setTimeout as pause } from "node:timers/promises";
import WebSocket from "ws"; // Node's own client doesn't say why a connection failed, and hides the server's pings
import type { TradeFacts } from "../trades.ts";
import { readMessage } from "./binance-message.ts";

export interface FeedOptions {
  /** The server, up to its path; Binance's unless told otherwise. */
  readonly url?: string | undefined;
  /** As Binance writes them, `btcusdt`, in any case. */
  readonly symbols: readonly string[];
  onTrade(trade: TradeFacts): void;
  onNote(note: FeedNote): void;
  /** Ends the feed. */
  readonly signal: AbortSignal;
  readonly waits?: Partial<FeedWaits>;
}

/** What happened beside trades. */
export type FeedNote =
  | { readonly kind: "connected" }
  | { readonly kind: "disconnected"; readonly reason: string; readonly retryInMs: number }
  | { readonly kind: "unreadable" };

export interface FeedWaits {
  readonly firstRetryMs: number;
  readonly longestRetryMs: number;
  /** Without a message for so long the connection counts as broken. */
  readonly silenceMs: number;
}

export const BINANCE = "wss://stream.binance.com:9443";

const usualWaits: FeedWaits = { firstRetryMs: 500, longestRetryMs: 30_000, silenceMs: 60_000 };

/** Runs until the signal aborts. */
export async function runFeed({ url = BINANCE, symbols, signal, waits, ...listeners }: FeedOptions): Promise<void> {
  const { firstRetryMs, longestRetryMs, silenceMs } = { ...usualWaits, ...waits };
  const streams = symbols.map((symbol) => `${symbol.toLowerCase()}@trade`).join("/");
  const address = `${url.replace(/\/+$/, "")}/stream?streams=${streams}`;
  let failures = 0;
  while (!signal.aborted) {
    const { reason, hadTrades } = await connection(address, { ...listeners, signal, silenceMs });
    if (signal.aborted) return;
    failures = hadTrades ? 1 : failures + 1;
    const retryInMs = spread(Math.min(firstRetryMs * 2 ** (failures - 1), longestRetryMs));
    listeners.onNote({ kind: "disconnected", reason, retryInMs });
    await pause(retryInMs, undefined, { signal }).catch(() => undefined);
  }
}

interface ConnectionOptions extends Pick<FeedOptions, "onTrade" | "onNote" | "signal"> {
  readonly silenceMs: number;
}

/** One connection from its opening to its end. */
function connection(
  address: string,
  { onTrade, onNote, signal, silenceMs }: ConnectionOptions,
): Promise<{ reason: string; hadTrades: boolean }> {
  return new Promise((resolve) => {
    const socket = new WebSocket(address, { handshakeTimeout: silenceMs });
    let hadTrades = false;
    let failure: string | undefined;
    const end = (reason: string) => {
      clearTimeout(silence);
      signal.removeEventListener("abort", stop);
      socket.removeAllListeners("message");
      socket.terminate();
      resolve({ reason, hadTrades });
    };
    const stop = () => end("stopped");
    const silence = setTimeout(() => end(`silent for ${silenceMs} ms`), silenceMs);
    signal.addEventListener("abort", stop, { once: true });
    socket.on("open", () => onNote({ kind: "connected" }));
    socket.on("ping", () => silence.refresh());
    socket.on("message", (data) => {
      silence.refresh();
      const message = readMessage(String(data));
      if (message.kind === "trade") {
        hadTrades = true;
        onTrade(message.trade);
      } else if (message.kind === "unreadable") onNote({ kind: "unreadable" });
    });
    // An error is always followed by a close, which knows less.
    socket.on("error", ({ message }) => {
      failure = message;
    });
    socket.on("close", (code, reason) =>
      end(failure ?? (reason.length === 0 ? `closed with ${code}` : `closed with ${code}: ${reason}`)),
    );
  });
}

/** Somewhere between three quarters of the wait and all of it. */
function spread(ms: number): number {
  return Math.round(ms * (0.75 + Math.random() / 4));
}
