// Against the shared broker: every fate that a record may have is told as it was.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Kafka, logLevel } from "kafkajs";
import { afterAll, afterEach, describe, expect, test } from "vitest";
import { parseFaults } from "../../../../localstack/event-source/faults.ts";
import { linesOf } from "../../../../localstack/event-source/observe/explain.ts";
import { storyOf } from "../../../../localstack/event-source/observe/story.ts";
import { tell } from "../../../../localstack/event-source/observe/tell.ts";
import { endOffsets } from "../../../support/end-offsets.ts";
import { freshTopic, produce } from "../../../support/kafka.ts";
import { until } from "../../../support/until.ts";
import { brokers, committed, RecordingInvoker, recordsOf, run, stopAll, textOf } from "../running.ts";

const folder = mkdtempSync(join(tmpdir(), "journal-"));
let journals = 0;

afterEach(stopAll);
afterAll(() => rmSync(folder, { recursive: true }));

const group = (id: string) => ({ SelfManagedKafkaEventSourceConfig: { ConsumerGroupId: id } });
const provisioned = { ProvisionedPollerConfig: { MinimumPollers: 1 } };
const values = (count: number) => Array.from({ length: count }, (_, i) => ({ value: String(i) }));
const newJournal = () => join(folder, `${journals++}.jsonl`);

/** What is told of a record of partition 0: a string a line, the verdicts last in their paragraphs. */
function told(journal: string, topic: string, offset: number, partition = 0): string[] {
  const story = storyOf({ topic, partition, offset }, linesOf(journal));
  return tell(story).flatMap(({ lines, verdict }) => [...lines.map(({ text }) => text), verdict]);
}

const committedTo = (journal: string, offset: number) =>
  until(() => linesOf(journal).some((line) => line.kind === "committed" && line.to[0] === offset), `commit ${offset}`);
const written = (journal: string, kind: string) =>
  until(() => linesOf(journal).some((line) => line.kind === kind), `a line '${kind}'`);

/** One partition with these values, worked through to the end; the journal is complete. */
async function worked(
  records: readonly { readonly value: string | Buffer; readonly timestamp?: string }[],
  options: Omit<Parameters<typeof run>[0], "topic">,
): Promise<{ readonly topic: string; readonly journal: string }> {
  const topic = await freshTopic({ partitions: 1, maxMessageBytes: 8_000_000 });
  for (const record of records) await produce(topic, [record]);
  const journal = newJournal();
  await run({ topic, journal, ...options, settings: { ...options.settings, ...group(topic) } });
  await committedTo(journal, records.length);
  await stopAll();
  return { topic, journal };
}

describe("a record's fate", () => {
  test("processed the first time: its batch, its request, its commit", async () => {
    const { topic, journal } = await worked(values(3), { invoker: new RecordingInvoker() });
    expect(told(journal, topic, 1)).toEqual([
      "read from Kafka, with offsets 0 to 2",
      `put into a batch of 3 records (partition 0: 0 to 2), closed because its batching window ended`,
      expect.stringMatching(/^sent for the 1st time, 3 records .*, \d+ bytes$/),
      expect.stringMatching(/^the function succeeded after 1 ms \(request [0-9a-f-]{36}\)$/),
      "committed: the group goes on from 3",
      expect.stringMatching(/^Processed the first time it was sent\. Committed [\d.]+ m?s after it was read\.$/),
    ]);
  });

  test("filtered out, by which patterns; its neighbour was not", async () => {
    const kinds = ["a", "b", "c"].map((kind) => ({ value: JSON.stringify({ kind }) }));
    const patterns = ['{"value":{"kind":["a"]}}', '{"value":{"kind":["c"]}}'];
    const settings = { FilterCriteria: { Filters: patterns.map((Pattern) => ({ Pattern })) } };
    const { topic, journal } = await worked(kinds, { invoker: new RecordingInvoker(), settings });
    expect(told(journal, topic, 1)).toEqual([
      `read from Kafka, with offsets 0 to 2; none of the filter patterns ${patterns.join(" or ")} lets it pass`,
      "committed: the group goes on from 3",
      expect.stringMatching(/^Filtered out: the function never saw it\. Committed /),
    ]);
    expect(told(journal, topic, 2).at(-1)).toContain("Processed the first time");
  });

  test("retried and then processed: every answer with its error and wait", async () => {
    const invoker = new RecordingInvoker((_event, attempt) =>
      attempt === 1 ? { kind: "function-error" } : attempt === 2 ? { kind: "not-delivered" } : { kind: "success" },
    );
    const { topic, journal } = await worked(values(1), { invoker });
    const lines = told(journal, topic, 0);
    expect(lines[3]).toMatch(/^the function failed after 1 ms \(request .*\): Error: told to fail; again in 20 ms$/);
    expect(lines[5]).toBe("did not reach the function: throttled; not counted as a retry; again in 40 ms");
    expect(lines.at(-1)).toMatch(/^Processed, sent 3 times\. Committed /);
  });

  test("bisected until it was found, then at the destination; its neighbours were processed", async () => {
    const failed = await freshTopic({ partitions: 1 });
    const invoker = new RecordingInvoker((event) => ({
      kind: recordsOf(event).map(textOf).includes("1") ? "function-error" : "success",
    }));
    const settings = {
      ...provisioned,
      BisectBatchOnFunctionError: true,
      MaximumRetryAttempts: 0,
      DestinationConfig: { OnFailure: { Destination: `kafka://${failed}` } },
    };
    const topic = await freshTopic({ partitions: 1 });
    await produce(topic, values(4));
    const journal = newJournal();
    await run({ topic, journal, invoker, settings: { ...settings, ...group(topic) } });
    await committedTo(journal, 4);
    const lines = told(journal, topic, 1);
    expect(
      lines.filter((text) => text.startsWith("sent")).map((text) => /time, (\d+ records?)/.exec(text)?.[1]),
    ).toEqual(["4 records", "2 records", "1 record"]);
    expect(lines[3]).toContain("Error: told to fail; the batch is split in two, the first half goes in 20 ms");
    expect(lines).toContain(
      `given up (RetryAttemptsExhausted): its retries are used up, after 3 invocations; sent to kafka://${failed}`,
    );
    expect(lines.at(-1)).toMatch(/^Not processed: it is at the failure destination\. Committed /);
    expect(told(journal, topic, 0).at(-1)).toMatch(/^Processed, sent 3 times\./);
    expect(told(journal, topic, 3).at(-1)).toMatch(/^Processed, sent 2 times\./);
  });

  test("a partial response: the record that it lists, and one that it does not", async () => {
    const topic = await freshTopic({ partitions: 1 });
    await produce(topic, values(3));
    const failing = { itemIdentifier: { partition: `${topic}-0`, offset: 1 } };
    const invoker = new RecordingInvoker((_event, attempt) => ({
      kind: "success",
      response: { batchItemFailures: attempt === 1 ? [failing] : [] },
    }));
    const journal = newJournal();
    const settings = { ...provisioned, FunctionResponseTypes: ["ReportBatchItemFailures"], ...group(topic) };
    await run({ topic, journal, invoker, settings });
    await committedTo(journal, 3);
    const lines = told(journal, topic, 1);
    expect(lines[3]).toMatch(
      /^the function's partial batch response after 1 ms .* lists this record as failed; again in 20 ms$/,
    );
    expect(lines.at(-1)).toMatch(/^Processed, sent 2 times\./);
    const neighbour = told(journal, topic, 2);
    expect(neighbour[3]).toMatch(
      /^the function succeeded with this record .*; others of the batch failed and hold up the commit$/,
    );
    expect(neighbour.at(-1)).toMatch(/^Processed the first time it was sent\./);
  });

  test("dropped, when there is no destination and when there is one that takes nothing", async () => {
    const failing = new RecordingInvoker(() => ({ kind: "function-error" }));
    const settings = { ...provisioned, MaximumRetryAttempts: 0 };
    const without = await worked(values(1), { invoker: failing, settings });
    expect(told(without.journal, without.topic, 0)).toContain(
      "given up (RetryAttemptsExhausted): its retries are used up, after 1 invocation; dropped, for the mapping has no failure destination",
    );
    const nowhere = { DestinationConfig: { OnFailure: { Destination: "kafka://no-such-topic" } } };
    const refused = await worked(values(1), { invoker: failing, settings: { ...settings, ...nowhere } });
    const lines = told(refused.journal, refused.topic, 0);
    expect(lines.find((text) => text.startsWith("given up"))).toContain(
      "; dropped, for kafka://no-such-topic did not take it: ",
    );
    expect(lines.at(-1)).toContain("Not processed, and kept nowhere else: it is only in its own topic. Committed ");
  });

  test("too old, and too large for any event: never sent", async () => {
    const old = await worked([{ value: "0", timestamp: "1760000000000" }], {
      invoker: new RecordingInvoker(),
      settings: { ...provisioned, MaximumRecordAgeInSeconds: 60 },
    });
    const aged = told(old.journal, old.topic, 0);
    expect(aged[2]).toContain("given up (RecordAgeExceeded): it is older than MaximumRecordAgeInSeconds; dropped");
    expect(aged.some((text) => text.startsWith("sent"))).toBe(false);
    const large = await worked([{ value: "0" }, { value: Buffer.alloc(4_800_000) }], {
      invoker: new RecordingInvoker(),
    });
    expect(told(large.journal, large.topic, 1)[2]).toContain(
      "given up (MaximumPayloadSizeExceeded): no event of 6 MB can carry it",
    );
    expect(told(large.journal, large.topic, 0).at(-1)).toContain("Processed the first time");
  });

  test("a duplicate and a crash on purpose are said to be", async () => {
    const faults = parseFaults("duplicate=1");
    const twice = await worked(values(1), { invoker: new RecordingInvoker(), faults });
    const lines = told(twice.journal, twice.topic, 0);
    expect(lines[2]).toBe("on purpose: duplicate");
    expect(lines[4]).toMatch(/^the function succeeded after .*; it is invoked once more, on purpose$/);
    expect(lines.at(-1)).toMatch(/^Processed, sent 2 times\./);
    const settings = { ...provisioned, MaximumRetryAttempts: 0 };
    const crashing = { invoker: new RecordingInvoker(), faults: parseFaults("crash=1"), settings };
    const crashed = await worked(values(1), crashing);
    const answers = told(crashed.journal, crashed.topic, 0);
    expect(answers[2]).toBe("on purpose: crash");
    expect(answers[4]).toMatch(
      /^the function failed after .*: Runtime\.ExitError: .* \(on purpose\); there is no attempt left$/,
    );
  });
});

describe("a record that is not done", () => {
  test("waits behind a batch that fails, and is told which and why", async () => {
    const topic = await freshTopic({ partitions: 1 });
    await produce(topic, values(4));
    const invoker = new RecordingInvoker(() => ({ kind: "function-error" }));
    const journal = newJournal();
    await run({ topic, journal, invoker, settings: { BatchSize: 2, ...group(topic) } });
    await until(() => invoker.events.length > 2);
    await written(journal, "answered");
    expect(told(journal, topic, 0).at(-1)).toMatch(
      /^Not settled yet: sent \d+ times so far\. Its offset was not committed here\.$/,
    );
    expect(told(journal, topic, 3).at(-1)).toMatch(
      /^Not in a batch yet: its partition is busy with offsets 0 to 1, sent \d+ times so far; last Error: told to fail\.$/,
    );
  });

  test("was never seen: beyond the end, before the start, no such partition, no such topic", async () => {
    const topic = await freshTopic({ partitions: 1 });
    await produce(topic, values(2));
    const journal = newJournal();
    await run({
      topic,
      journal,
      invoker: new RecordingInvoker(),
      settings: { StartingPosition: "LATEST", ...group(topic) },
    });
    await produce(topic, values(2));
    await committedTo(journal, 4);
    expect(told(journal, topic, 4)[0]).toContain(
      "It was not read yet: its partition was read up to offset 3. The journal begins at ",
    );
    expect(told(journal, topic, 1)[0]).toContain("It lies before offset 2, where reading began: ");
    expect(told(journal, topic, 0, 7)[0]).toContain(
      `Partition 7 of '${topic}' was never given to this event source, only 0`,
    );
    expect(told(journal, "nobody", 0)[0]).toContain(`No mapping in the journal reads 'nobody': there are ${topic}.`);
  });

  test("is a transaction's marker", async () => {
    const topic = await freshTopic({ partitions: 1 });
    const producer = new Kafka({ brokers: brokers(), logLevel: logLevel.NOTHING }).producer({
      transactionalId: topic,
      maxInFlightRequests: 1,
      idempotent: true,
    });
    await producer.connect();
    const transaction = await producer.transaction();
    await transaction.send({ topic, messages: [{ value: "0" }] });
    await transaction.commit();
    await producer.disconnect();
    // The marker reaches the partition a moment after the commit was answered.
    await until(async () => (await endOffsets(brokers()[0]!, topic, 1))[0] === 2);
    await produce(topic, [{ value: "after" }]);
    const journal = newJournal();
    await run({ topic, journal, invoker: new RecordingInvoker(), settings: group(topic) });
    await committedTo(journal, 3);
    expect(told(journal, topic, 1)[0]).toContain(
      "No record is at this offset for a reader: it is a transaction's marker",
    );
    expect(told(journal, topic, 2).at(-1)).toContain("Processed the first time");
  });
});

describe("a record that was read more than once", () => {
  test("stopped in the middle of retries and started again: two readings, the second one settles it", async () => {
    const topic = await freshTopic({ partitions: 1 });
    await produce(topic, values(1));
    const journal = newJournal();
    const failing = new RecordingInvoker(() => ({ kind: "function-error" }));
    await run({ topic, journal, invoker: failing, settings: group(topic) });
    await until(() => failing.events.length > 1);
    await stopAll();
    await run({ topic, journal, invoker: new RecordingInvoker(), settings: group(topic) });
    await committedTo(journal, 1);
    const lines = told(journal, topic, 0);
    expect(lines).toContain("the event source was told to stop");
    expect(
      lines.filter((text) => /^Not settled yet: .*Read again, for its offset had not been committed\.$/.test(text))
        .length,
    ).toBe(1);
    expect(lines.at(-1)).toMatch(/^Processed the first time it was sent\. Committed /);
  });

  test("two members of a group: the one that loses the partition says so", async () => {
    const topic = await freshTopic({ partitions: 2 });
    await produce(topic, [
      { value: "0", partition: 0 },
      { value: "1", partition: 1 },
    ]);
    const journal = newJournal();
    const failing = new RecordingInvoker(() => ({ kind: "function-error" }));
    await run({ topic, journal, invoker: failing, settings: group(topic) });
    await until(() => failing.events.length > 1);
    await run({ topic, journal, invoker: new RecordingInvoker(), settings: group(topic) });
    await until(async () => (await committed(topic, topic)).some((offset) => offset === 1), "a commit");
    const moved = (await committed(topic, topic)).indexOf(1);
    for (const kind of ["committed", "lost"]) await written(journal, kind);
    const lines = told(journal, topic, 0, moved);
    expect(lines).toContain("the partition went to another member of the group, or its topic was made anew");
    expect(lines.join("\n")).toContain(
      "Not settled here: the partition's new member reads it again. Read again, for its offset had not been committed.",
    );
    expect(lines.at(-1)).toMatch(/^Processed the first time it was sent\. Committed /);
  });
});
