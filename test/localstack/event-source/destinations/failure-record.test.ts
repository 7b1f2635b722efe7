import { expect, test } from "vitest";
import { batchRecord, isoTimestamp } from "../../../../localstack/event-source/destinations/failure-record.ts";
import { recordMessage } from "../../../../localstack/event-source/destinations/kafka.ts";
import { measure, partitionText } from "../../../../localstack/event-source/wire.ts";
import { sourceRecords, TIME } from "../kafka/record-batches.ts";

test.each<[string, number, string]>([
  ["milliseconds", TIME, "2026-11-20T10:00:00.000Z"],
  ["none", -1, "1969-12-31T23:59:59.999Z"],
  ["the last that a Date can say", 8.64e15, "+275760-09-13T00:00:00.000Z"],
  ["nanoseconds by mistake", 1_763_700_000_000_000_000, "+275760-09-13T00:00:00.000Z"],
  ["Kafka's smallest", Number(-(2n ** 63n)), "-271821-04-20T00:00:00.000Z"],
])("a failure record has a time for any timestamp: %s", (_why, timestamp, time) => {
  const records = sourceRecords([{ offset: 7, timestamp }]);
  expect(isoTimestamp(records[0]!)).toBe(time);

  const text = partitionText("orders", 0);
  measure(text, records[0]!);
  const context = {
    functionArn: "arn",
    source: { kind: "kafka", bootstrapServers: "b:9092" },
    now: () => TIME,
    switches: { "exhausted-condition": "RetriesExhausted" },
  } as const;
  const about = { condition: "RetryAttemptsExhausted", invokes: 1, requestId: "id" } as const;
  const discard = { ...about, portions: [{ key: text.key, records }] };
  const range = { firstRecordTimestamp: time, lastRecordTimestamp: time };
  expect(batchRecord(discard, 1, context)).toMatchObject({ KafkaBatchInfo: { recordsInfo: { [text.key]: range } } });
  expect(JSON.parse(recordMessage(records[0]!, { discard: about, text, context }))).toMatchObject({
    KafkaBatchInfo: { recordInfo: { timestamp: time } },
    payload: { records: { [text.key]: [{ timestamp }] } },
  });
});
