import fc from "fast-check";
import { expect, test } from "vitest";
import { readMessage } from "../../../../events/generate/live/binance-message.ts";

const data = { e: "trade", E: 5, s: "BTCUSDT", t: 7, p: "1.5", q: "2", T: 4, m: false, M: true };

test("a trade of the combined stream is a trade with its orders null", () => {
  const trade = { ...data, b: null, a: null };
  expect(readMessage(JSON.stringify({ stream: "btcusdt@trade", data }))).toEqual({ kind: "trade", trade });
});

test("a trade of a raw stream, and one with orders as they used to be, are trades too", () => {
  expect(readMessage(JSON.stringify({ ...data, b: 1, a: 2 }))).toEqual({
    kind: "trade",
    trade: { ...data, b: 1, a: 2 },
  });
});

test.each([
  { text: '{"result":null,"id":1}', kind: "other", why: "an answer to a subscription" },
  { text: '{"stream":"btcusdt@aggTrade","data":{"e":"aggTrade"}}', kind: "other", why: "another event" },
  { text: '{"e":"serverShutdown","E":1}', kind: "other", why: "a notice before the end" },
  { text: "", kind: "unreadable", why: "nothing" },
  { text: "[object Blob]", kind: "unreadable", why: "no JSON" },
  { text: "null", kind: "unreadable", why: "no object" },
  { text: JSON.stringify({ ...data, t: "7" }), kind: "unreadable", why: "an id that is text" },
  { text: JSON.stringify({ ...data, t: 1.5 }), kind: "unreadable", why: "an id that is no whole number" },
  {
    text: JSON.stringify({ ...data, p: 1.5 }),
    kind: "unreadable",
    why: "a price that is a number, whose digits are lost",
  },
  { text: JSON.stringify({ ...data, m: undefined }), kind: "unreadable", why: "a field is missing" },
])("$why is $kind", ({ text, kind }) => {
  expect(readMessage(text)).toEqual({ kind });
});

test("whatever is sent, reading it never fails", () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.json(),
        fc.json().map((json) => `{"data":${json}}`),
      ),
      (text) => readMessage(text) !== undefined,
    ),
  );
});
