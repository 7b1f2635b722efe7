// Declarations to properties, both kinds of pollers, and a sentence for every wrong value.
import { describe, expect, it } from "vitest";
import { droppedWords, mappingFaults, mappingProperties } from "../../../lib/deploy/mapping-settings.ts";

const topic = "transactions";
const pollerConfig = { minimumPollers: 1, maximumPollers: 10 };

describe("a declared setting becomes AWS's property", () => {
  const table = [
    {
      why: "AWS's name, a list",
      says: { functionResponseTypes: ["ReportBatchItemFailures"] },
      gives: { FunctionResponseTypes: ["ReportBatchItemFailures"] },
    },
    { why: "a number stays one", says: { maximumRetryAttempts: 10000 }, gives: { MaximumRetryAttempts: 10000 } },
    {
      why: "0 retries is a setting, not an absence",
      says: { maximumRetryAttempts: 0 },
      gives: { MaximumRetryAttempts: 0 },
    },
    {
      why: "-1 is AWS's word for no limit",
      says: { maximumRecordAgeInSeconds: -1 },
      gives: { MaximumRecordAgeInSeconds: -1 },
    },
    {
      why: "false is a setting too",
      says: { bisectBatchOnFunctionError: false },
      gives: { BisectBatchOnFunctionError: false },
    },
    {
      why: "osls drops a window of 0, which leaves 500 ms",
      says: { maximumBatchingWindow: 0 },
      gives: { MaximumBatchingWindowInSeconds: 0 },
    },
    { why: "absent means AWS's 500 ms, which has no number", says: {}, gives: {} },
    { why: "null is absent, as osls reads it", says: { maximumRetryAttempts: null }, gives: {} },
    {
      why: "osls's msk has no word for it",
      says: { onFailureDestination: "kafka://lost" },
      gives: { DestinationConfig: { OnFailure: { Destination: "kafka://lost" } } },
    },
    {
      why: "a destination may be made by the template",
      says: { onFailureDestination: { "Fn::GetAtt": ["Queue", "Arn"] } },
      gives: { DestinationConfig: { OnFailure: { Destination: { "Fn::GetAtt": ["Queue", "Arn"] } } } },
    },
    {
      why: "osls drops the group's name",
      says: { provisionedPollerConfig: { ...pollerConfig, pollerGroupName: "shared" } },
      gives: { ProvisionedPollerConfig: { MinimumPollers: 1, MaximumPollers: 10, PollerGroupName: "shared" } },
    },
    {
      why: "opt-in metrics",
      says: { metrics: ["EventCount", "KafkaMetrics"] },
      gives: { MetricsConfig: { Metrics: ["EventCount", "KafkaMetrics"] } },
    },
    {
      why: "the poller's own log",
      says: { systemLogLevel: "WARN" },
      gives: { LoggingConfig: { SystemLogLevel: "WARN" } },
    },
    { why: "osls's own words are left to osls", says: { batchSize: 10, startingPosition: "LATEST" }, gives: {} },
  ];
  it.each(table)("$why: $says", ({ says, gives }) => {
    expect(mappingProperties({ topic, ...says }, "provisioned")).toEqual(gives);
  });
});

describe("on-demand pollers", () => {
  const whole = {
    topic,
    batchSize: 10000,
    provisionedPollerConfig: pollerConfig,
    functionResponseTypes: ["ReportBatchItemFailures"],
    maximumRetryAttempts: 10000,
    maximumRecordAgeInSeconds: -1,
    bisectBatchOnFunctionError: true,
    systemLogLevel: "INFO",
    onFailureDestination: "kafka://transactions_failed",
    maximumBatchingWindow: 0,
    metrics: ["ErrorCount"],
  };

  it("keep nothing that AWS refuses without provisioned ones", () => {
    expect(mappingProperties(whole, "on-demand")).toEqual({
      MaximumBatchingWindowInSeconds: 0,
      MetricsConfig: { Metrics: ["ErrorCount"] },
    });
  });

  it("say which words they leave out, and provisioned ones leave out none", () => {
    expect(droppedWords(whole, "on-demand")).toEqual([
      "provisionedPollerConfig",
      "functionResponseTypes",
      "maximumRetryAttempts",
      "maximumRecordAgeInSeconds",
      "bisectBatchOnFunctionError",
      "onFailureDestination",
      "systemLogLevel",
    ]);
    expect(droppedWords(whole, "provisioned")).toEqual([]);
  });

  it("keep a destination that is a queue, which AWS allows them", () => {
    const queue = { topic, onFailureDestination: "arn:aws:sqs:us-east-1:123456789012:failed" };
    expect(droppedWords(queue, "on-demand")).toEqual([]);
    expect(mappingProperties(queue, "on-demand")).toHaveProperty(
      "DestinationConfig.OnFailure.Destination",
      queue.onFailureDestination,
    );
  });
});

describe("a wrong value is refused with what would be right", () => {
  const table = [
    {
      why: "AWS has one word",
      says: { functionResponseTypes: ["ReportBatchItemFailure"] },
      names: /functionResponseTypes must be \[ReportBatchItemFailures\]: got \["ReportBatchItemFailure"\]/,
    },
    {
      why: "a list, not a word",
      says: { functionResponseTypes: "ReportBatchItemFailures" },
      names: /functionResponseTypes must be/,
    },
    { why: "an empty list says nothing", says: { functionResponseTypes: [] }, names: /functionResponseTypes must be/ },
    {
      why: "over AWS's bound",
      says: { maximumRetryAttempts: 10001 },
      names: /maximumRetryAttempts must be -1 \(no limit\) or 0 to 10000: got 10001/,
    },
    { why: "under AWS's bound", says: { maximumRetryAttempts: -2 }, names: /maximumRetryAttempts must be/ },
    {
      why: "0 to 59 are refused by AWS",
      says: { maximumRecordAgeInSeconds: 59 },
      names: /maximumRecordAgeInSeconds must be -1 \(no limit\) or 60 to 604800: got 59/,
    },
    {
      why: "longer than a week",
      says: { maximumRecordAgeInSeconds: 604801 },
      names: /maximumRecordAgeInSeconds must be/,
    },
    {
      why: "text is not a truth value",
      says: { bisectBatchOnFunctionError: "yes" },
      names: /bisectBatchOnFunctionError must be true or false: got "yes"/,
    },
    {
      why: "half seconds don't exist there",
      says: { maximumBatchingWindow: 0.5 },
      names: /maximumBatchingWindow must be whole seconds from 0 to 300, or absent for AWS's 500 ms: got 0.5/,
    },
    {
      why: "CloudFormation wants 12 characters",
      says: { onFailureDestination: "kafka://dlq", maximumRetryAttempts: 5 },
      names: /onFailureDestination must be kafka:\/\/<topic> with a topic of at least 4 letters/,
    },
    {
      why: "a bare topic is no destination",
      says: { onFailureDestination: "rides_failed", maximumRetryAttempts: 5 },
      names: /onFailureDestination must be/,
    },
    {
      why: "a loop",
      says: { onFailureDestination: "kafka://transactions", maximumRetryAttempts: 5 },
      names: /onFailureDestination must not be the topic that is read/,
    },
    {
      why: "no most below the least",
      says: { provisionedPollerConfig: { minimumPollers: 5, maximumPollers: 2 } },
      names: /provisionedPollerConfig must be/,
    },
    {
      why: "a misspelt poller word",
      says: { provisionedPollerConfig: { minPollers: 5 } },
      names: /provisionedPollerConfig must be/,
    },
    {
      why: "not AWS's metric",
      says: { metrics: ["Lag"] },
      names: /metrics must be a list of EventCount, ErrorCount and KafkaMetrics/,
    },
    { why: "not AWS's level", says: { systemLogLevel: "TRACE" }, names: /systemLogLevel must be DEBUG, INFO or WARN/ },
    {
      why: "AWS caps endless retries beside a destination at 10",
      says: { onFailureDestination: "kafka://lost", maximumRetryAttempts: -1 },
      names: /maximumRetryAttempts must be a number of its own beside an onFailureDestination, such as 10000/,
    },
    {
      why: "absent is endless too",
      says: { onFailureDestination: "kafka://lost" },
      names: /maximumRetryAttempts must be a number of its own/,
    },
    {
      why: "the stage pays for pollers that the event doesn't ask for",
      says: { provisionedPollerConfig: null },
      names: /provisionedPollerConfig is missing while this stage's pollers are provisioned/,
    },
  ];
  it.each(table)("$why: $says", ({ says, names }) => {
    const faults = mappingFaults({ topic, provisionedPollerConfig: pollerConfig, ...says }, "provisioned");
    expect(faults).toHaveLength(1);
    expect(faults[0]).toMatch(names);
  });

  it("and every fault of one declaration is told at once", () => {
    const faults = mappingFaults({ topic, maximumRetryAttempts: "many", bisectBatchOnFunctionError: 1 }, "provisioned");
    expect(faults).toHaveLength(3);
  });

  it("a right one has no faults", () => {
    const right = {
      topic,
      provisionedPollerConfig: pollerConfig,
      maximumRetryAttempts: 10000,
      onFailureDestination: "kafka://lost",
    };
    expect(mappingFaults(right, "provisioned")).toEqual([]);
  });
});
