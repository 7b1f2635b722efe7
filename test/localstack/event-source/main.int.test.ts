// The program, as users and chaos start it: ready line, status, Ctrl-C, kill -9.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { anyFreePort } from "../../../localstack/services/port.ts";
import { freshTopic, produce } from "../../support/kafka.ts";
import { startLambdaApi } from "../../support/lambda-api.ts";
import { isRunning } from "../../support/processes.ts";
import { until } from "../../support/until.ts";
import { kafkaMapping, writeFixture } from "./fixture.ts";
import { fixture, isReady, start } from "./program.ts";
import { brokers, committed, numbered } from "./running.ts";

describe("the event source as a program", () => {
  test("says what it carries out, when it is ready, and how it goes; ends well on SIGTERM", async () => {
    const topic = await freshTopic({ partitions: 3 });
    const { args, seen, folder } = fixture(topic);
    const files = { status: join(folder, "status.jsonl"), metrics: join(folder, "metrics.jsonl") };
    const asked = ["--status-file", files.status, "--metrics", files.metrics, "--prometheus", "0"];
    const program = start([...args, "--status", ...asked, "--switch", "on-demand-invocations=1"]);
    await until(() => isReady(program));
    expect(program.errors()).toContain(
      `M: ${topic} → CountLambdaFunction (on-demand, batch 100, window 500 ms, from TRIM_HORIZON`,
    );
    expect(program.errors()).toContain("Switch on-demand-invocations=1 (5 when not said): AWS leaves it open");
    await produce(topic, numbered(0, 30));
    await until(() => seen().length === 30);
    const statuses = () => program.lines.slice(1).map((line) => JSON.parse(line));
    await until(() => statuses().some(({ mappings }) => mappings[0].counters.committedEventCount === 30));
    expect(statuses().at(-1)).toMatchObject({
      mappings: [{ logicalId: "M", topic, inFlight: 0, lag: 0 }],
      environments: [{ functionName: "fixture-dev-count", pid: expect.any(Number) }],
    });
    const { prometheus } = JSON.parse(program.lines[0]!);
    expect(await (await fetch(prometheus)).text()).toContain(
      'aws_lambda_invocations_total{function="fixture-dev-count"}',
    );
    program.child.kill("SIGTERM");
    expect(await program.ended).toBe(0);
    expect(JSON.parse(readFileSync(files.status, "utf8").split("\n")[0]!)).toHaveProperty("mappings");
    expect(readFileSync(files.metrics, "utf8")).toContain('"metrics":{"OffsetLag":0}');
    expect(await committed(topic, topic)).toEqual([10, 10, 10]);
    const pids = new Set(seen().map((line) => Number(line.split(" ")[0])));
    expect([...pids].filter(isRunning)).toEqual([]);
  });

  test("on SIGINT what is in flight finishes and is committed", async () => {
    const topic = await freshTopic({ partitions: 1 });
    const { args, seen, holding, release } = fixture(topic);
    const program = start([...args, ...holding]);
    await until(() => isReady(program));
    await produce(topic, [{ value: "0" }, { value: "1" }]);
    await until(() => seen().length === 2);
    program.child.kill("SIGINT");
    release();
    expect(await program.ended).toBe(0);
    expect(await committed(topic, topic)).toEqual([2]);
  });

  test("killed, it leaves no environment behind, and the next one goes on from the last commit", async () => {
    const topic = await freshTopic({ partitions: 1 });
    const { args, seen, holding } = fixture(topic, { BatchSize: 10 });
    const first = start(args);
    await until(() => isReady(first));
    await produce(
      topic,
      numbered(0, 30).map((record) => ({ ...record, partition: 0 })),
    );
    await until(async () => (await committed(topic, topic))[0] === 30);
    const hanging = start([...args, ...holding]);
    first.child.kill("SIGKILL");
    await until(() => isReady(hanging), "the dead member's session to end");
    await produce(topic, [{ value: "30", partition: 0 }]);
    await until(() => seen().length === 31);
    hanging.child.kill("SIGKILL");
    const pids = new Set(seen().map((line) => Number(line.split(" ")[0])));
    await until(() => ![...pids].some(isRunning), "the end of the environments");
    expect(await committed(topic, topic)).toEqual([30]);
    const last = start(args);
    await until(() => isReady(last), "the dead member's session to end");
    await until(async () => (await committed(topic, topic))[0] === 31);
    const offsets = seen().map((line) => Number(line.split(" ")[2]));
    expect(offsets).toEqual([...Array.from({ length: 31 }, (_, i) => i), 30]);
  });

  test("started with a channel, as by the Serverless plugin, it ends when its parent is gone", async () => {
    const topic = await freshTopic({ partitions: 1 });
    const { args } = fixture(topic);
    const program = start(args, { channel: "ipc" });
    await until(() => isReady(program));
    program.child.disconnect();
    expect(await program.ended).toBe(0);
  });

  test("with --endpoint functions are invoked there, under the name they have there", async () => {
    const topic = await freshTopic({ partitions: 1 });
    const api = await startLambdaApi(({ type }) =>
      type === "DryRun" || api.requests.length > 1
        ? { body: null }
        : { headers: { "x-amz-function-error": "Unhandled" }, body: { errorType: "Error", errorMessage: "not yet" } },
    );
    const { args, seen } = fixture(topic);
    const program = start([...args, "--endpoint", api.url, "--function", "count=other:live", "--status"]);
    await until(() => isReady(program));
    await produce(topic, [{ value: "0" }, { value: "1" }]);
    await until(async () => (await committed(topic, topic))[0] === 2);
    expect(api.requests).toMatchObject([
      { functionName: "other", qualifier: "live" },
      { functionName: "other", qualifier: "live" },
    ]);
    expect(Object.values(JSON.parse(String(api.requests[1]?.body)).records).flat()).toHaveLength(2);
    expect(program.errors()).toContain('"function":"other:live","errorType":"Error","errorMessage":"not yet"');
    program.child.kill("SIGTERM");
    expect(await program.ended).toBe(0);
    expect(seen()).toEqual([]);
    await api.stop();
  });

  test("replays a span of time, says what came of it, and ends by itself", async () => {
    const topic = await freshTopic({ partitions: 1 });
    const at = (text: string) => String(Date.parse(text));
    await produce(topic, [
      { value: "0", timestamp: at("2026-11-20T09:59:59Z") },
      { value: "1", timestamp: at("2026-11-20T10:00Z") },
      { value: "2", timestamp: at("2026-11-20T10:30Z") },
    ]);
    const { args, seen } = fixture(topic);
    const program = start([...args, "--from", "2026-11-20T10:00Z", "--to", "10:30"]);
    expect(await program.ended).toBe(0);
    expect(JSON.parse(program.lines.at(-1)!)).toMatchObject({ replayed: "M", topic, records: 1, invocations: 1 });
    expect(seen().map((line) => line.split(" ")[2])).toEqual(["1"]);
    expect(await committed(topic, topic)).toEqual([-1]);
  });

  test("a replay that is ended before it is through says so and fails", async () => {
    const topic = await freshTopic({ partitions: 1 });
    await produce(topic, [{ value: "0", timestamp: String(Date.parse("2026-11-20T10:00Z")) }]);
    const { args, seen, holding, release } = fixture(topic);
    const program = start([...args, "--from", "2026-11-20T10:00Z", ...holding]);
    await until(() => seen().length === 1);
    program.child.kill("SIGTERM");
    release();
    expect(await program.ended).toBe(1);
    expect(JSON.parse(program.lines.at(-1)!)).toMatchObject({ replayed: "M", topic, unfinished: true });
  });

  test.each<[string, (folder: string) => string[], string]>([
    ["a file that can't be written", (folder) => ["--status-file", folder], "Can't write to "],
    ["a broker without a port", () => ["--brokers", "localhost"], "--brokers lists brokers as HOST:PORT"],
    ["a broker as a URL", () => ["--brokers", "http://localhost:9092"], "got 'http://localhost:9092'"],
  ])("ends at once, with a sentence, for %s", async (_what, more, why) => {
    const { args, folder } = fixture("test-nowhere");
    const program = start([...args, ...more(folder)]);
    expect(await program.ended).toBe(1);
    expect(program.errors()).toContain(why);
    expect(program.errors()).not.toContain("    at ");
  });

  test("says that Kafka does not answer while it waits for it", async () => {
    const { args } = fixture("test-nowhere");
    const program = start([...args, "--brokers", `127.0.0.1:${await anyFreePort()}`]);
    await until(() => program.errors().includes("Kafka does not answer yet"), "the line");
  });

  test("ends with an error where there is nothing to carry out", async () => {
    const M = { ...Object(kafkaMapping("count", "orders")), Type: "AWS::Lambda::EventSourceMaping" };
    const { template } = writeFixture({ functions: { count: { source: "" } }, resources: { M } });
    const program = start(["--template", template, "--brokers", "127.0.0.1:1"]);
    expect(await program.ended).toBe(1);
    expect(program.errors()).toContain(
      "There is nothing to carry out: the template has neither a Kafka event source mapping nor a rule with a rate. Types of its resources: AWS::Lambda::EventSourceMaping, AWS::Lambda::Function.",
    );
  });

  test("a mapping of a function that does not exist ends it, with --only as well; another stack's is left out then", async () => {
    const functions = { count: { source: "exports.handler = async () => {};" } };
    const [topic, other] = [await freshTopic({ partitions: 1 }), await freshTopic({ partitions: 1 })];
    const starting = (FunctionName: unknown, more: readonly string[] = []) => {
      const N = kafkaMapping("count", other, { FunctionName });
      const group = { SelfManagedKafkaEventSourceConfig: { ConsumerGroupId: topic } };
      const { template } = writeFixture({ functions, resources: { M: kafkaMapping("count", topic, group), N } });
      return start(["--template", template, "--brokers", brokers().join(","), ...more]);
    };
    for (const program of [starting("nobody"), starting({ Ref: "Nobody" }, ["--only", "count"])]) {
      expect(await program.ended).toBe(1);
      expect(program.errors()).toContain("Mapping 'N': Function does not exist");
    }
    const program = starting("nobody", ["--only", "count"]);
    await until(() => isReady(program));
    expect(JSON.parse(program.lines[0]!)).toMatchObject({ mappings: 1 });
  });

  test("calls AWS only at an endpoint that is named: without one a queue as a destination is refused", async () => {
    const destination = { OnFailure: { Destination: "arn:aws:sqs:us-east-1:000000000000:failed" } };
    const topic = await freshTopic({ partitions: 1 });
    const { args } = fixture(topic, { DestinationConfig: destination });
    const refused = start(args);
    expect(await refused.ended).toBe(1);
    expect(refused.errors()).toContain("no AWS endpoint is in force: give the address of what stands for AWS here");
    const nobody = start([...args, "--aws-endpoint", "http://127.0.0.1:1"]);
    await until(() => isReady(nobody));
    expect(nobody.errors()).toContain("the failure destination's queue can't be reached");
    nobody.child.kill("SIGTERM");
    expect(await nobody.ended).toBe(0);
  });

  test("a record that was in flight at kill -9 is explained: sent, not answered, read again by the next process", async () => {
    const topic = await freshTopic({ partitions: 1 });
    const { args, seen, folder, holding } = fixture(topic);
    const journal = join(folder, "journal.jsonl");
    const first = start([...args, "--journal", journal, ...holding]);
    await until(() => isReady(first));
    await produce(topic, [{ value: "0" }]);
    await until(() => seen().length === 1 && readFileSync(journal, "utf8").includes('"kind":"sent"'));
    first.child.kill("SIGKILL");
    const second = start([...args, "--journal", journal]);
    await until(async () => (await committed(topic, topic))[0] === 1, "the next process's commit");
    second.child.kill("SIGTERM");
    await second.ended;
    const explained = start(["explain", `${topic}-0@0`, "--journal", journal]);
    expect(await explained.ended).toBe(0);
    const text = explained.lines.join("\n");
    const [once, again] = text.split("\n\n");
    expect(once).toContain(`process ${first.child.pid}`);
    expect(once).toContain("sent for the 1st time");
    expect(once).toContain(
      "sent once so far. Its offset was not committed here. Read again, for its offset had not been",
    );
    expect(again).toContain(`process ${second.child.pid}`);
    expect(again).toContain("Processed the first time it was sent. Committed");
    const unseen = start(["explain", `${topic}-0@1`, "--journal", journal]);
    expect(await unseen.ended).toBe(1);
    expect(unseen.lines.join("\n")).toContain("It was not read yet");
    const lost = start(["explain", `${topic}-0@1`, "--journal", join(folder, "none")]);
    expect(await lost.ended).toBe(1);
    expect(lost.errors()).toContain("There is no journal at");
  });

  test.each<[string, readonly string[], string]>([
    ["an endpoint that is no address", ["--endpoint", "localhost"], "such as http://127.0.0.1:3002, or aws: got 'loc"],
    ["an endpoint without anybody", ["--endpoint", "http://127.0.0.1:1"], "Start it, or mend --endpoint."],
    [
      "functions here and elsewhere",
      ["--in-process", "--endpoint", "http://127.0.0.1:1"],
      "--in-process runs functions here, --endpoint calls them elsewhere: give one of the two.",
    ],
    ["a name there without an endpoint", ["--function", "count=other"], "which? Give --endpoint."],
    ["an end without a start", ["--to", "10:30"], "--to is the end of a replay: give its --from as well."],
    ["an unknown fault", ["--fault", "crush=1"], "--fault knows crash, timeout, throttle, duplicate"],
    ["a day that the calendar lacks", ["--from", "2026-02-31T10:00"], "--from takes a time such as"],
    ["no template", ["--template", "/nowhere.json"], "Run `npx serverless package` first"],
    ["an unknown function", ["--only", "nobody"], "No function is called 'nobody'. Functions: count."],
    ["a bad back-off", ["--backoff", "5"], "--backoff takes a time such as 50ms or 1s"],
  ])("refuses %s", async (_what, more, text) => {
    const program = start([...fixture("tt").args, ...more]);
    expect(await program.ended).toBe(1);
    expect(program.errors()).toContain(text);
  });
});
