import fc from "fast-check";
import { Partitioners } from "kafkajs";
import { expect, it } from "vitest";
import { partitionOfKey } from "../../../localstack/traffic/partitioner.ts";

it("every key goes where kafkajs's and Java's default partitioner sends it", () => {
  const partitioner = Partitioners.DefaultPartitioner();
  fc.assert(
    fc.property(
      fc.oneof(fc.string({ unit: "binary" }), fc.uuid()),
      fc.integer({ min: 1, max: 64 }),
      (key, partitions) => {
        const partitionMetadata = Array.from({ length: partitions }, (_, partitionId) => ({
          partitionId,
          partitionErrorCode: 0,
          leader: 0,
          replicas: [],
          isr: [],
        }));
        const theirs = partitioner({ topic: "any", partitionMetadata, message: { key, value: null } });
        expect(partitionOfKey(key, partitions)).toBe(theirs);
      },
    ),
    { numRuns: 2000 },
  );
});
