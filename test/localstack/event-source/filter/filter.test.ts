import { describe, expect, test } from "vitest";
import { firstMatch, parseFilter } from "../../../../localstack/event-source/filter/filter.ts";

const bytes = (value: unknown) => Buffer.from(typeof value === "string" ? value : JSON.stringify(value));
const passes = (pattern: unknown, value: unknown) => parseFilter(JSON.stringify(pattern)).matches(bytes(value));

describe("operators", () => {
  const person = {
    name: "Ana",
    city: "",
    age: 30,
    zip: null,
    tags: ["a", "b"],
    none: [],
    at: { place: "Lisbon", n: 300 },
    ip: "10.0.0.9",
    ok: true,
  };

  test.each<[string, unknown, boolean]>([
    ["equals", { name: ["Ana"] }, true],
    ["equals is case-sensitive", { name: ["ana"] }, false],
    ["several values are ORed", { name: ["Bo", "Ana"] }, true],
    ["several fields are ANDed", { name: ["Ana"], age: [31] }, false],
    ["a number", { age: [30] }, true],
    ["a boolean", { ok: [true] }, true],
    ["null", { zip: [null] }, true],
    ["the text null is not null", { name: [null] }, false],
    ["empty", { city: [""] }, true],
    ["a missing field equals nothing", { other: ["x", null] }, false],
    ["equals-ignore-case", { name: [{ "equals-ignore-case": "aNA" }] }, true],
    ["prefix", { name: [{ prefix: "An" }] }, true],
    ["prefix on a number", { age: [{ prefix: "3" }] }, false],
    ["prefix without case", { name: [{ prefix: { "equals-ignore-case": "AN" } }] }, true],
    ["suffix", { name: [{ suffix: "na" }] }, true],
    ["suffix without case", { name: [{ suffix: { "equals-ignore-case": "NA" } }] }, true],
    ["anything-but", { name: [{ "anything-but": "Bo" }] }, true],
    ["anything-but the value itself", { name: [{ "anything-but": "Ana" }] }, false],
    ["anything-but a list", { age: [{ "anything-but": [30, 31] }] }, false],
    ["anything-but and a missing field", { other: [{ "anything-but": "x" }] }, false],
    ["anything-but and null", { zip: [{ "anything-but": "x" }] }, true],
    ["anything-but a prefix", { name: [{ "anything-but": { prefix: "An" } }] }, false],
    ["anything-but suffixes", { name: [{ "anything-but": { suffix: ["x", "y"] } }] }, true],
    ["anything-but a wildcard", { name: [{ "anything-but": { wildcard: "A*" } }] }, false],
    ["numeric =", { age: [{ numeric: ["=", 30] }] }, true],
    ["numeric range", { age: [{ numeric: [">", 29, "<=", 30] }] }, true],
    ["numeric range missed", { age: [{ numeric: [">", 30, "<=", 40] }] }, false],
    ["numeric on text", { name: [{ numeric: [">", 0] }] }, false],
    ["numeric on null", { zip: [{ numeric: [">=", 0] }] }, false],
    ["exists", { name: [{ exists: true }] }, true],
    ["exists on null", { zip: [{ exists: true }] }, true],
    ["exists looks at leaves only", { at: [{ exists: true }] }, false],
    ["exists false", { other: [{ exists: false }] }, true],
    ["exists false under a missing parent", { other: { deep: [{ exists: false }] } }, true],
    ["exists false on a present field", { name: [{ exists: false }] }, false],
    ["wildcard", { name: [{ wildcard: "A*a" }] }, true],
    ["wildcard takes dots literally", { name: [{ wildcard: "A.a" }] }, false],
    ["cidr", { ip: [{ cidr: "10.0.0.0/24" }] }, true],
    ["cidr missed", { ip: [{ cidr: "10.0.1.0/24" }] }, false],
    ["any element of an array", { tags: ["b", "z"] }, true],
    ["no element of an array", { tags: ["z"] }, false],
    ["an empty array has no null", { none: [null] }, false],
    ["an empty array does not exist", { none: [{ exists: true }] }, false],
    ["nested", { at: { place: ["Lisbon"], n: [300] } }, true],
    ["a dot is a nested path in the pattern", { "at.place": ["Lisbon"] }, true],
    ["$or", { $or: [{ name: ["Bo"] }, { age: [30] }] }, true],
    ["$or beside a field", { city: ["x"], $or: [{ name: ["Ana"] }] }, false],
    ["$or of none", { $or: [{ name: ["Bo"] }, { age: [31] }] }, false],
  ])("%s", (_why, rule, wanted) => expect(passes({ value: rule }, person)).toBe(wanted));

  test("300.0 in the data equals 300 in the pattern, as on real EventBridge", () =>
    expect(passes({ value: { n: [300] } }, '{"n":300.0}')).toBe(true));

  test.each<[string, object, object, boolean]>([
    ["in the data", { value: { a: { b: [1] } } }, { "a.b": 1 }, true],
    ["beside the object itself", { value: { a: { b: [1] } } }, { a: { c: 2 }, "a.b": 1 }, true],
    ["in both, ANDed", { value: { a: { b: [1], c: [2] } } }, { a: { c: 2 }, "a.b": 1 }, true],
    ["in both, missed", { value: { a: { b: [1], c: [3] } } }, { a: { c: 2 }, "a.b": 1 }, false],
    ["deep", { value: { a: { b: { c: [1], d: [2], e: [3] } } } }, { "a.b.c": 1, a: { "b.d": 2, b: { e: 3 } } }, true],
    ["twice the same path, either value", { value: { a: { b: [1] } } }, { a: { b: 2 }, "a.b": 1 }, true],
    [
      "beside a list, in each of its objects",
      { value: { a: { b: [1], c: [2] } } },
      { a: [{ c: 2 }, 5], "a.b": 1 },
      true,
    ],
    ["beside a value", { value: { a: { b: [1] } } }, { a: null, "a.b": 1 }, true],
    ["which has the value", { value: { a: [null] } }, { a: null, "a.b": 1 }, true],
    ["that is there", { value: { a: { b: [{ exists: false }] } } }, { a: { c: 2 }, "a.b": 1 }, false],
    ["of another name", { value: { a: { b: [1] } } }, { "ab.b": 1, a: {} }, false],
    ["that nothing is inherited by", { value: { a: { constructor: [{ exists: true }] } } }, { a: {}, "a.b": 1 }, false],
    ["in the pattern, from the value on", { "value.a": [1] }, { a: 1 }, true],
    ["from the value on, missed", { "value.a.b": [1] }, { a: { b: 2 } }, false],
    ["within $or", { $or: [{ "value.a": [1] }, { "value.b": [1] }] }, { b: 1 }, true],
    ["in the pattern, twice", { value: { "a.b": [1], "a.c": [2] } }, { a: { b: 1, c: 2 } }, true],
    ["which one object of a list matches", { value: { "a.b": [1], "a.c": [2] } }, { a: [{ b: 1 }, { c: 2 }] }, false],
    ["beside the object", { value: { a: { b: [1] }, "a.c": [2] } }, { a: [{ b: 1 }, { c: 2 }] }, false],
  ])("a dot is a nested path: %s", (_why, pattern, data, wanted) => expect(passes(pattern, data)).toBe(wanted));

  test.each<[string, string, string, boolean]>([
    ["another number that rounds to the same", "[9007199254740993]", "9007199254740992", false],
    ["itself", "[9007199254740993]", "9007199254740993", true],
    ["in a list", "[9007199254740993]", "[1,9007199254740993]", true],
    ["negative", "[-9007199254740993]", "-9007199254740992", false],
    ["written otherwise", "[90071992547409930e-1]", "9007199254740993.0", true],
    ["a power of ten", "[1e19]", "10000000000000000000", true],
    ["beside a small one", "[9007199254740993, 7]", "7.0", true],
    ["with a fraction", "[9007199254740992]", "9007199254740992.5", false],
    ["too large for any number", "[9007199254740993]", "1e999999999", false],
    ["anything-but", '[{"anything-but":[9007199254740993]}]', "9007199254740992", true],
    ["anything-but itself", '[{"anything-but":9007199254740993}]', "9007199254740993", false],
    ["numeric =", '[{"numeric":["=",9007199254740993]}]', "9007199254740992", false],
    ["numeric = itself", '[{"numeric":["=",9007199254740993]}]', "9007199254740993", true],
    ["numeric >", '[{"numeric":[">",9007199254740992]}]', "9007199254740993", true],
    ["a range", '[{"numeric":[">",9007199254740992,"<",9007199254740994]}]', "9007199254740993", true],
    ["a range of small and large", '[{"numeric":[">=",0,"<",9007199254740993]}]', "5", true],
    ["a range, missed", '[{"numeric":[">=",0,"<",9007199254740993]}]', "9007199254740993", false],
  ])("numbers beyond 2^53 are equal by value: %s", (_why, rules, data, wanted) =>
    expect(parseFilter(`{"value":{"a":${rules}}}`).matches(bytes(`{"a":${data}}`))).toBe(wanted),
  );

  test("an array of objects matches where one object matches whole", () => {
    const rule = { value: { list: { a: [1], b: [2] } } };
    expect(passes(rule, { list: [{ a: 1, b: 2 }] })).toBe(true);
    expect(
      passes(rule, {
        list: [
          { a: 1, b: 9 },
          { a: 9, b: 2 },
        ],
      }),
    ).toBe(false);
  });
});

describe("formats that differ pass", () => {
  test.each<[string, unknown, Buffer | null, boolean]>([
    ["text and a text rule", { value: ["hello"] }, bytes("hello"), true],
    ["text and a text rule that misses", { value: [{ prefix: "x" }] }, bytes("hello"), false],
    ["text and a JSON rule", { value: { a: [1] } }, bytes("hello"), true],
    ["JSON and a text rule", { value: ["hello"] }, bytes({ a: 1 }), true],
    ["JSON and a JSON rule that misses", { value: { a: [1] } }, bytes({ a: 2 }), false],
    ["bytes that are no UTF-8", { value: { a: [1] } }, Buffer.from([0xff, 0xfe]), true],
    ["a tombstone", { value: { a: [1] } }, null, true],
    ["a JSON array counts as text", { value: ["[1]"] }, bytes("[1]"), true],
    ["no value rule", {}, bytes("anything"), true],
  ])("%s", (_why, pattern, value, wanted) => expect(parseFilter(JSON.stringify(pattern)).matches(value)).toBe(wanted));

  test("filters are ORed", () => {
    const filters = [{ value: { a: [1] } }, { value: { a: [2] } }].map((pattern) =>
      parseFilter(JSON.stringify(pattern)),
    );
    expect([1, 2, 3].map((a) => firstMatch(filters, bytes({ a })))).toEqual([0, 1, -1]);
  });

  test("patterns of whole records are alternatives under $or", () => {
    const pattern = { $or: [{ value: { a: [1] } }, { value: { b: [2] } }] };
    expect([{ a: 1 }, { b: 2 }, { a: 2, b: 1 }].map((value) => passes(pattern, value))).toEqual([true, true, false]);
  });
});

describe("patterns that AWS refuses", () => {
  test.each<[string, string]>([
    ["not JSON", "{"],
    ["an array", "[]"],
    ["a text", '"x"'],
    ["another field than value", '{"key":["x"]}'],
    ["another field's field", '{"key.a":["x"]}'],
    ["a field's field that is no list", '{"value.a":1}'],
    ["a leaf that is no list", '{"value":{"a":1}}'],
    ["an empty list", '{"value":{"a":[]}}'],
    ["an empty object", '{"value":{}}'],
    ["two operators in a rule", '{"value":{"a":[{"prefix":"x","suffix":"y"}]}}'],
    ["no operator in a rule", '{"value":{"a":[{}]}}'],
    ["an unknown operator", '{"value":{"a":[{"starts":"x"}]}}'],
    ["upper case", '{"value":{"a":[{"Prefix":"x"}]}}'],
    ["a list in a list", '{"value":{"a":[["x"]]}}'],
    ["prefix of a number", '{"value":{"a":[{"prefix":1}]}}'],
    ["numeric that is no list", '{"value":{"a":[{"numeric":5}]}}'],
    ["numeric without a number", '{"value":{"a":[{"numeric":["=","5"]}]}}'],
    ["numeric with an unknown comparison", '{"value":{"a":[{"numeric":["!=",5]}]}}'],
    ["a range upside down", '{"value":{"a":[{"numeric":[">",5,"<",3]}]}}'],
    ["a range of two lower bounds", '{"value":{"a":[{"numeric":[">",5,">",6]}]}}'],
    ["a range after equals", '{"value":{"a":[{"numeric":["=",5,"<",6]}]}}'],
    ["anything-but null", '{"value":{"a":[{"anything-but":null}]}}'],
    ["anything-but with null in it", '{"value":{"a":[{"anything-but":["x",null]}]}}'],
    ["anything-but nothing", '{"value":{"a":[{"anything-but":[]}]}}'],
    ["anything-but numeric", '{"value":{"a":[{"anything-but":{"numeric":["=",1]}}]}}'],
    ["exists of a text", '{"value":{"a":[{"exists":"true"}]}}'],
    ["two stars in a row", '{"value":{"a":[{"wildcard":"a**b"}]}}'],
    ["no address block", '{"value":{"a":[{"cidr":"10.0.0/99"}]}}'],
    ["$or that is no list", '{"value":{"$or":{"a":[1]}}}'],
    ["$or of nothing", '{"value":{"$or":[]}}'],
    ["too long", JSON.stringify({ value: ["x".repeat(4096)] })],
  ])("%s", (_why, pattern) => expect(() => parseFilter(pattern)).toThrow("Invalid filter pattern definition."));
});
