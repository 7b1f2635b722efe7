import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type EventPart,
  type EventSourceIdentity,
  eventBytes,
  eventHead,
  eventSize,
  measure,
  partitionText,
} from "../../../localstack/event-source/wire.ts";
import { sourceRecords, type TestRecord, TIME } from "./kafka/record-batches.ts";

const selfManaged: EventSourceIdentity = { kind: "kafka", bootstrapServers: "b-1:9092,b-2:9092" };

function partOf(topic: string, partition: number, records: readonly TestRecord[], logAppendTime = false): EventPart {
  const part = { text: partitionText(topic, partition), records: sourceRecords(records, { logAppendTime }) };
  for (const record of part.records) measure(part.text, record);
  return part;
}

function textOf(source: EventSourceIdentity, parts: readonly EventPart[]): string {
  return eventBytes(eventHead(source), parts).toString("latin1");
}

function event(part: EventPart, source = selfManaged): unknown {
  return JSON.parse(textOf(source, [part]));
}

const sample = (name: string) =>
  JSON.parse(readFileSync(new URL(`../../../events/${name}.json`, import.meta.url), "utf8"));

describe("the event", () => {
  test.each(["msk", "self-managed"])("AWS's published sample %s is written as it is", (name) => {
    const wanted = sample(name);
    const parts = Object.values<
      { topic: string; partition: number; key?: string; value?: string; headers: Record<string, number[]>[] }[]
    >(wanted.records).map((records) => {
      const written = (records as ((typeof records)[number] & { offset: number; timestamp: number })[]).map((r) => ({
        offset: r.offset,
        timestamp: r.timestamp,
        key: r.key === undefined ? null : Buffer.from(r.key, "base64"),
        value: r.value === undefined ? null : Buffer.from(r.value, "base64"),
        headers: r.headers.flatMap((h) => Object.entries(h).map(([n, v]) => [n, Buffer.from(v)] as const)),
      }));
      return partOf(records[0]!.topic, records[0]!.partition, written);
    });
    const identity: EventSourceIdentity = {
      kind: wanted.eventSource === "aws:kafka" ? "msk" : "kafka",
      ...(wanted.eventSourceArn === undefined ? {} : { eventSourceArn: wanted.eventSourceArn }),
      bootstrapServers: wanted.bootstrapServers,
    };
    expect(JSON.parse(textOf(identity, parts))).toEqual(wanted);
  });

  test("a self-managed cluster's event has no ARN", () => {
    expect(event(partOf("t-x", 0, [{ offset: 1 }]))).toEqual({
      eventSource: "SelfManagedKafka",
      bootstrapServers: "b-1:9092,b-2:9092",
      records: {
        "t-x-0": [
          { topic: "t-x", partition: 0, offset: 1, timestamp: TIME, timestampType: "CREATE_TIME", headers: [] },
        ],
      },
    });
  });

  test.each<[string, Partial<TestRecord>, object]>([
    ["a null key and a tombstone are absent, not null", { key: null, value: null }, { headers: [] }],
    ["empty is not null", { key: Buffer.alloc(0), value: Buffer.alloc(0) }, { key: "", value: "", headers: [] }],
    ["header bytes are signed", { headers: [["name", Buffer.from("ë")]] }, { headers: [{ name: [-61, -85] }] }],
    ["a null header value is null", { headers: [["n", null]] }, { headers: [{ n: null }] }],
    [
      "a header that comes twice stays twice, in order",
      {
        headers: [
          ["a", Buffer.from("1")],
          ["b", Buffer.from("2")],
          ["a", Buffer.from("3")],
        ],
      },
      { headers: [{ a: [49] }, { b: [50] }, { a: [51] }] },
    ],
  ])("%s", (_why, record, wanted) => {
    const { records } = event(partOf("tt", 3, [{ offset: 9, ...record }])) as { records: Record<string, object[]> };
    expect(records["tt-3"]).toEqual([
      { topic: "tt", partition: 3, offset: 9, timestamp: TIME, timestampType: "CREATE_TIME", ...wanted },
    ]);
  });

  test("log append time is named", () => {
    expect(event(partOf("tt", 0, [{ offset: 1 }], true))).toMatchObject({
      records: { "tt-0": [{ timestampType: "LOG_APPEND_TIME" }] },
    });
  });

  test("a timestamp beyond 2^53, nanoseconds by mistake, is its number still", () => {
    const law = fc.property(fc.bigInt({ min: 2n ** 53n, max: 2n ** 63n - 1024n }).map(Number), (timestamp) => {
      const part = partOf("tt", 0, [{ offset: 1, timestamp }]);
      expect(event(part)).toMatchObject({ records: { "tt-0": [{ timestamp }] } });
      expect(textOf(selfManaged, [part]).length).toBe(eventSize(eventHead(selfManaged), [part]));
    });
    fc.assert(law, { numRuns: 5000 });
  });

  test("its size is known before it is written, to the byte, and it is plain ASCII", () => {
    const bytes = fc.option(fc.uint8Array({ maxLength: 100 }).map((b) => Buffer.from(b)));
    const record = fc.record({
      timestamp: fc.integer({ min: -1, max: 10 ** 13 }),
      key: bytes,
      value: bytes,
      headers: fc.array(fc.tuple(fc.string({ unit: "grapheme" }), bytes), { maxLength: 3 }),
    });
    const part = fc.tuple(fc.integer({ min: 0, max: 999 }), fc.array(record, { minLength: 1, maxLength: 5 }));
    const law = fc.property(
      fc.array(part, { minLength: 1, maxLength: 4 }),
      fc.integer({ min: 0, max: 2 ** 53 - 10 }),
      (list, base) => {
        const parts = list.map(([partition, records]) =>
          partOf(
            "a-topic",
            partition,
            records.map((r, i) => ({ ...r, offset: base + i })),
          ),
        );
        const text = textOf(selfManaged, parts);
        expect(text.length).toBe(eventSize(eventHead(selfManaged), parts));
        expect(/^[\x20-\x7e]*$/.test(text)).toBe(true);
        const read = Object.values<{ offset: number; timestamp: number; key?: string; value?: string }[]>(
          JSON.parse(text).records,
        );
        const written = new Map(list.map(([partition, records]) => [partition, records]));
        const wanted = [...written.values()].map((records) =>
          records.map(({ timestamp, key, value }, i) => [
            base + i,
            timestamp,
            key?.toString("base64"),
            value?.toString("base64"),
          ]),
        );
        expect(
          read.map((records) => records.map(({ offset, timestamp, key, value }) => [offset, timestamp, key, value])),
        ).toEqual(wanted);
      },
    );
    fc.assert(law, { numRuns: 500 });
  });
});
