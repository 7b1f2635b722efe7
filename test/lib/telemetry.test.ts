import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { begin, log, measure } from "../../lib/telemetry.ts";

let lines: string[];

beforeEach(() => {
  lines = [];
  vi.useFakeTimers({ now: 1_700_000_000_000 });
  for (const output of [process.stdout, process.stderr]) {
    vi.spyOn(output, "write").mockImplementation((line) => lines.push(String(line)) > 0);
  }
});

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

test("an event is one line of JSON: a constant message and facts as fields", () => {
  log.warn("poison", { topic: "rides", offset: 3, detail: "two\nlines", missing: undefined });
  expect(lines).toHaveLength(1);
  expect(JSON.parse(lines[0]!)).toEqual({
    ...{ level: "WARN", timestamp: "2023-11-14T22:13:20.000Z", service: "local", sampling_rate: 0 },
    ...{ message: "poison", topic: "rides", offset: 3, detail: "two\nlines" },
  });
});

test("debug lines are left out unless asked for", () => {
  log.debug("detail");
  expect(lines).toEqual([]);
});

test.each(["error", "ERROR"])("LOG_LEVEL=%s leaves out warnings", async (level) => {
  vi.stubEnv("LOG_LEVEL", level);
  vi.resetModules();
  const { log: quieter } = await import("../../lib/telemetry.ts");
  quieter.warn("left out");
  quieter.error("written");
  expect(lines.map((line) => JSON.parse(line).message)).toEqual(["written"]);
});

test("a measure is a log line and a metric by function in one", () => {
  measure("batch", { records: 10, batch_ms: 3 }, { topic: "rides", links: ["a", "b"], missing: undefined });
  expect(lines).toHaveLength(1);
  expect(JSON.parse(lines[0]!)).toEqual({
    message: "batch",
    service: "local",
    topic: "rides",
    links: ["a", "b"],
    records: 10,
    batch_ms: 3,
    _aws: {
      Timestamp: 1_700_000_000_000,
      CloudWatchMetrics: [
        {
          Namespace: "serverless-kafka-streams",
          Dimensions: [["service"]],
          Metrics: [
            { Name: "records", Unit: "Count" },
            { Name: "batch_ms", Unit: "Milliseconds" },
          ],
        },
      ],
    },
  });
});

test("what was measured several times is one line too, and a metric counts each", () => {
  measure("batch", { records: [10, 12], batch_ms: 3 });
  expect(lines).toHaveLength(1);
  expect(JSON.parse(lines[0]!)).toMatchObject({ records: [10, 12], batch_ms: 3 });
});

test("facts and measures of one line are not in the next", () => {
  measure("batch", { records: 10 }, { topic: "rides" });
  measure("emission", { results: 1 });
  expect(JSON.parse(lines[1]!)).not.toHaveProperty("records");
  expect(JSON.parse(lines[1]!)).not.toHaveProperty("topic");
});

test("after an invocation has begun, lines say which it is", () => {
  begin(undefined);
  begin({ awsRequestId: "request-1", functionName: "enrichRides", invokedFunctionArn: "arn", memoryLimitInMB: "128" });
  log.info("said");
  expect(JSON.parse(lines[0]!)).toMatchObject({ function_request_id: "request-1", function_name: "enrichRides" });
});
