// The names and kinds of a mapping's settings, also where a parameter gives their values as text.
import { describe, expect, test } from "vitest";
import type { Mapping } from "../../../../localstack/event-source/template/mapping.ts";
import { mappingsOf } from "../../../../localstack/event-source/template/mappings.ts";
import { templateOf } from "../../../../localstack/event-source/template/template.ts";
import { kafkaMapping } from "../fixture.ts";

type Settings = Readonly<Record<string, unknown>>;

const FUNCTION = { Type: "AWS::Lambda::Function" };
const provisioned = { ProvisionedPollerConfig: { MinimumPollers: 1 } };
const endless = { maxRetries: Number.POSITIVE_INFINITY, maxAgeMs: Number.POSITIVE_INFINITY, bisects: false };

function mapping(settings: Settings, parameters: Readonly<Record<string, string>> = {}): Mapping {
  const declared = Object.fromEntries(Object.keys(parameters).map((name) => [name, { Type: "String" }]));
  const Resources = { CountLambdaFunction: FUNCTION, M: kafkaMapping("count", "orders", settings) };
  return mappingsOf(templateOf({ Parameters: declared, Resources }, "/", undefined, { parameters }))[0]!;
}

describe("a value that a parameter gives as text is what it stands for", () => {
  test.each<[Settings, string, object]>([
    [{ Enabled: { Ref: "P" } }, "false", { isEnabled: false }],
    [{ Enabled: { Ref: "P" } }, "true", { isEnabled: true }],
    [{ BisectBatchOnFunctionError: { Ref: "P" }, ...provisioned }, "true", { policy: { bisects: true } }],
    [{ BisectBatchOnFunctionError: { Ref: "P" } }, "false", { mode: "on-demand", policy: endless }],
    [{ MaximumRetryAttempts: { Ref: "P" } }, "-1", { mode: "on-demand", policy: endless }],
    [{ MaximumRecordAgeInSeconds: { Ref: "P" } }, "-1", { mode: "on-demand", policy: endless }],
    [{ MaximumRecordAgeInSeconds: { Ref: "P" }, ...provisioned }, "-1", { policy: endless }],
    [{ MaximumRecordAgeInSeconds: { Ref: "P" }, ...provisioned }, "60", { policy: { maxAgeMs: 60_000 } }],
    [{ BatchSize: { Ref: "P" } }, "7", { batchSize: 7 }],
    [{ ProvisionedPollerConfig: { MinimumPollers: { Ref: "P" } } }, "3", { minimumPollers: 3 }],
    [
      { StartingPosition: "AT_TIMESTAMP", StartingPositionTimestamp: { Ref: "P" } },
      "1760000000",
      { startingPosition: { kind: "AT_TIMESTAMP", timestamp: 1_760_000_000_000 } },
    ],
  ])("%j with %s", (settings, value, wanted) => expect(mapping(settings, { P: value })).toMatchObject(wanted));
});

const failing = (config: object) => ({ ...provisioned, DestinationConfig: config });
const group = (config: object) => ({ SelfManagedKafkaEventSourceConfig: config });

describe("a value of another kind is refused by its setting's name", () => {
  test.each<[Settings, string]>([
    [{ Enabled: "no" }, 'Enabled is true or false: got "no"'],
    [{ BisectBatchOnFunctionError: "yes", ...provisioned }, 'BisectBatchOnFunctionError is true or false: got "yes"'],
    [{ BatchSize: "many" }, 'BatchSize is a number: got "many"'],
    [{ BatchSize: "" }, 'BatchSize is a number: got ""'],
    [{ MaximumBatchingWindowInSeconds: null }, "MaximumBatchingWindowInSeconds is a number: got null"],
    [{ FunctionResponseTypes: "ReportBatchItemFailures", ...provisioned }, "FunctionResponseTypes is a list: got"],
    [{ FilterCriteria: { Filters: { Pattern: "{}" } } }, 'FilterCriteria.Filters is a list: got {"Pattern":"{}"}'],
    [{ FilterCriteria: { Filters: [{ Pattern: { a: [1] } }] } }, "FilterCriteria.Filters[0].Pattern is text: got"],
    [failing({ OnFailure: { Destination: ["kafka://failed"] } }), "OnFailure.Destination is text: got ["],
    [failing({ OnFailure: "kafka://failed" }), "DestinationConfig.OnFailure is an object of Destination: got"],
    [
      { StartingPosition: "AT_TIMESTAMP", StartingPositionTimestamp: "2026-11-20T10:00:00Z" },
      'StartingPositionTimestamp is a number, in epoch seconds: got "2026-11-20T10:00:00Z"',
    ],
    [
      group({ ConsumptionMode: "queue" }),
      "Value 'queue' at 'selfManagedKafkaEventSourceConfig.consumptionMode' failed",
    ],
  ])("%j", (settings, text) => expect(() => mapping(settings)).toThrow(text));
});

describe("a name that an object of settings doesn't have is refused, with those that it has", () => {
  test.each<[Settings, string]>([
    [
      failing({ OnFailure: { Destinaton: "kafka://failed" } }),
      "DestinationConfig.OnFailure.Destinaton is not a setting: DestinationConfig.OnFailure takes Destination",
    ],
    [failing({ OnFailiure: {} }), "DestinationConfig.OnFailiure is not a setting: DestinationConfig takes OnFailure"],
    [{ FilterCriteria: { Filter: [] } }, "FilterCriteria.Filter is not a setting: FilterCriteria takes Filters"],
    [{ FilterCriteria: { Filters: [{ pattern: "{}" }] } }, "FilterCriteria.Filters[0].pattern is not a setting"],
    [group({ ConsumerGroupID: "mine" }), "SelfManagedKafkaEventSourceConfig.ConsumerGroupID is not a setting"],
    [{ ProvisionedPollerConfig: { MinPollers: 5 } }, "takes MinimumPollers, MaximumPollers, PollerGroupName"],
    [{ ProvisionedPollerConfig: { toString: 5 } }, "ProvisionedPollerConfig.toString is not a setting"],
    [{ MetricsConfig: { Metric: [] } }, "MetricsConfig.Metric is not a setting: MetricsConfig takes Metrics"],
    [{ LoggingConfig: { LogLevel: "INFO" }, ...provisioned }, "LoggingConfig takes SystemLogLevel"],
  ])("%j", (settings, text) => expect(() => mapping(settings)).toThrow(text));
});
