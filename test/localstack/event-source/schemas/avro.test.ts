// Avro as plain JSON, held against avsc, which encodes.
import avro, { type Schema } from "avsc";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { avroDecoder } from "../../../../localstack/event-source/schemas/avro.ts";

const record = (...fields: readonly object[]) => ({ type: "record", name: "Order", namespace: "shop", fields });
const bytesOf = (schema: unknown, value: unknown) => avro.Type.forSchema(schema as Schema).toBuffer(value);
const textOf = (schema: unknown, payload: Buffer) => avroDecoder(JSON.stringify(schema), [])(payload).toString();

/** A long of all 64 bits, which avsc would round. */
function long(value: bigint): Buffer {
  let rest = BigInt.asUintN(64, (value << 1n) ^ (value >> 63n));
  const bytes: number[] = [];
  for (; rest > 0x7fn; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
  return Buffer.from([...bytes, Number(rest)]);
}

describe("Avro becomes plain JSON", () => {
  test.each<[string, unknown, unknown, string]>([
    ["null", "null", null, "null"],
    ["a boolean", "boolean", true, "true"],
    ["an int", "int", -2147483648, "-2147483648"],
    ["a double", "double", 0.1, "0.1"],
    ["a float has the digits that tell it from others", "float", Math.fround(1.1), "1.1"],
    ["NaN is text, for JSON has no such number", "double", Number.NaN, '"NaN"'],
    ["infinity too", "float", Number.NEGATIVE_INFINITY, '"-Infinity"'],
    ["text is escaped", "string", 'a"\n\u2028é😀', '"a\\"\\n\u2028é😀"'],
    ["a byte order mark is text", "string", "\uFEFFx", '"\uFEFFx"'],
    ["bytes are one character a byte, as in Avro's JSON", "bytes", Buffer.from([0x41, 0xff, 0]), '"Aÿ\\u0000"'],
    ["fixed too", { type: "fixed", name: "F", size: 2 }, Buffer.from([1, 0x7a]), '"\\u0001z"'],
    ["an enum is its symbol", { type: "enum", name: "E", symbols: ["A", "B"] }, "B", '"B"'],
    ["an array", { type: "array", items: "int" }, [1, 2, 3], "[1,2,3]"],
    ["an empty array", { type: "array", items: "int" }, [], "[]"],
    ["a map", { type: "map", values: "int" }, { a: 1, __proto__x: 2 }, '{"a":1,"__proto__x":2}'],
    ["a union is unwrapped", ["null", "string"], "x", '"x"'],
    ["its null too", ["null", "string"], null, "null"],
    ["of two numbers as well", ["int", "string", "long"], { long: 5 }, "5"],
    ["a date is its days", { type: "int", logicalType: "date" }, 20_778, "20778"],
    [
      "a timestamp is its number",
      { type: "long", logicalType: "timestamp-millis" },
      1_763_683_200_000,
      "1763683200000",
    ],
    [
      "a decimal is its bytes",
      { type: "bytes", logicalType: "decimal", precision: 4, scale: 2 },
      Buffer.from([4, 210]),
      '"\\u0004Ò"',
    ],
    [
      "a record has its fields in the schema's order, under the schema's names",
      record({ name: "order_id", type: "int" }, { name: "Total", type: "double", default: 1 }),
      { Total: 2.5, order_id: 7 },
      '{"order_id":7,"Total":2.5}',
    ],
    ["a record without fields", record(), {}, "{}"],
    [
      "a record within itself",
      record({ name: "n", type: "int" }, { name: "next", type: ["null", "Order"] }),
      { n: 1, next: { n: 2, next: null } },
      '{"n":1,"next":{"n":2,"next":null}}',
    ],
    [
      "a union of records",
      [record(), { type: "record", name: "Refund", fields: [{ name: "why", type: "string" }] }],
      { Refund: { why: "late" } },
      '{"why":"late"}',
    ],
  ])("%s", (_why, schema, value, json) => {
    expect(textOf(schema, bytesOf(schema, value))).toBe(json);
  });

  test("a long keeps all its digits, however many bytes it takes", () => {
    const ends = Array.from({ length: 63 }, (_, bits) => 2n ** BigInt(bits)).flatMap((power) => [power - 1n, power]);
    for (const value of [...ends, 2n ** 63n - 1n]) {
      for (const signed of [value, -value, -value - 1n]) expect(textOf("long", long(signed))).toBe(String(signed));
    }
  });

  test("text may hold what stands for broken text, and a byte order mark", () => {
    expect(textOf("string", bytesOf("string", "\ufeffa\ufffd"))).toBe(JSON.stringify("\ufeffa\ufffd"));
  });

  test.each<[string, string, string, number[]]>([
    ["a long's largest", '"long"', "9223372036854775807", [2]],
    ["a long's smallest", '"long"', "-9223372036854775808", [2]],
    ["of a union's second type", '["null","int"]', "1", [2, 2]],
    ["the text null for null", '["null","int"]', '"null"', [2, 2]],
    ["null for a number", '"int"', "null", [2]],
    ["text for a number", '"int"', '"0"', [2]],
    ["a symbol that an enum has not", '{"type":"enum","name":"E","symbols":["A","default"],"default":"C"}', '"D"', [2]],
  ])("a field's default is not used, so it may be anything: %s", (_why, type, value, payload) => {
    const inner = `{"type":"record","name":"Inner","fields":[{"name":"default","type":${type},"default":${value}}]}`;
    const nested = `{"type":"record","name":"Outer","fields":[{"name":"x","type":${inner},"default":{"default":1}}]}`;
    const wanted = type.includes("enum") ? '"default"' : "1";
    expect(avroDecoder(nested, [])(Buffer.from(payload)).toString()).toBe(`{"x":{"default":${wanted}}}`);
    const outer = '{"type":"record","name":"Outer","fields":[{"name":"x","type":"Inner"}]}';
    const decode = avroDecoder(outer, [{ name: "Inner", text: inner }]);
    expect(decode(Buffer.from(payload)).toString()).toBe(`{"x":{"default":${wanted}}}`);
  });

  test("types of other schemas, given before what uses them", () => {
    const customer = {
      name: "shop.Customer",
      text: JSON.stringify({ ...record({ name: "id", type: "int" }), name: "Customer" }),
    };
    const schema = record({ name: "customer", type: "shop.Customer" }, { name: "n", type: "int" });
    expect(avroDecoder(JSON.stringify(schema), [customer])(Buffer.from([14, 2])).toString()).toBe(
      '{"customer":{"id":7},"n":1}',
    );
  });

  test("whatever avsc writes, JSON says the same", () => {
    const schema = record(
      { name: "text", type: "string" },
      { name: "list", type: { type: "array", items: ["null", "int", "string"] } },
      { name: "map", type: { type: "map", values: "double" } },
      { name: "flag", type: ["boolean", "null"] },
    );
    const value = fc.record({
      text: fc.string({ unit: "grapheme" }),
      list: fc.array(fc.oneof(fc.constant(null), fc.integer(), fc.string())),
      map: fc.dictionary(
        fc.string().filter((name) => name !== "__proto__"),
        fc.double({ noNaN: true, noDefaultInfinity: true }),
        { noNullPrototype: true },
      ),
      flag: fc.option(fc.boolean()),
    });
    const law = fc.property(value, (given) => {
      expect(JSON.parse(textOf(schema, bytesOf(schema, given)))).toEqual(given);
    });
    fc.assert(law, { numRuns: 500 });
  });
});

describe("Avro that does not follow its schema is refused", () => {
  test.each<[string, unknown, number[]]>([
    ["bytes that end too soon", "string", [10, 65]],
    ["none at all", "int", []],
    ["bytes left over", "int", [2, 2]],
    ["a negative length", "bytes", [1]],
    ["text that is not UTF-8", "string", [2, 0xff]],
    ["a boolean of 2", "boolean", [2]],
    ["an int of more than 32 bits", "int", [0xff, 0xff, 0xff, 0xff, 0x7f]],
    ["a long of more than 64 bits", "long", Array(10).fill(0xff)],
    ["a symbol that is not there", { type: "enum", name: "E", symbols: ["A"] }, [2]],
    ["a branch that is not there", ["null", "int"], [4]],
    ["a branch below the first", ["null", "int"], [1]],
    [
      "a count beyond all bytes",
      { type: "array", items: "int" },
      [0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f],
    ],
    ["nulls without end", { type: "array", items: "null" }, [0xfe, 0xff, 0xff, 0xff, 0x0f, 0]],
  ])("%s", (_why, schema, bytes) => {
    expect(() => textOf(schema, Buffer.from(bytes))).toThrow();
  });

  test("whatever the bytes are, it ends soon: as JSON or refused", () => {
    const schema = record(
      { name: "list", type: { type: "array", items: ["null", "string"] } },
      { name: "map", type: { type: "map", values: { type: "array", items: "null" } } },
    );
    const decode = avroDecoder(JSON.stringify(schema), []);
    const law = fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
      let json = "null";
      try {
        json = decode(Buffer.from(bytes)).toString();
      } catch {
        return;
      }
      JSON.parse(json);
    });
    fc.assert(law, { numRuns: 5000 });
  });
});
