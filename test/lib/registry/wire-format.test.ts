import fc from "fast-check";
import { expect, test } from "vitest";
import { PAYLOAD_START, schemaIdOf, schemaIdsIn, writePrefix } from "../../../lib/registry/wire-format.ts";

const anyId = fc.integer({ min: 0, max: 0xffff_ffff });

function value(id: number, payload: Uint8Array = new Uint8Array()): Buffer {
  const bytes = Buffer.concat([Buffer.alloc(PAYLOAD_START), payload]);
  writePrefix(bytes, id);
  return bytes;
}

test("a prefix is a zero byte and the id, big-endian", () => {
  expect([...value(0x01020304)]).toEqual([0, 1, 2, 3, 4]);
});

test.each([
  { bytes: [], why: "nothing" },
  { bytes: [0, 0, 0, 1], why: "an id cut short" },
  { bytes: [1, 0, 0, 0, 7], why: "another first byte" },
  { bytes: [...Buffer.from('{"n":1}')], why: "plain JSON" },
])("$why is not in this format", ({ bytes }) => {
  expect(schemaIdOf(Buffer.from(bytes))).toBeUndefined();
});

test("every id comes out as it went in, whatever follows", () => {
  fc.assert(fc.property(anyId, fc.uint8Array(), (id, payload) => schemaIdOf(value(id, payload)) === id));
});

test("the ids in a batch are those of its values, each once", () => {
  const few = fc.integer({ min: 0, max: 3 }).map((n) => [0, 1, 2 ** 24, 2 ** 32 - 1][n]!);
  const good = fc
    .tuple(few, fc.uint8Array({ maxLength: 9 }))
    .map(([id, payload]) => ({ id, bytes: value(id, payload) }));
  const bad = fc
    .uint8Array({ maxLength: 9 })
    .map((bytes) => Buffer.from(bytes))
    .filter((bytes) => schemaIdOf(bytes) === undefined)
    .map((bytes) => ({ id: undefined, bytes }));
  fc.assert(
    fc.property(fc.array(fc.oneof(good, bad)), (values) => {
      const ids = schemaIdsIn([null, undefined, ...values.map(({ bytes }) => bytes.toString("base64"))]);
      expect(ids).toEqual(new Set(values.flatMap(({ id }) => id ?? [])));
    }),
    { numRuns: 2_000 },
  );
});
