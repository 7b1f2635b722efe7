import fc from "fast-check";
import { expect, test } from "vitest";
import { originOf, originText, parseOrigin } from "../../../lib/kafka/origin.ts";
import { DecodedRecord } from "../../../lib/kafka/record.ts";
import { type PlainRecord, wireRecord } from "../../support/kafka-event.ts";

const record = (headers: PlainRecord["headers"]) =>
  new DecodedRecord(
    wireRecord({ topic: "orders", partition: 2 }, { offset: 9, value: "{}", ...(headers ? { headers } : {}) }),
    null,
  );
const itself = { topic: "orders", partition: 2, offset: 9 };

test("a record that says nothing first entered Kafka where it stands", () => {
  expect(originOf(record(undefined))).toEqual(itself);
});

test("a record that was sent again says where it first entered", () => {
  expect(originOf(record([["origin", "event_order/1/77"]]))).toEqual({
    topic: "event_order",
    partition: 1,
    offset: 77,
  });
});

test("of several, the last one counts", () => {
  expect(
    originOf(
      record([
        ["origin", "a/1/1"],
        ["origin", "b/2/2"],
      ]),
    ).topic,
  ).toBe("b");
});

test.each([
  "",
  "orders",
  "orders/1",
  "orders/x/1",
  "orders/1/-1",
  "a b/1/1",
  "orders/1/99999999999999999",
  "orders/1/1/1",
  null,
])("an origin that names no place counts for nothing: %s", (text) => {
  expect(originOf(record([["origin", text]]))).toEqual(itself);
});

test("every place in Kafka comes back as it was written", () => {
  const place = fc.record({
    topic: fc.stringMatching(/^[\w.-]{1,249}$/),
    partition: fc.nat(),
    offset: fc.maxSafeNat(),
  });
  fc.assert(
    fc.property(place, (origin) => {
      expect(parseOrigin(originText(origin))).toEqual(origin);
    }),
  );
});
