// A server that speaks as Binance's combined trade streams do, and breaks as a network does: each connection plays its part of a script.
import type { AddressInfo } from "node:net";
import { type WebSocket, WebSocketServer } from "ws";

/** What a connection does, one thing after another. */
export type Act =
  | { readonly send: readonly unknown[] }
  | { readonly close: number; readonly reason?: string }
  /** Breaks without a word. */
  | "break"
  /** Stays open and says nothing more. */
  | "stay";

export interface BinanceServer {
  readonly url: string;
  /** The paths asked for, a connection each. */
  readonly paths: readonly string[];
  close(): Promise<void>;
}

/** Starts it; a connection after the script's last plays the last again. */
export async function binanceServer(script: readonly (readonly Act[])[]): Promise<BinanceServer> {
  const paths: string[] = [];
  const server = new WebSocketServer({ port: 0, host: "127.0.0.1" });
  server.on("connection", (socket, request) => {
    const acts = script[Math.min(paths.length, script.length - 1)] ?? [];
    paths.push(request.url ?? "");
    for (const act of acts) play(act, socket);
  });
  await new Promise((resolve) => server.once("listening", resolve));
  return {
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}`,
    paths,
    close() {
      for (const client of server.clients) client.terminate();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

function play(act: Act, socket: WebSocket): void {
  if (act === "stay") return;
  if (act === "break") {
    setTimeout(() => socket.terminate(), 20).unref(); // what was sent arrives first
  } else if ("close" in act) {
    socket.close(act.close, act.reason);
  } else {
    for (const message of act.send) socket.send(typeof message === "string" ? message : JSON.stringify(message));
  }
}

/** A trade as the combined stream sends it today: without orders. */
export function tradeMessage(symbol: string, id: number) {
  const time = Date.UTC(2026, 10, 21) + id;
  const data = {
    e: "trade",
    E: time + 1,
    s: symbol,
    t: id,
    p: "95000.01000000",
    q: "0.00100000",
    T: time,
    m: true,
    M: true,
  };
  return { stream: `${symbol.toLowerCase()}@trade`, data };
}
