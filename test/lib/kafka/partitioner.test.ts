import fc from "fast-check";
import { type Message, Partitioners } from "kafkajs";
import { expect, test } from "vitest";
import { murmur2, partitionByKey, partitionOfKey } from "../../../lib/kafka/partitioner.ts";

/** From Kafka's own UtilsTest: https://github.com/apache/kafka/blob/4.3.1/clients/src/test/java/org/apache/kafka/common/utils/UtilsTest.java */
const hashes = [
  ["21", -973932308],
  ["foobar", -790332482],
  ["a-little-bit-long-string", -985981536],
  ["a-little-bit-longer-string", -1486304829],
  ["lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971],
  ["abc", 479470107],
] as const;

test.each(hashes)("'%s' hashes as it does in Java", (key, hash) => {
  expect(murmur2(key)).toBe(hash);
  expect(murmur2(Buffer.from(key))).toBe(hash);
});

const metadata = (count: number) =>
  Array.from({ length: count }, (_, partitionId) => ({
    partitionErrorCode: 0,
    partitionId,
    leader: 1,
    replicas: [1],
    isr: [1],
  }));

test("every key goes where kafkajs's own partitioner sends it", () => {
  const theirs = Partitioners.DefaultPartitioner();
  const ours = partitionByKey(0)();
  const key = fc.oneof(fc.string({ unit: "binary" }), fc.uuid(), fc.uint8Array().map(Buffer.from));
  fc.assert(
    fc.property(key, fc.integer({ min: 1, max: 50 }), (key, count) => {
      const message: Message = { key, value: "" };
      const args = { topic: "rides", partitionMetadata: metadata(count), message };
      expect(ours(args)).toBe(theirs(args));
      expect(partitionOfKey(key, count)).toBe(theirs(args));
    }),
    { numRuns: 5_000 },
  );
});

test("records without a key stay together, by the partition they come from", () => {
  const partition = partitionByKey(7)();
  const args = { topic: "rides", partitionMetadata: metadata(3), message: { key: null, value: "" } };
  expect([partition(args), partition(args)]).toEqual([1, 1]);
});
