// What a message of Binance's combined trade streams says: a trade, something else that is all right, or something that can't be read.
// https://developers.binance.com/docs/binance-spot-api-docs/web-socket-streams
import type { TradeFacts } from "../trades.ts";

export type Message =
  | { readonly kind: "trade"; readonly trade: TradeFacts }
  | { readonly kind: "other" }
  | { readonly kind: "unreadable" };

/** Reads one message: `{"stream":"btcusdt@trade","data":{...}}`, or the event alone. */
export function readMessage(text: string): Message {
  const message = objectIn(text);
  if (message === undefined) return { kind: "unreadable" };
  const event = asObject(message.data) ?? message;
  if (event.e !== "trade") return { kind: "other" };
  const trade = tradeOf(event);
  return trade === undefined ? { kind: "unreadable" } : { kind: "trade", trade };
}

/** The trade with its fields' types as they must be; the orders, which the stream no longer tells, are null. */
function tradeOf({ E, s, t, p, q, b = null, a = null, T, m, M = true }: Fields): TradeFacts | undefined {
  const areNumbers = isId(E) && isId(t) && isId(T) && isIdOrNull(b) && isIdOrNull(a);
  const areTexts = typeof s === "string" && typeof p === "string" && typeof q === "string";
  if (!areNumbers || !areTexts || typeof m !== "boolean" || typeof M !== "boolean") return undefined;
  return { e: "trade", E, s, t, p, q, b, a, T, m, M };
}

type Fields = Readonly<Record<string, unknown>>;

function objectIn(text: string): Fields | undefined {
  try {
    return asObject(JSON.parse(text));
  } catch {
    return undefined;
  }
}

function asObject(value: unknown): Fields | undefined {
  return typeof value === "object" && value !== null ? { ...value } : undefined;
}

function isId(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

function isIdOrNull(value: unknown): value is number | null {
  return value === null || isId(value);
}
