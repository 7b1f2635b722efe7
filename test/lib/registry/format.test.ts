import fc from "fast-check";
import { expect, test } from "vitest";
import * as z from "zod";
import { decoder, Refusal } from "../../../lib/kafka/decode.ts";
import { registryEncoder } from "../../../lib/registry/encoder.ts";
import { registryFormat } from "../../../lib/registry/format.ts";
import { PAYLOAD_START, writePrefix } from "../../../lib/registry/wire-format.ts";
import { wireRecord } from "../../support/kafka-event.ts";
import { memoryRegistry } from "./registry.ts";

const field = (name: string, type: unknown, more: object = {}) => ({ name, type, ...more });
const record = (...fields: object[]) => ({ type: "record", name: "Sale", namespace: "shop", fields });

const first = record(field("id", "long"), field("item", "string"), field("price", "double"));
const reader = record(
  field("id", "long"),
  field("item", "string"),
  field("price", "double"),
  field("note", ["null", "string"], { default: null }),
  field("tags", { type: "array", items: "string" }, { default: [] }),
  field("counts", { type: "map", values: "long" }, { default: {} }),
);
const Sale = z.object({
  id: z.int(),
  item: z.string(),
  price: z.number(),
  note: z.string().nullable(),
  tags: z.array(z.string()),
  counts: z.record(z.string(), z.int()),
});

const sale = { id: 7, item: "é 漢 😀", price: 0.1, note: null, tags: ["a", "b"], counts: { x: 1 } };

function shop() {
  const registry = memoryRegistry();
  const format = registryFormat({ registry, schema: reader });
  const decode = decoder(Sale, format);
  const read = async (bytes: Buffer | null) => {
    const wire = wireRecord({ topic: "sales", partition: 0 }, { offset: 0, value: bytes });
    await format.prepare?.([wire]);
    return decode(wire);
  };
  const encoded = (schema: object, value: unknown) =>
    registryEncoder({ registry, topic: "sales", schema }).encode(value);
  return { registry, format, read, encoded };
}

const refused = (reason: string, message: unknown = expect.any(String)) => expect.objectContaining({ reason, message });

function framed(id: number, payload: Uint8Array): Buffer {
  const bytes = Buffer.concat([Buffer.alloc(PAYLOAD_START), payload]);
  writePrefix(bytes, id);
  return bytes;
}

test("a value comes out as it went in", async () => {
  const { read, encoded } = shop();
  expect(await read(await encoded(reader, sale))).toEqual(sale);
});

test("any value comes out as it went in, through the same buffers", async () => {
  const { read, encoded } = shop();
  const any = fc.record({
    id: fc.maxSafeInteger(),
    item: fc.string({ unit: "grapheme" }),
    price: fc.double({ noNaN: true, noDefaultInfinity: true }),
    note: fc.option(fc.string({ maxLength: 20_000, size: "max" })),
    tags: fc.array(fc.string()),
    counts: fc.dictionary(
      fc.string().filter((key) => key !== "__proto__"),
      fc.maxSafeInteger(),
      { noNullPrototype: true },
    ),
  });
  await fc.assert(
    fc.asyncProperty(any, async (value) => {
      expect(await read(await encoded(reader, value))).toEqual(value);
    }),
    { numRuns: 500 },
  );
});

test("a value of an older schema is read with the defaults of what it lacks", async () => {
  const { read, encoded } = shop();
  const { id, item, price } = sale;
  expect(await read(await encoded(first, { id, item, price }))).toEqual({
    id,
    item,
    price,
    note: null,
    tags: [],
    counts: {},
  });
});

test("a newer schema that turns up while running is asked for once, and its new field is passed over", async () => {
  const { registry, read, encoded } = shop();
  await read(await encoded(reader, sale));
  const newer = { ...reader, fields: [field("channel", ["null", "string"], { default: null }), ...reader.fields] };
  for (let i = 0; i < 3; i++) expect(await read(await encoded(newer, { ...sale, channel: "web" }))).toEqual(sale);
  expect(registry.asked).toEqual([1, 2]);
});

test("a writer's defaults are not looked at, for reading never uses them", async () => {
  const { registry, read, encoded } = shop();
  const bytes = await encoded(first, { id: 7, item: "é", price: 0.1 });
  // JSON's own digits: JavaScript would round this one.
  const text = JSON.stringify({ ...first, doc: "of another sender" }).replace(
    '"name":"id","type":"long"',
    '"name":"id","type":"long","default":9223372036854775807',
  );
  writePrefix(bytes, await registry.register("sales-value", text));
  expect(await read(bytes)).toMatchObject({ id: 7, item: "é", tags: [] });
});

test("a schema under another namespace is the same record", async () => {
  const { read, encoded } = shop();
  expect(await read(await encoded({ ...reader, namespace: "other" }, sale))).toEqual(sale);
});

test("JSON of a JSON Schema is read as JSON", async () => {
  const { registry, read } = shop();
  const id = registry.add({ kind: "JSON", text: "{}" });
  expect(await read(framed(id, Buffer.from(JSON.stringify(sale))))).toEqual(sale);
  expect(await read(framed(id, Buffer.from("{")))).toEqual(refused("not-json"));
  expect(await read(framed(id, Buffer.from("{}")))).toEqual(refused("schema"));
});

test("what can't be read is refused with its reason", async () => {
  const { registry, read, encoded } = shop();
  const good = await encoded(reader, sale);
  const id = good.readUInt32BE(1);
  const protobuf = registry.add({ kind: "PROTOBUF", text: "message X {}" });
  const parts = registry.add({ text: '"other.Sale"', hasReferences: true });
  const other = await encoded({ type: "record", name: "Refund", fields: [field("id", "long")] }, { id: 1 });
  const textual = await encoded(record(field("id", "string"), field("item", "string"), field("price", "double")), {
    id: "1",
    item: "",
    price: 1,
  });
  const cases: [Buffer | null, ReturnType<typeof refused>][] = [
    [null, refused("tombstone")],
    [
      Buffer.from(JSON.stringify(sale)),
      refused("wire-format", "the value does not begin with a zero byte and a schema id"),
    ],
    [Buffer.from([0, 0]), refused("wire-format")],
    [framed(999, good.subarray(5)), refused("unknown-schema", "the registry has no schema 999")],
    [good.subarray(0, -3), refused("not-avro", `the value is cut short for schema ${id}`)],
    [Buffer.concat([good, Buffer.from([0])]), refused("not-avro", `the value goes on after schema ${id}`)],
    [framed(protobuf, Buffer.alloc(4)), refused("schema", `schema ${protobuf} is PROTOBUF, which is not read here`)],
    [
      framed(parts, Buffer.alloc(4)),
      refused("schema", `schema ${parts} is AVRO with references, which is not read here`),
    ],
    [other, refused("schema", expect.stringMatching(/^schema \d+ can't be read as shop.Sale: /))],
    [textual, refused("schema", expect.stringMatching(/^schema \d+ can't be read as shop.Sale: /))],
  ];
  for (const [bytes, refusal] of cases) expect(await read(bytes)).toEqual(refusal);
});

test("text that is not UTF-8 is refused, never mended", async () => {
  const { read, encoded } = shop();
  const good = await encoded(first, { id: 1, item: "abc", price: 1 });
  const at = good.indexOf("abc");
  for (const bytes of [
    [0xff, 0x61, 0x62],
    [0x61, 0xc3, 0x28],
    [0x61, 0x62, 0xe2],
  ]) {
    const damaged = Buffer.from(good);
    damaged.set(bytes, at);
    expect(await read(damaged)).toEqual(refused("not-avro"));
  }
  expect(await read(await encoded(first, { id: 1, item: "a \uFFFD of its own", price: 1 }))).toMatchObject({
    item: "a \uFFFD of its own",
  });
});

test("a number beyond what is exact is refused", async () => {
  const { read, encoded } = shop();
  const id = (await encoded(first, { id: 1, item: "", price: 1 })).readUInt32BE(1);
  const greatestLong = [0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01]; // in zigzag
  const rest = [0, ...Buffer.alloc(8)];
  expect(await read(framed(id, Buffer.from([...greatestLong, ...rest])))).toEqual(refused("not-avro"));
  expect(await read(framed(id, Buffer.from([14, ...rest])))).toMatchObject({ id: 7 });
});

test("bytes that anybody may have sent are a value or poison, and never take long", async () => {
  const { registry, read, encoded } = shop();
  const good = await encoded(reader, sale);
  // Writers whose arrays and maps the reader passes over, and items that take no bytes.
  const wide = {
    ...reader,
    fields: [
      ...reader.fields,
      field("extra", { type: "array", items: "null" }),
      field("more", { type: "map", values: { type: "array", items: "long" } }),
    ],
  };
  await encoded(wide, { ...sale, extra: [null], more: { a: [1] } });
  registry.add({ kind: "JSON", text: "{}" });
  const noise = fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes));
  const afterId = fc
    .tuple(fc.integer({ min: 0, max: 5 }), fc.uint8Array({ maxLength: 200 }))
    .map(([id, payload]) => framed(id, payload));
  const many = fc.tuple(fc.integer({ min: 1, max: 2 }), fc.uint8Array({ maxLength: 40 })).map(([id, payload]) => {
    return framed(id, Buffer.concat([Buffer.from([2, 0]), Buffer.alloc(8), Buffer.from([0]), payload]));
  });
  const damaged = fc
    .array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 })
    .map((changes) => {
      const bytes = Buffer.from(good);
      for (const [at, byte] of changes) bytes[at] = byte;
      return bytes;
    });
  const cut = fc.nat(good.length).map((length) => good.subarray(0, length));
  const started = performance.now();
  await fc.assert(
    fc.asyncProperty(fc.oneof(noise, afterId, many, damaged, cut), async (bytes) => {
      const value = await read(bytes);
      if (!(value instanceof Refusal)) Sale.parse(value);
    }),
    { numRuns: 20_000 },
  );
  expect(performance.now() - started).toBeLessThan(20_000);
});

test("a registry that fails fails the batch, and is asked again with the next", async () => {
  const { registry, read, encoded } = shop();
  const good = await encoded(reader, sale);
  registry.failure = new Error("registry down");
  await expect(read(good)).rejects.toThrow("registry down");
  registry.failure = undefined;
  expect(await read(good)).toEqual(sale);
});

test("while the registry fails, records of known schemas are read", async () => {
  const { registry, read, encoded } = shop();
  const good = await encoded(reader, sale);
  await read(good);
  registry.failure = new Error("registry down");
  expect(await read(good)).toEqual(sale);
});

test("an id that was unknown is asked for again: it may be registered by now", async () => {
  const { read, encoded } = shop();
  expect(await read(framed(1, Buffer.alloc(0)))).toEqual(refused("unknown-schema"));
  expect(await read(await encoded(reader, sale))).toEqual(sale);
});

test("partitions that need the same schema at once ask once", async () => {
  const { registry, format, encoded } = shop();
  const value = await encoded(reader, sale);
  const wire = wireRecord({ topic: "sales", partition: 0 }, { offset: 0, value });
  await Promise.all([format.prepare?.([wire, wire]), format.prepare?.([wire])]);
  expect(registry.asked).toEqual([1]);
});

test("an encoder registers once, again after a failure, and says which field is wrong", async () => {
  const registry = memoryRegistry();
  const { encode, ready } = registryEncoder({ registry, topic: "sales", schema: first });
  registry.failure = new Error("registry down");
  await expect(encode({})).rejects.toThrow("registry down");
  registry.failure = undefined;
  expect(await ready()).toBe(await ready());
  await expect(encode({ id: 1, item: 5, price: 1 })).rejects.toThrow(
    "A value does not fit Avro schema shop.Sale: item must be string",
  );
  const long = await encode({ id: 1, item: "x".repeat(1_000_000), price: 1 });
  expect(long.length).toBeGreaterThan(1_000_000);
});

test("without a reader's schema a value is read as it was written, whatever its schema", async () => {
  const registry = memoryRegistry();
  const format = registryFormat({ registry });
  const loose = record(field("id", ["null", "string", "long"]), field("extra", { type: "map", values: "string" }));
  const written = { id: "7", extra: { note: "sent as text" } };
  const wire = async (bytes: Buffer) => {
    await format.prepare?.([wireRecord({ topic: "sales", partition: 0 }, { offset: 0, value: bytes })]);
    return format.read(bytes);
  };
  const encoded = await registryEncoder({ registry, topic: "loose", schema: loose }).encode(written);
  expect(await wire(encoded)).toEqual(written);
  expect(await wire(encoded.subarray(0, -1))).toBeInstanceOf(Refusal);
  expect(await wire(framed(registry.add({ text: "{" }), Buffer.from([1])))).toEqual(refused("schema"));
});
