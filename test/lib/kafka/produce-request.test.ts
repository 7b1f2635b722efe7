// Our Produce request is kafkajs's own, byte for byte, for whatever records there are.

import { createRequire } from "node:module";
import fc from "fast-check";
import { afterEach, expect, it, vi } from "vitest";
import { crc32c } from "../../../lib/kafka/crc32c.ts";
import { encodeProduceRequest, isPlain, type ProduceFields } from "../../../lib/kafka/produce-request.ts";

type Encode = (fields: ProduceFields) => { encode(): Promise<{ readonly buffer: Buffer }> };
const theirs: Encode = createRequire(import.meta.url)("kafkajs/src/protocol/requests/produce/v7/request.js");

const NOW = 1_795_262_400_123;
afterEach(() => {
  vi.useRealTimers();
});

const content = fc.oneof(
  fc.string({ maxLength: 40 }),
  fc.string({ unit: "binary", maxLength: 40 }),
  fc.string({ minLength: 100, maxLength: 9000 }),
  fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
  fc.constantFrom("", "ü", "😀".repeat(50), "\ud800"),
);
const message = fc.record({ key: fc.option(content), value: fc.option(content) });
const partition = fc.record({
  partition: fc.nat({ max: 300 }),
  firstSequence: fc.nat({ max: 2 ** 31 - 1 }),
  messages: fc.array(message, { minLength: 1, maxLength: 140 }),
});
const request = fc.record({
  acks: fc.constant(-1),
  timeout: fc.nat({ max: 60_000 }),
  compression: fc.constant(0),
  transactionalId: fc.constantFrom("enrich-0", "überweisung-1"),
  producerId: fc.maxSafeNat().map(String),
  producerEpoch: fc.nat({ max: 32_767 }),
  topicData: fc.array(
    fc.record({ topic: fc.constantFrom("out", "out-2"), partitions: fc.array(partition, { maxLength: 4 }) }),
    { maxLength: 2 },
  ),
});

it("is kafkajs's own, byte for byte", async () => {
  vi.useFakeTimers({ now: NOW, toFake: ["Date"] });
  await fc.assert(
    fc.asyncProperty(request, async (fields) => {
      const { buffer } = await theirs(fields).encode();
      expect(encodeProduceRequest(fields, NOW).equals(buffer)).toBe(true);
    }),
    { numRuns: 400 },
  );
});

const plain: ProduceFields = {
  acks: -1,
  timeout: 1,
  transactionalId: "t",
  producerId: "1",
  topicData: [{ topic: "out", partitions: [{ partition: 0, messages: [{ value: "v" }] }] }],
};
const holding = (one: object): ProduceFields => ({
  ...plain,
  topicData: [{ topic: "out", partitions: [{ partition: 0, messages: [{ value: "v", ...one }] }] }],
});

it.each([
  { fields: plain, taken: true, why: "a transactional request of plain records" },
  { fields: holding({ headers: {} }), taken: true, why: "headers, but none in them" },
  { fields: holding({ headers: { a: "b" } }), taken: false, why: "headers" },
  { fields: holding({ timestamp: "1" }), taken: false, why: "a time of its own" },
  { fields: { ...plain, compression: 1 }, taken: false, why: "compressed" },
  { fields: { ...plain, transactionalId: null }, taken: false, why: "not transactional" },
])("is taken: $taken, for $why", ({ fields, taken }) => {
  expect(isPlain(fields)).toBe(taken);
});

it.each([
  ["", 0],
  ["123456789", 0xe3069283],
  ["The quick brown fox jumps over the lazy dog", 0x22620404],
])("the checksum of '%s' is the published one", (text, checksum) => {
  const bytes = Buffer.from(text);
  expect(crc32c(bytes, 0, bytes.length)).toBe(checksum);
});
