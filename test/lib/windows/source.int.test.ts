// What the broker says of a source topic: a tail of transaction markers is known for what it is, and nothing else is taken for one.

import { afterAll, beforeAll, expect, it } from "vitest";
import { kafkaSource, type SourceTopic } from "../../../lib/windows/source.ts";
import { freshTopic, kafkaClient, produce } from "../../support/kafka.ts";
import { until } from "../../support/until.ts";

let topic: string;
let source: SourceTopic;

beforeAll(async () => {
  topic = await freshTopic({ partitions: 3, name: "markers" });
  source = kafkaSource(kafkaClient(), topic, `probe-${topic}`);
  const producer = kafkaClient().producer({ transactionalId: `tx-${topic}`, idempotent: true, maxInFlightRequests: 1 });
  await producer.connect();
  for (const value of ["a", "b"]) {
    const transaction = await producer.transaction();
    await transaction.send({ topic, messages: [{ partition: 0, value }] });
    await transaction.commit();
  }
  const given = await producer.transaction();
  await given.send({ topic, messages: [{ partition: 2, value: "given up" }] });
  await given.abort();
  await producer.disconnect();
  await produce(topic, [{ partition: 1, value: "plain" }]);
});
afterAll(() => source.close());

it("a topic written by transactions ends past its last record", async () => {
  // a, marker, b, marker
  const isSettled = async () => (await source.offsets()).find(({ partition }) => partition === 0)?.endOffset === 4;
  await until(isSettled, "the second marker");
  expect((await source.offsets()).toSorted((a, b) => a.partition - b.partition)).toEqual([
    { partition: 0, lowOffset: 0, endOffset: 4 },
    { partition: 1, lowOffset: 0, endOffset: 1 },
    { partition: 2, lowOffset: 0, endOffset: 2 },
  ]);
});

it.each([
  { partition: 0, from: 3, end: 4, only: true, why: "after the last record there is its marker" },
  { partition: 0, from: 1, end: 4, only: false, why: "between two markers there is a record" },
  { partition: 0, from: 0, end: 4, only: false, why: "everything is unread" },
  { partition: 2, from: 0, end: 2, only: true, why: "what was aborted is shown to no reader of committed records" },
  { partition: 1, from: 0, end: 1, only: false, why: "a plain record is no marker" },
])("$why", async ({ partition, from, end, only }) => {
  // What could not be read in time is not taken for markers, and looked at again.
  await until(async () => (await source.onlyMarkers(partition, from, end)) === only, "the answer");
});
