import { describe, expect, test } from "vitest";
import { jsonDecoder } from "../../../../localstack/event-source/schemas/json-schema.ts";

const order = { type: "object", properties: { id: { type: "integer" } }, required: ["id"] };

describe("a value under JSON Schema", () => {
  test("is handed on as it came, every digit and space of it", async () => {
    const decode = await jsonDecoder(JSON.stringify(order), []);
    const text = '{ "id": 12345678901234567890, "big": 0.1000 }';
    expect(decode(Buffer.from(text)).toString()).toBe(text);
  });

  test.each<[string, object]>([
    ["none said", order],
    [
      "draft 4",
      {
        $schema: "http://json-schema.org/draft-04/schema#",
        ...order,
        properties: { id: { minimum: 0, exclusiveMinimum: true } },
      },
    ],
    [
      "draft 6",
      { $schema: "http://json-schema.org/draft-06/schema#", ...order, properties: { id: { exclusiveMinimum: 0 } } },
    ],
    [
      "draft 7",
      { $schema: "http://json-schema.org/draft-07/schema#", ...order, properties: { id: { exclusiveMinimum: 0 } } },
    ],
    [
      "2019-09",
      {
        $schema: "https://json-schema.org/draft/2019-09/schema",
        ...order,
        dependentRequired: { id: ["id"] },
        properties: { id: { exclusiveMinimum: 0 } },
      },
    ],
    [
      "2020-12",
      {
        $schema: "https://json-schema.org/draft/2020-12/schema",
        ...order,
        properties: { id: { exclusiveMinimum: 0 } },
      },
    ],
  ])("is checked by the draft that the schema names: %s", async (_draft, schema) => {
    const decode = await jsonDecoder(JSON.stringify(schema), []);
    expect(decode(Buffer.from('{"id":1}')).toString()).toBe('{"id":1}');
    expect(() => decode(Buffer.from("{}"))).toThrow("breaks the schema");
  });

  test.each<[string, Buffer]>([
    ["not JSON", Buffer.from("{")],
    ["empty", Buffer.alloc(0)],
    ["not UTF-8", Buffer.from([0x22, 0xff, 0x22])],
    ["of another type", Buffer.from('{"id":"secret"}')],
  ])("that is %s is refused, without quoting it", async (_why, payload) => {
    const decode = await jsonDecoder(JSON.stringify(order), []);
    expect(() => decode(payload)).toThrow(/^(?!.*secret)/);
  });

  test("formats are checked, words that only registries know are passed over", async () => {
    const schema = { type: "string", format: "date-time", "connect.type": "timestamp", javaType: "java.util.Date" };
    const decode = await jsonDecoder(JSON.stringify(schema), []);
    expect(() => decode(Buffer.from('"2026-11-21T10:00:00Z"'))).not.toThrow();
    expect(() => decode(Buffer.from('"yesterday"'))).toThrow("format");
  });

  test.each(["http://json-schema.org/draft-04/schema#", "https://json-schema.org/draft/2020-12/schema", undefined])(
    "is a multiple in decimal, though fractions are rounded when they are divided (%s)",
    async ($schema) => {
      const multipleOf = (divisor: number) => jsonDecoder(JSON.stringify({ $schema, multipleOf: divisor }), []);
      const cents = await multipleOf(0.01);
      for (const text of ["19.99", "1.13", "-1.13", "1234567.89", "99999999999.99", "0", "7", '"text"']) {
        expect(() => cents(Buffer.from(text)), text).not.toThrow();
      }
      for (const text of ["1.135", "19.991", "1234567.891", "0.001", "-1.135"]) {
        expect(() => cents(Buffer.from(text)), text).toThrow("#/multipleOf (multipleOf)");
      }
      const threes = await multipleOf(3);
      expect(() => threes(Buffer.from("9007199254740990"))).not.toThrow();
      expect(() => threes(Buffer.from("9007199254740991"))).toThrow("multipleOf");
      expect(() => threes(Buffer.from("4.5"))).toThrow("multipleOf");
    },
  );

  test.each<[string, string, string]>([
    ["^\\d{3}\\-\\d{4}$", "555-1234", "5551234"],
    ["^[\\w.]+\\@[\\w.]+$", "a@b.c", "a.b"],
    ["^[\\w-\\.]+$", "a-b.c", "a b"],
    ["^\\p{L}+$", "é", "1"],
  ])("is matched by patterns as other languages write them: %s", async (pattern, good, bad) => {
    const value = await jsonDecoder(JSON.stringify({ items: { pattern } }), []);
    expect(() => value(Buffer.from(JSON.stringify([good])))).not.toThrow();
    expect(() => value(Buffer.from(JSON.stringify([bad])))).toThrow("(pattern)");
    const name = await jsonDecoder(JSON.stringify({ patternProperties: { [pattern]: { type: "null" } } }), []);
    expect(() => name(Buffer.from(JSON.stringify({ [bad]: 1 })))).not.toThrow();
    expect(() => name(Buffer.from(JSON.stringify({ [good]: 1 })))).toThrow("patternProperties");
  });

  test.each([undefined, "http://shop.example/order.json"])(
    "refers to other schemas by name (its own: %s)",
    async ($id) => {
      const schema = { ...($id === undefined ? {} : { $id }), properties: { customer: { $ref: "customer.json" } } };
      const customer = { name: "customer.json", text: '{"type":"object","required":["name"]}' };
      const decode = await jsonDecoder(JSON.stringify(schema), [customer]);
      expect(() => decode(Buffer.from('{"customer":{"name":"x"}}'))).not.toThrow();
      expect(() => decode(Buffer.from('{"customer":{}}'))).toThrow("required");
    },
  );
});
