// Prometheus's text format: what must be escaped, what must stand together, and addresses to listen at.
import { describe, expect, test } from "vitest";
import { newCounters } from "../../../../localstack/event-source/counters.ts";
import { Meters } from "../../../../localstack/event-source/observe/meters.ts";
import { prometheusText } from "../../../../localstack/event-source/observe/prometheus.ts";
import { parseEndpoint } from "../../../../localstack/event-source/observe/prometheus-endpoint.ts";
import { mappingsOf } from "../../../../localstack/event-source/template/mappings.ts";
import { templateOf } from "../../../../localstack/event-source/template/template.ts";
import { kafkaMapping } from "../fixture.ts";

function observed(logicalId: string, functionName: string, topic: string) {
  const lambda = { Type: "AWS::Lambda::Function", Properties: { FunctionName: functionName } };
  const resources = { CountLambdaFunction: lambda, [logicalId]: kafkaMapping("count", topic) };
  const [mapping] = mappingsOf(templateOf({ Resources: resources }, "/"));
  const partitions = [{ partition: 0, readTo: 5, doneTo: 3, committed: 2, end: 9, lag: 6, buffered: 2 }];
  const facts = {
    logicalId,
    functionName,
    topic,
    consumerGroup: "g",
    isEnabled: true,
    pollers: 1,
    inFlight: 0,
    lag: 6,
  };
  return { mapping: mapping!, status: { ...facts, partitions, counters: newCounters() } };
}

describe("the text", () => {
  test("has a name's samples together under one HELP and TYPE, whichever mapping they are of", () => {
    const text = prometheusText([observed("A", "f", "aa"), observed("B", "g", "bb")], new Meters().all);
    const lines = text.split("\n");
    const first = lines.indexOf("# TYPE aws_lambda_offset_lag gauge");
    expect(lines.slice(first, first + 3)).toEqual([
      "# TYPE aws_lambda_offset_lag gauge",
      'aws_lambda_offset_lag{mapping="A",function="f",topic="aa"} 6',
      'aws_lambda_offset_lag{mapping="B",function="g",topic="bb"} 6',
    ]);
    const types = lines.filter((line) => line.startsWith("# TYPE"));
    expect(new Set(types).size).toBe(types.length);
    expect(text.endsWith("\n")).toBe(true);
  });

  test("escapes what a label may not hold", () => {
    const text = prometheusText([observed("A", 'a\\b"c\nd', "aa")], []);
    expect(text).toContain('function="a\\\\b\\"c\\nd"');
  });

  test("of nothing is nothing", () => expect(prometheusText([], [])).toBe(""));
});

describe("--prometheus", () => {
  test.each([
    ["9464", { host: "127.0.0.1", port: 9464 }],
    ["0", { host: "127.0.0.1", port: 0 }],
    ["0.0.0.0:9464", { host: "0.0.0.0", port: 9464 }],
    ["[::1]:9464", { host: "::1", port: 9464 }],
    ["localhost:1", { host: "localhost", port: 1 }],
  ])("%s", (text, endpoint) => expect(parseEndpoint(text)).toEqual(endpoint));

  test.each(["", "port", "70000", "::1:9464", "http://localhost:1", "host:"])("refuses '%s'", (text) =>
    expect(() => parseEndpoint(text)).toThrow("--prometheus takes a port or HOST:PORT"),
  );
});
