// What correction mends, what it leaves alone, and that it never makes a good event another one.
import { describe, expect, it } from "vitest";
import { correct } from "../../../functions/commerce/correct.ts";
import type { CommerceEvent, EventType } from "../../../functions/commerce/schema.ts";
import { delivery, order, purchase } from "./events.ts";

interface Case {
  readonly why: string;
  readonly type: EventType;
  readonly key?: string | null;
  readonly sent: unknown;
  readonly becomes: CommerceEvent;
  /** The rules that were used. */
  readonly rules: readonly string[];
}

const { event_details: _details, ...withoutDetails } = order;
const { user_details: _user, ...withoutUser } = order;
const { event_type: _type, ...withoutType } = order;

const mendable: readonly Case[] = [
  { why: "valid as it is: another try is all it needs", type: "order", sent: order, becomes: order, rules: [] },
  {
    why: "fields of the details stand a level too high",
    type: "order",
    sent: { ...withoutDetails, order_id: 12, order_value: 59.8 },
    becomes: order,
    rules: ["details from the top level"],
  },
  {
    why: "details are null and stand a level too high",
    type: "order",
    sent: { ...order, event_details: null, orderId: 12, "order-value": 59.8 },
    becomes: order,
    rules: ["details from the top level"],
  },
  {
    why: "details were encoded twice",
    type: "order",
    sent: { ...order, event_details: '{"order_id":12,"order_value":"59.80"}' },
    becomes: order,
    rules: ["details from text", "number sent as text"],
  },
  {
    why: "the user is missing, and the record's key is the user's id",
    type: "order",
    sent: withoutUser,
    becomes: order,
    rules: ["user from the key"],
  },
  {
    why: "the user's details lack the id",
    type: "order",
    sent: { ...order, user_details: {} },
    becomes: order,
    rules: ["user from the key"],
  },
  {
    why: "the user's id stands a level too high, which says more than the key",
    type: "order",
    sent: { ...withoutUser, user_id: "user-2" },
    becomes: { ...order, user_details: { user_id: "user-2" } },
    rules: ["details from the top level"],
  },
  {
    why: "numbers were sent as text",
    type: "purchase",
    sent: { ...purchase, event_details: { item_id: "7", item_name: "Kettle", price: " 29.90 " } },
    becomes: purchase,
    rules: ["number sent as text", "number sent as text"],
  },
  {
    why: "a number with an exponent is one",
    type: "purchase",
    sent: { ...purchase, event_details: { ...purchase.event_details, price: "2.99e1" } },
    becomes: purchase,
    rules: ["number sent as text"],
  },
  {
    why: "type and name in the wrong case",
    type: "order",
    sent: { ...order, event_type: "ORDER", event_name: "Order Placed" },
    becomes: order,
    rules: ["wrong case", "wrong case"],
  },
  {
    why: "a name in camel case",
    type: "delivery",
    sent: { ...delivery, event_name: "orderDelivered" },
    becomes: delivery,
    rules: ["wrong case"],
  },
  {
    why: "no type: the topic says it",
    type: "order",
    sent: withoutType,
    becomes: order,
    rules: ["type from the topic"],
  },
  {
    why: "epoch seconds",
    type: "order",
    sent: { ...order, triggered_at: 1_795_262_400 },
    becomes: order,
    rules: ["time"],
  },
  {
    why: "epoch milliseconds",
    type: "order",
    sent: { ...order, triggered_at: 1_795_262_400_250 },
    becomes: { ...order, triggered_at: "2026-11-21T12:00:00.250Z" },
    rules: ["time"],
  },
  {
    why: "epoch milliseconds as text",
    type: "order",
    sent: { ...order, triggered_at: "1795262400000" },
    becomes: order,
    rules: ["time"],
  },
  {
    why: "date and time apart, without a zone: all times are UTC",
    type: "order",
    sent: { ...order, triggered_at: "2026-11-21 12:00:00" },
    becomes: order,
    rules: ["time"],
  },
  {
    why: "date and time apart, with a zone",
    type: "order",
    sent: { ...order, triggered_at: "2026-11-21 09:00:00.123456 -0300" },
    becomes: { ...order, triggered_at: "2026-11-21T12:00:00.123456Z" },
    rules: ["time"],
  },
  {
    why: "aliases and other spellings of every field",
    type: "delivery",
    sent: {
      eventName: "order_delivered",
      type: "delivery",
      Timestamp: "2026-11-21T12:00:00Z",
      user: { userId: "user-1" },
      data: { trackingNumber: 99, shipper: "Correios" },
    },
    becomes: delivery,
    rules: Array(8).fill("field name").slice(0, 8),
  },
  {
    why: "fields that nobody knows are dropped, also those with dangerous names",
    type: "order",
    sent: JSON.parse(
      '{"event_name":"order_placed","event_type":"order","triggered_at":"2026-11-21T12:00:00Z","user_details":{"user_id":"user-1","__proto__":{"a":1}},"event_details":{"order_id":"12","order_value":59.8,"constructor":"x"},"__proto__":{"b":2}}',
    ),
    becomes: order,
    rules: ["number sent as text"],
  },
];

describe("correction mends", () => {
  it.each(mendable)("$why", ({ type, key = "user-1", sent, becomes, rules }) => {
    const correction = correct(sent, { type, key });
    expect(correction).toMatchObject({ kind: "mended", event: becomes });
    expect(correction.kind === "mended" && correction.event).toEqual(becomes);
    expect(correction.changes.map(({ rule }) => rule)).toEqual(rules);
  });
});

interface Hopeless {
  readonly why: string;
  readonly type: EventType;
  readonly key?: string | null;
  readonly sent: unknown;
  readonly says: RegExp;
}

const unmendable: readonly Hopeless[] = [
  { why: "not an object", type: "order", sent: [order], says: /^value:/ },
  {
    why: "nothing of an event in it",
    type: "order",
    key: null,
    sent: { hello: "world" },
    says: /event_name.*user_details/,
  },
  { why: "another type belongs on another topic", type: "order", sent: purchase, says: /event_type/ },
  {
    why: "a name of another type",
    type: "order",
    sent: { ...order, event_name: "added_to_cart" },
    says: /event_name/,
  },
  {
    why: "which of two orders is meant can't be known",
    type: "order",
    sent: { ...order, event_details: { orderNumber: 12, order_no: 13, order_value: 1 } },
    says: /event_details\.order_id/,
  },
  { why: "no user anywhere", type: "order", key: null, sent: withoutUser, says: /user_details/ },
  { why: "an empty key is no user", type: "order", key: "", sent: withoutUser, says: /user_details/ },
  {
    why: "thousands separators can be read two ways",
    type: "purchase",
    sent: { ...purchase, event_details: { ...purchase.event_details, price: "1,299" } },
    says: /event_details\.price/,
  },
  {
    why: "a word is no number",
    type: "purchase",
    sent: { ...purchase, event_details: { ...purchase.event_details, item_id: "forty-two" } },
    says: /event_details\.item_id/,
  },
  {
    why: "an id that a number can't hold exactly",
    type: "order",
    sent: { ...order, event_details: { order_id: "99999999999999999999", order_value: 1 } },
    says: /event_details\.order_id/,
  },
  {
    why: "a number beyond all numbers",
    type: "order",
    sent: { ...order, event_details: { order_id: 1, order_value: "1e999" } },
    says: /event_details\.order_value/,
  },
  {
    why: "a day that doesn't exist",
    type: "order",
    sent: { ...order, triggered_at: "2026-02-30 12:00:00" },
    says: /triggered_at/,
  },
  {
    why: "day and month can be read two ways",
    type: "order",
    sent: { ...order, triggered_at: "11/12/2026 12:00" },
    says: /triggered_at/,
  },
  {
    why: "NUL has no place in jsonb",
    type: "purchase",
    sent: { ...purchase, event_details: { ...purchase.event_details, item_name: "a\0b" } },
    says: /event_details\.item_name/,
  },
];

describe("correction leaves alone", () => {
  it.each(unmendable)("$why", ({ type, key = "user-1", sent, says }) => {
    const correction = correct(sent, { type, key });
    expect(correction).toMatchObject({ kind: "unmendable", message: expect.stringMatching(says) });
  });
});
