// Records of one's own into topics and out of them, as a person does it.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, inject, test } from "vitest";
import type { KafkaEvent } from "../../../lib/kafka/event.ts";
import { runCommand } from "../../support/command.ts";
import { freshTopic, produce } from "../../support/kafka.ts";
import { schemaRegistryUrl } from "../../support/on-demand.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "topic-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function topicCommand(args: readonly string[], { input = "", environment = {} } = {}) {
  const brokers = { KAFKA_BROKERS: inject("kafkaBrokers") };
  const { ended, output, errors } = runCommand("localstack/topic.ts", args, { ...brokers, ...environment }, input);
  return { code: await ended, output: output(), errors: errors() };
}

test("what is sent line by line is read, newest last, and listed", async () => {
  const topic = await freshTopic({ partitions: 2 });
  const sent = await topicCommand(["send", topic, "--key", "k"], { input: '{"n":1}\n\n{"n":2}\nno json\n' });
  expect(sent).toMatchObject({ code: 0, errors: "" });
  expect(sent.output).toMatch(new RegExp(`^  ${topic}-[01]@0\n  ${topic}-[01]@1\n  ${topic}-[01]@2\n  3 sent; `));

  const read = await topicCommand(["read", topic, "--limit", "2"]);
  expect(read.output.split("\n").map((line) => line.replace(/^.*@(\d+) .*Z? {2}k {2}/, "$1 "))).toEqual([
    '1 {"n":2}',
    "2 no json",
    "",
  ]);
  expect((await topicCommand(["list"])).output).toMatch(new RegExp(`  ${topic} +2 +3\n`));
});

test("headers, tombstones and bytes that are no text are shown", async () => {
  const topic = await freshTopic({ partitions: 1 });
  await produce(topic, [
    { key: null, value: null },
    { key: "k", value: Buffer.from([1, 0, 255]), headers: { reason: "schema" } },
  ]);
  const { output } = await topicCommand(["read", topic]);
  expect(output).toContain("(tombstone)");
  expect(output).toContain("k  0x0100ff\n    reason: schema\n");
  const { output: lines } = await topicCommand(["read", topic, "--json"]);
  expect(
    lines
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line)),
  ).toMatchObject([
    { topic, partition: 0, offset: 0, key: null, value: null, headers: [] },
    { topic, partition: 0, offset: 1, key: "k", value: "0x0100ff", headers: [{ reason: "schema" }] },
  ]);
});

test("records are told as the event that a function is handed", async () => {
  const topic = await freshTopic({ partitions: 1 });
  await produce(topic, [{ key: "k", value: "first", headers: { h: "x" } }]);
  const { output } = await topicCommand(["read", topic, "--event"]);
  const event: KafkaEvent = JSON.parse(output);
  expect(event).toMatchObject({ eventSource: "SelfManagedKafka", bootstrapServers: inject("kafkaBrokers") });
  const record = { topic, partition: 0, offset: 0, key: btoa("k"), value: btoa("first"), headers: [{ h: [120] }] };
  expect(event.records[`${topic}-0`]).toMatchObject([record]);
});

test("values of a schema are sent with its id and read by it; a line that does not fit it is refused by name", async () => {
  const topic = await freshTopic({ partitions: 1 });
  const file = join(folder, "price.avsc.json");
  writeFileSync(file, JSON.stringify({ type: "record", name: "Price", fields: [{ name: "cents", type: "long" }] }));
  const environment = { SCHEMA_REGISTRY_URL: await schemaRegistryUrl() };
  const input = '{"cents":12}\n{"cents":"twelve"}\n';
  const { code, output, errors } = await topicCommand(["send", topic, "--avro", file], { input, environment });
  expect(output).toContain(`${topic}-0@0\n`);
  expect(errors).toContain(`This line is no value of ${file}: {"cents":"twelve"}`);
  expect(errors).toContain("cents must be long");
  expect(errors).not.toContain("    at ");
  expect(code).toBe(1);
  expect((await topicCommand(["read", topic], { environment })).output).toContain('  {"cents":12}\n');
});

test.each([
  { typed: ["read", "no-such-topic"], told: "There is no topic 'no-such-topic'. There are: " },
  { typed: ["read"], told: "Name one topic: npm run topic -- read <topic>" },
  { typed: ["list", "rides"], told: "'list' takes no topic." },
  { typed: ["drop", "rides"], told: "There is no command 'drop'." },
])("$typed is refused", async ({ typed, told }) => {
  const { code, errors } = await topicCommand(typed);
  expect(errors).toContain(told);
  expect(errors).not.toContain("    at ");
  expect(code).toBe(1);
});
