import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { z } from "zod";
import { FencedError } from "../../../lib/errors.ts";
import { type Consumer, consume } from "../../../lib/kafka/consume.ts";
import { deadLetter } from "../../../lib/kafka/dead-letter.ts";
import type { WireRecord } from "../../../lib/kafka/event.ts";
import type { SideOutput, SideRecord } from "../../../lib/kafka/side-output.ts";
import type { Batch } from "../../../lib/kafka/source.ts";
import { kafkaEvent, wireRecord } from "../../support/kafka-event.ts";

const Input = z.object({ n: z.int() });
type Input = z.infer<typeof Input>;

const record = (partition: number, offset: number, value: unknown = { n: offset }) =>
  wireRecord({ topic: "numbers", partition }, { offset, value, key: `k${offset}` });

/** What a run did, in the order in which it did it. */
interface Run {
  readonly steps: string[];
  readonly batches: Batch<Input>[];
  readonly aside: SideRecord[];
  readonly consumer: Consumer<Input>;
}

function run(changes: Partial<Consumer<Input>> = {}): Run {
  const steps: string[] = [];
  const batches: Batch<Input>[] = [];
  const aside: SideRecord[] = [];
  const poison: SideOutput = {
    topic: "numbers_dlq",
    async publish({ partition }, items) {
      steps.push(`aside ${partition}:${items.map(({ record }) => record.offset)}`);
      aside.push(...items);
    },
    async refresh() {},
  };
  const process = async (batch: Batch<Input>) => {
    steps.push(`process ${batch.partition}:${batch.records.map(({ offset }) => offset)}`);
    batches.push(batch);
  };
  return { steps, batches, aside, consumer: { input: Input, poison, process, ...changes } };
}

let lines: string[];

beforeEach(() => {
  lines = [];
  for (const output of [process.stdout, process.stderr]) {
    vi.spyOn(output, "write").mockImplementation((line) => lines.push(String(line)) > 0);
  }
});

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

const failOn =
  (...partitions: number[]) =>
  async ({ partition }: Batch<Input>) => {
    if (partitions.includes(partition)) throw new Error(`store down for ${partition}`);
  };

const items = (...records: WireRecord[]) =>
  records.map(({ partition, offset }) => ({ itemIdentifier: { partition: `numbers-${partition}`, offset } }));

test("each partition is one batch, in offset order", async () => {
  const { consumer, batches } = run();
  await consume(consumer)(kafkaEvent([record(0, 5), record(0, 6), record(0, 9)], [record(1, 2)]));
  expect(
    batches.map(({ topic, partition, firstOffset, lastOffset, records }) => ({
      topic,
      partition,
      firstOffset,
      lastOffset,
      values: records.map(({ value }) => value.n),
    })),
  ).toEqual([
    { topic: "numbers", partition: 0, firstOffset: 5, lastOffset: 9, values: [5, 6, 9] },
    { topic: "numbers", partition: 1, firstOffset: 2, lastOffset: 2, values: [2] },
  ]);
});

test("records that come in another order, or twice, are put right", async () => {
  const { consumer, steps } = run();
  await consume(consumer)(kafkaEvent([record(0, 3), record(0, 1), record(0, 3), record(0, 2)]));
  expect(steps).toEqual(["process 0:1,2,3"]);
});

test("partitions run side by side: one that waits for another does not wait for ever", async () => {
  const second = Promise.withResolvers<void>();
  const { consumer } = run({ process: async ({ partition }) => (partition === 0 ? second.promise : second.resolve()) });
  await consume(consumer)(kafkaEvent([record(0, 0)], [record(1, 0)]));
});

test("a record that is sent again keeps its origin in the dead letters, and its attempt is counted", () => {
  const at = { topic: "numbers", partition: 0 };
  const poison = (headers: readonly (readonly [string, string])[]) =>
    deadLetter({ record: wireRecord(at, { offset: 9, value: "{", headers }), reason: "not-json", message: "" }).headers;
  const again = poison([
    ["origin", "numbers/1/2"],
    ["attempt", "3"],
  ]);
  expect(again).toMatchObject({ "dead-letter.attempt": "3" });
  expect(again).not.toHaveProperty("origin");
  const nonsense = poison([
    ["origin", "somewhere"],
    ["attempt", "many"],
  ]);
  expect(nonsense).toMatchObject({ "dead-letter.attempt": "1", origin: "numbers/0/9" });
});

test("poison leaves for the dead letters with its origin and reason, and the rest is processed", async () => {
  const { consumer, steps, aside, batches } = run();
  const tombstone = record(0, 4, null);
  const broken = record(0, 6, "{");
  await consume(consumer)(kafkaEvent([tombstone, record(0, 5), broken, record(0, 7, { n: "x" })]));
  expect(steps).toEqual(["aside 0:4,6,7", "process 0:5"]);
  expect(batches[0]).toMatchObject({ firstOffset: 4, lastOffset: 7 });
  expect(aside[1]?.record).toBe(broken);
  expect(aside.map(({ headers }) => headers)).toEqual([
    {
      "dead-letter.topic": "numbers",
      "dead-letter.partition": "0",
      "dead-letter.offset": "4",
      "dead-letter.timestamp": String(tombstone.timestamp),
      "dead-letter.reason": "tombstone",
      "dead-letter.message": "the record has no value",
      "dead-letter.attempt": "1",
      "dead-letter.time": expect.stringMatching(/^\d{4}-.*Z$/),
      origin: "numbers/0/4",
    },
    expect.objectContaining({ "dead-letter.reason": "not-json" }),
    expect.objectContaining({ "dead-letter.reason": "schema", "dead-letter.message": "n: expected number" }),
  ]);
});

test("a record that is refused although it is valid is poison too", async () => {
  const { consumer, steps, aside } = run({
    accept: ({ n }, { timestamp }) => (n > timestamp ? { reason: "far-future", message: "too far" } : undefined),
  });
  await consume(consumer)(kafkaEvent([record(0, 1), record(0, 2, { n: 9e15 })]));
  expect(steps).toEqual(["aside 0:2", "process 0:1"]);
  expect(aside[0]?.headers["dead-letter.reason"]).toBe("far-future");
});

test("a batch of poison alone is processed with no records, so that its offsets are known", async () => {
  const { consumer, batches } = run();
  await consume(consumer)(kafkaEvent([record(0, 1, null), record(0, 2, null)]));
  expect(batches).toMatchObject([{ firstOffset: 1, lastOffset: 2, records: [] }]);
});

test("without partial responses one failed partition fails the whole event, and names it", async () => {
  const { consumer } = run({ process: failOn(1) });
  const event = kafkaEvent([record(0, 0)], [record(1, 0)], [record(2, 0)]);
  await expect(consume(consumer)(event)).rejects.toThrow("1 of 3 partitions failed (numbers-1): store down for 1");
});

test("without partial responses success answers nothing", async () => {
  expect(await consume(run().consumer)(kafkaEvent([record(0, 0)]))).toBeUndefined();
});

test("where partial responses are read, a failed partition is answered as all its records, never with a hole", async () => {
  vi.stubEnv("PARTIAL_BATCH_RESPONSES", "true");
  const { consumer } = run({ process: failOn(1, 2) });
  const failing = [record(1, 7), record(1, 8, "poison"), record(1, 12)];
  const answer = await consume(consumer)(kafkaEvent([record(0, 0)], failing, [record(2, 3)]));
  expect(answer).toEqual({ batchItemFailures: items(...failing, record(2, 3)) });
});

test("where partial responses are read, success answers an empty list", async () => {
  vi.stubEnv("PARTIAL_BATCH_RESPONSES", "true");
  expect(await consume(run().consumer)(kafkaEvent([record(0, 0)]))).toEqual({ batchItemFailures: [] });
});

test("when every partition fails it still answers, so that an outage does not have the batch bisected", async () => {
  vi.stubEnv("PARTIAL_BATCH_RESPONSES", "true");
  const { consumer } = run({ process: failOn(0, 1) });
  const answer = await consume(consumer)(kafkaEvent([record(0, 0)], [record(1, 0)]));
  expect(answer).toEqual({ batchItemFailures: items(record(0, 0), record(1, 0)) });
});

test("when poison can't be set aside, the partition fails and nothing of it is processed", async () => {
  vi.stubEnv("PARTIAL_BATCH_RESPONSES", "true");
  const down = async () => {
    throw new Error("broker down");
  };
  const { consumer, steps } = run();
  const failing = [record(0, 0), record(0, 1, null)];
  const answer = await consume({ ...consumer, poison: { ...consumer.poison, publish: down } })(
    kafkaEvent(failing, [record(1, 0)]),
  );
  expect(answer).toEqual({ batchItemFailures: items(...failing) });
  expect(steps).toEqual(["process 1:0"]);
});

test("PARTIAL_BATCH_RESPONSES is true or false", () => {
  vi.stubEnv("PARTIAL_BATCH_RESPONSES", "yes");
  expect(() => consume(run().consumer)).toThrow(/must be true or false: got "yes"/);
});

const notEvents = [
  { event: undefined, got: "got undefined" },
  { event: null, got: "got object" },
  { event: "text", got: "got string" },
  { event: {}, got: "got an object with nothing in it" },
  { event: { Records: [{ eventSource: "aws:sqs" }] }, got: "got an object with the properties Records" },
  { event: { eventSource: "aws:kafka", records: { "t-0": "x" } }, got: "the properties eventSource, records" },
];

test.each(notEvents)("an event that is not from Kafka is refused by name: $got", async ({ event, got }) => {
  await expect(consume(run().consumer)(event)).rejects.toThrow(got);
});

test("an event without records is a success", async () => {
  const event = { eventSource: "aws:kafka", bootstrapServers: "b:9092", records: { "numbers-0": [] } };
  expect(await consume(run().consumer)(event)).toBeUndefined();
});

test("one line an event and one a poison record, none with a payload", async () => {
  const { consumer } = run();
  const process = async ({ partition }: Batch<Input>) => ({ rows: partition });
  const bad = record(0, 2, { n: "cpf 123.456.789-09" });
  await consume({ ...consumer, process })(kafkaEvent([record(0, 1), bad], [record(3, 8)]));
  const [poison, batch, ...more] = lines.map((line) => JSON.parse(line));
  expect(more).toEqual([]);
  expect(poison).toMatchObject({
    level: "WARN",
    message: "poison",
    topic: "numbers",
    partition: 0,
    offset: 2,
    reason: "schema",
    deadLetters: "numbers_dlq",
  });
  expect(batch).toMatchObject({
    message: "batch",
    partitions: ["numbers-0@1-2", "numbers-3@8-8"],
    records: [1, 1],
    records_poison: [1, 0],
    allRecords: 2,
    rows: [0, 3],
    _aws: { CloudWatchMetrics: [{ Metrics: expect.arrayContaining([{ Name: "records", Unit: "Count" }]) }] },
  });
  expect(lines.join("")).not.toContain("123.456.789-09");
});

test("a failed batch is an error in the log; one that a newer instance took over is not", async () => {
  const fenced = async ({ partition }: Batch<Input>) => {
    throw partition === 0 ? new FencedError("taken over") : new Error("store down");
  };
  await expect(
    consume(run({ process: fenced }).consumer)(kafkaEvent([record(0, 1)], [record(1, 1)])),
  ).rejects.toThrow();
  expect(lines.map((line) => JSON.parse(line)).map(({ level, message }) => [level, message])).toEqual([
    ["WARN", "batch left to a newer instance"],
    ["ERROR", "batch failed"],
    [undefined, "failures"],
  ]);
  // What an alarm sees, also where the failure is answered: a newer instance's batch is none.
  expect(JSON.parse(lines[2]!)).toMatchObject({ batches_failed: 1 });
});
