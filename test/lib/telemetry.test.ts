import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { log, measure } from "../../lib/telemetry.ts";

let lines: string[];

beforeEach(() => {
  lines = [];
  vi.useFakeTimers({ now: 1_700_000_000_000 });
  vi.spyOn(process.stdout, "write").mockImplementation((line) => lines.push(String(line)) > 0);
});

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

test("an event is one line of JSON: a constant message and facts as fields", () => {
  log.warn("poison", { topic: "rides", offset: 3, detail: "two\nlines", missing: undefined });
  expect(lines).toEqual([
    '{"level":"warn","time":1700000000000,"message":"poison","topic":"rides","offset":3,"detail":"two\\nlines"}\n',
  ]);
});

test("debug lines are left out unless asked for", () => {
  log.debug("detail");
  expect(lines).toEqual([]);
});

test("a measure is a log line and a metric by function in one", () => {
  vi.stubEnv("AWS_LAMBDA_FUNCTION_NAME", "enrichRides");
  measure("batch", { records: 10, batch_ms: 3 }, { topic: "rides" });
  expect(JSON.parse(lines.join(""))).toEqual({
    level: "info",
    time: 1_700_000_000_000,
    message: "batch",
    pipeline: "enrichRides",
    topic: "rides",
    records: 10,
    batch_ms: 3,
    _aws: {
      Timestamp: 1_700_000_000_000,
      CloudWatchMetrics: [
        {
          Namespace: "serverless-kafka-streams",
          Dimensions: [["pipeline"]],
          Metrics: [
            { Name: "records", Unit: "Count" },
            { Name: "batch_ms", Unit: "Milliseconds" },
          ],
        },
      ],
    },
  });
});
