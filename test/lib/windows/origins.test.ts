// A record that is sent again counts once, under whatever offsets it comes.

import { describe, expect, it } from "vitest";
import { DecodedRecord } from "../../../lib/kafka/record.ts";
import type { Batch, Decoded } from "../../../lib/kafka/source.ts";
import { memoryOrigins, onceByOrigin } from "../../../lib/windows/origins.ts";
import { wireRecord } from "../../support/kafka-event.ts";
import { originsSuite } from "./origins-suite.ts";

describe("origins in memory", () => {
  const origins = memoryOrigins();
  originsSuite(() => origins);
});

const source = { topic: "orders", partition: 0 };

/** A batch of records with these origins, from an offset on. */
function batchOf(firstOffset: number, origins: readonly (string | undefined)[]): Batch<string> {
  const records = origins.map((origin, at): Decoded<string> => {
    const headers = origin === undefined ? [] : ([["origin", origin]] as const);
    return new DecodedRecord(
      wireRecord(source, { offset: firstOffset + at, value: "", headers }),
      `r${firstOffset + at}`,
    );
  });
  const lastOffset = firstOffset + records.length - 1;
  return { ...source, firstOffset, lastOffset, records, wire: records.map(({ wire }) => wire) };
}

function counter() {
  const counted: string[] = [];
  const process = async ({ records }: Batch<string>) => void counted.push(...records.map(({ value }) => value));
  return { counted, process: onceByOrigin(process, memoryOrigins()) };
}

describe("a record that is sent again", () => {
  it("counts once, though it comes under two offsets, in one batch or another", async () => {
    const { counted, process } = counter();
    await process(batchOf(10, [undefined, "orders/0/3", "orders/0/4", "orders/0/3"]));
    await process(batchOf(14, ["orders/0/4", "orders/0/5"]));
    expect(counted).toEqual(["r10", "r11", "r12", "r15"]);
  });

  it("counts in every delivery of the batch that it counted in", async () => {
    const { counted, process } = counter();
    const batch = batchOf(10, ["orders/0/3", "orders/0/3"]);
    await process(batch);
    await process(batch);
    expect(counted).toEqual(["r10", "r10"]);
  });

  it("is one of its own where its header names no place", async () => {
    const { counted, process } = counter();
    await process(batchOf(10, ["nowhere", "nowhere"]));
    expect(counted).toEqual(["r10", "r11"]);
  });

  it("leaves the batch's offsets as they are", async () => {
    const seen: Batch<string>[] = [];
    const batch = batchOf(10, ["orders/0/3", "orders/0/3"]);
    await onceByOrigin(async (one: Batch<string>) => void seen.push(one), memoryOrigins())(batch);
    expect(seen[0]).toMatchObject({ firstOffset: 10, lastOffset: 11, wire: batch.wire });
  });
});
