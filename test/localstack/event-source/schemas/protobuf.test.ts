// Protobuf as JSON, and which message of a file a payload is.
import protobuf from "protobufjs";
import { describe, expect, test } from "vitest";
import { protobufDecoder } from "../../../../localstack/event-source/schemas/protobuf.ts";

const ORDER = `syntax = "proto3";
package shop;
import "google/protobuf/timestamp.proto";
import "google/protobuf/wrappers.proto";
import "customer.proto";
message Order {
  string order_id = 1;
  int64 totalCents = 2;
  double weight_kg = 3;
  bytes raw = 4;
  Status status = 5;
  repeated string tags = 6;
  map<string, int32> counts_by_kind = 7;
  google.protobuf.Timestamp placed_at = 8;
  people.Customer customer = 9;
  optional int32 priority = 10;
  google.protobuf.StringValue note = 11;
  oneof paid { Card card = 12; bool in_cash = 13; }
  enum Status { UNKNOWN = 0; PAID = 1; }
  message Card { string number_hash = 1; message Issuer { string bank = 1; } Issuer issuer = 2; }
}
message Refund { string why = 1; }
`;
const CUSTOMER = {
  name: "customer.proto",
  text: 'syntax = "proto3"; package people; message Customer { uint64 id = 1; }',
};

const root = new protobuf.Root();
for (const text of [CUSTOMER.text, ORDER]) protobuf.parse(text, root, { keepCase: true });
for (const path of ["google/protobuf/timestamp.proto", "google/protobuf/wrappers.proto"]) {
  root.addJSON(protobuf.common.get(path)!.nested!);
}
const encoded = (name: string, value: Record<string, unknown>) => {
  const type = root.lookupType(name);
  return Buffer.from(type.encode(type.fromObject(value)).finish());
};

const decode = protobufDecoder(ORDER, [CUSTOMER], "confluent");
const jsonOf = (index: readonly number[], payload: Buffer) =>
  JSON.parse(decode(Buffer.concat([Buffer.from(index), payload])).toString());

describe("Protobuf becomes JSON", () => {
  test("under the schema's field names, with text for 64 bits, base64 for bytes and names for enums", () => {
    const order = {
      ...{ order_id: "o1", totalCents: "9007199254740993", weight_kg: 0.5, raw: Buffer.from([0xff]) },
      ...{
        status: "PAID",
        tags: ["a", "b"],
        counts_by_kind: { x: 1 },
        placed_at: { seconds: 1_763_683_200, nanos: 5e8 },
      },
      ...{
        customer: { id: "18446744073709551615" },
        note: { value: "n" },
        card: { number_hash: "h", issuer: { bank: "b" } },
      },
    };
    expect(jsonOf([0], encoded("shop.Order", order))).toEqual({
      order_id: "o1",
      totalCents: "9007199254740993",
      weight_kg: 0.5,
      raw: "/w==",
      status: "PAID",
      tags: ["a", "b"],
      counts_by_kind: { x: 1 },
      placed_at: "2025-11-21T00:00:00.500Z",
      customer: { id: "18446744073709551615" },
      note: "n",
      card: { number_hash: "h", issuer: { bank: "b" } },
    });
  });

  test("what is not set is left out; what is set to nothing and says so is not", () => {
    expect(jsonOf([0], encoded("shop.Order", {}))).toEqual({});
    expect(jsonOf([0], encoded("shop.Order", { priority: 0, in_cash: false, status: 9 }))).toEqual({
      priority: 0,
      in_cash: false,
      status: 9,
    });
  });
});

describe("the index in front says which message it is", () => {
  test.each<[string, number[], string, object]>([
    ["0 is the first", [0], "shop.Order", { order_id: "x" }],
    ["so is a path of one 0", [2, 0], "shop.Order", { order_id: "x" }],
    ["the second of the file", [2, 2], "shop.Refund", { why: "late" }],
    ["the first within the first; its enum is no message", [4, 0, 0], "shop.Order.Card", { number_hash: "h" }],
    ["one within that", [6, 0, 0, 0], "shop.Order.Card.Issuer", { bank: "b" }],
  ])("Confluent: %s", (_why, index, type, value) => {
    expect(jsonOf(index, encoded(type, { ...value }))).toEqual(value);
  });

  test.each([
    ["the third of two", [2, 4]],
    ["one within one that has none", [4, 2, 0]],
    ["a negative place", [2, 1]],
    ["a negative count", [1]],
    ["a count beyond all bytes", [0xfe, 0xff, 0xff, 0x7f]],
    ["nothing at all", []],
  ])("Confluent: %s is refused", (_why, index) => {
    expect(() => jsonOf(index, Buffer.alloc(0))).toThrow();
  });

  // B = 0, B.A = 1, B.A.D = 2, B.C = 3: the example in Glue's MessageIndexFinder. Entries of maps are counted too.
  const NESTED = `syntax = "proto3"; message B { message C { string c = 1; } message A { message D { string d = 1; } string a = 1; } string b = 1; }`;
  const WITH_MAP = `syntax = "proto3"; package p; message B { map<string, string> my_map = 1; message Z { string z = 1; } }`;
  test.each<[string, number, string]>([
    [NESTED, 0, "b"],
    [NESTED, 1, "a"],
    [NESTED, 2, "d"],
    [NESTED, 3, "c"],
    [WITH_MAP, 2, "z"],
  ])("Glue: sorted by full name, in %s number %i", (schema, index, field) => {
    const payload = Buffer.concat([Buffer.from([index, 10, 1]), Buffer.from("v")]);
    expect(JSON.parse(protobufDecoder(schema, [], "glue")(payload).toString())).toEqual({ [field]: "v" });
  });

  test.each([1, 9])("Glue: a number %i that names no message is refused", (index) => {
    expect(() => protobufDecoder(WITH_MAP, [], "glue")(Buffer.from([index]))).toThrow();
  });
});

describe("Protobuf that does not follow its schema is refused", () => {
  test.each<[string, number[]]>([
    ["a string that ends too soon", [0, 10, 5, 65]],
    ["text that is not UTF-8", [0, 10, 1, 0xff]],
    ["a field of wire type 7", [0, 15]],
    ["field number 0", [0, 0]],
  ])("%s", (_why, bytes) => {
    expect(() => decode(Buffer.from(bytes))).toThrow();
  });

  test("a schema whose imports are missing", () => {
    expect(() => protobufDecoder(ORDER, [], "confluent")).toThrow("Customer");
  });

  test("an import for options alone may be missing", () => {
    const text = `syntax = "proto3"; import "confluent/meta.proto"; import "confluent/type/decimal.proto";
      message M { string name = 1 [(confluent.field_meta).tags = "PII"]; confluent.type.Decimal price = 2; }`;
    expect(JSON.parse(protobufDecoder(text, [], "confluent")(Buffer.from([0, 10, 1, 65])).toString())).toEqual({
      name: "A",
    });
  });
});
