import { describe, expect, test } from "vitest";
import type { Mapping } from "../../../../localstack/event-source/template/mapping.ts";
import { type MappingOptions, mappingsOf } from "../../../../localstack/event-source/template/mappings.ts";
import { templateOf } from "../../../../localstack/event-source/template/template.ts";
import { kafkaMapping } from "../fixture.ts";

type Settings = Readonly<Record<string, unknown>>;

const FUNCTION = { Type: "AWS::Lambda::Function", Properties: { FunctionName: "svc-dev-count", Timeout: 30 } };

function mappings(resources: Settings, options: MappingOptions = {}): Mapping[] {
  return mappingsOf(templateOf({ Resources: { CountLambdaFunction: FUNCTION, ...resources } }, "/somewhere"), options);
}

/** The one mapping of a self-managed source with these settings. */
function mapping(settings: Settings, options?: MappingOptions): Mapping {
  return mappings({ M: kafkaMapping("count", "orders", settings) }, options)[0]!;
}

const provisioned = { ProvisionedPollerConfig: { MinimumPollers: 2 } };
const toTopic = (topic: string) => ({ DestinationConfig: { OnFailure: { Destination: `kafka://${topic}` } } });

describe("a mapping's settings", () => {
  test("defaults are AWS's: 100 records, 500 ms, on demand, retries without end", () => {
    expect(mapping({})).toMatchObject({
      kind: "kafka",
      topic: "orders",
      isEnabled: true,
      batchSize: 100,
      windowMs: 500,
      startingPosition: { kind: "TRIM_HORIZON" },
      mode: "on-demand",
      minimumPollers: 1,
      policy: {
        maxRetries: Number.POSITIVE_INFINITY,
        maxAgeMs: Number.POSITIVE_INFINITY,
        bisects: false,
        readsPartialResponses: false,
      },
      filters: [],
    });
  });

  test("without StartingPosition a self-managed mapping starts at TRIM_HORIZON", () =>
    expect(mapping({ StartingPosition: undefined }).startingPosition).toEqual({ kind: "TRIM_HORIZON" }));

  test("the consumer group is the mapping's own UUID, the same at every start", () => {
    expect(mapping({}).consumerGroup).toBe(mapping({}).id);
    expect(mapping({}).id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}$/);
    const two = mappings({ M: kafkaMapping("count", "orders"), N: kafkaMapping("count", "other") });
    expect(new Set(two.map(({ consumerGroup }) => consumerGroup)).size).toBe(2);
  });

  test.each<[string, Settings, object]>([
    [
      "a group of one's own",
      { SelfManagedKafkaEventSourceConfig: { ConsumerGroupId: "mine" } },
      { consumerGroup: "mine" },
    ],
    ["window 0", { MaximumBatchingWindowInSeconds: 0 }, { windowMs: 0 }],
    ["window in seconds", { MaximumBatchingWindowInSeconds: 3 }, { windowMs: 3000 }],
    ["disabled", { Enabled: false }, { isEnabled: false }],
    [
      "a starting time, in seconds",
      { StartingPosition: "AT_TIMESTAMP", StartingPositionTimestamp: 1_760_000_000 },
      { startingPosition: { kind: "AT_TIMESTAMP", timestamp: 1_760_000_000_000 } },
    ],
    ["provisioned mode", provisioned, { mode: "provisioned", minimumPollers: 2, maximumPollers: 200 }],
    ["retries", { ...provisioned, MaximumRetryAttempts: 3 }, { policy: { maxRetries: 3 } }],
    ["record age", { ...provisioned, MaximumRecordAgeInSeconds: 60 }, { policy: { maxAgeMs: 60_000 } }],
    ["bisect", { ...provisioned, BisectBatchOnFunctionError: true }, { policy: { bisects: true } }],
    [
      "partial responses",
      { ...provisioned, FunctionResponseTypes: ["ReportBatchItemFailures"] },
      { policy: { readsPartialResponses: true } },
    ],
    [
      "endless retries beside a destination are 10",
      { ...provisioned, ...toTopic("failed") },
      { policy: { maxRetries: 10 }, destination: { kind: "kafka", topic: "failed" } },
    ],
    [
      "-1 beside a destination too",
      { ...provisioned, ...toTopic("failed"), MaximumRetryAttempts: -1 },
      { policy: { maxRetries: 10 } },
    ],
    [
      "a number beside a destination stands",
      { ...provisioned, ...toTopic("failed"), MaximumRetryAttempts: 500 },
      { policy: { maxRetries: 500 } },
    ],
    [
      "spelled-out defaults need no provisioned mode",
      {
        MaximumRetryAttempts: -1,
        MaximumRecordAgeInSeconds: -1,
        BisectBatchOnFunctionError: false,
        FunctionResponseTypes: [],
      },
      { mode: "on-demand" },
    ],
    [
      "what means nothing locally",
      { KmsKeyArn: "arn:aws:kms:x", Tags: [{ Key: "a", Value: "b" }], ...provisioned },
      { mode: "provisioned" },
    ],
  ])("%s", (_why, settings, wanted) => expect(mapping(settings)).toMatchObject(wanted));

  test("brokers that only AWS can look up stay as they are: others are given then", () => {
    const servers = ["{{resolve:ssm:/kafka/brokers}}"];
    expect(
      mapping({ SelfManagedEventSource: { Endpoints: { KafkaBootstrapServers: servers } } }).bootstrapServers,
    ).toEqual(servers);
  });

  test("an emptied destination is none", () =>
    expect(mapping({ DestinationConfig: { OnFailure: { Destination: "" } } }).destination).toBeUndefined());

  test("MSK: the ARN goes into events, brokers are not in the template", () => {
    const msk = {
      Type: "AWS::Lambda::EventSourceMapping",
      Properties: {
        FunctionName: { "Fn::GetAtt": ["CountLambdaFunction", "Arn"] },
        EventSourceArn: "arn:aws:kafka:us-east-1:1:cluster/demo/x-1",
        StartingPosition: "LATEST",
        Topics: ["orders"],
        AmazonManagedKafkaEventSourceConfig: { ConsumerGroupId: "g" },
      },
    };
    const found = mappings({ M: msk })[0];
    expect(found).toMatchObject({
      kind: "msk",
      eventSourceArn: "arn:aws:kafka:us-east-1:1:cluster/demo/x-1",
      consumerGroup: "g",
      bootstrapServers: [],
    });
  });

  test("an MSK ARN of another stack is made up, for only events show it", () => {
    const msk = {
      Type: "AWS::Lambda::EventSourceMapping",
      Properties: {
        FunctionName: { Ref: "CountLambdaFunction" },
        EventSourceArn: { "Fn::ImportValue": "msk" },
        Topics: ["orders"],
      },
    };
    expect(mappings({ M: msk })[0]?.eventSourceArn).toMatch(/^arn:aws:kafka:us-east-1:000000000000:cluster\/M\//);
  });

  test("mappings of other sources are left alone, and so are functions that are not wanted", () => {
    const sqs = {
      Type: "AWS::Lambda::EventSourceMapping",
      Properties: { EventSourceArn: "arn:aws:sqs:x:1:q", FunctionName: "f" },
    };
    expect(mappings({ M: kafkaMapping("count", "orders"), S: sqs }).map(({ logicalId }) => logicalId)).toEqual(["M"]);
    expect(mappings({ M: kafkaMapping("count", "orders") }, { functions: ["OtherLambdaFunction"] })).toEqual([]);
  });

  test("brokers that are given need none of the deployed ones' secrets", () => {
    const secret = { SourceAccessConfigurations: [{ Type: "SASL_SCRAM_512_AUTH", URI: "arn:secret" }] };
    expect(() => mapping(secret)).toThrow("the URI of SASL_SCRAM_512_AUTH is the ARN of a secret, got 'arn:secret'");
    expect(mapping(secret, { access: "none" }).topic).toBe("orders");
  });
});

const unsupported = (name: string) => `Unsupported '${name}' parameter for given event source mapping type.`;

describe("settings that are refused, by name", () => {
  test.each<[Settings, string]>([
    [{ SelfManagedEventSource: undefined }, "Unrecognized event source."],
    [{ SourceAccessConfigurations: undefined }, "Required 'sourceAccessConfigurations' parameter is missing."],
    [{ EventSourceArn: "arn:aws:kafka:x" }, "EventSourceArn and SelfManagedEventSource exclude each other"],
    [{ Topics: ["a", "b"] }, "Topics names exactly one topic"],
    [{ Topics: [".hidden"] }, "Topics names exactly one topic"],
    [{ Topics: ["x"] }, "Topics names exactly one topic"],
    [{ BatchSize: 0 }, "BatchSize is a whole number from 1 to 10000: got 0"],
    [{ BatchSize: 10_001 }, "BatchSize is a whole number from 1 to 10000"],
    [{ MaximumBatchingWindowInSeconds: 301 }, "MaximumBatchingWindowInSeconds is a whole number from 0 to 300"],
    [{ MaximumBatchingWindowInSeconds: 0.5 }, "MaximumBatchingWindowInSeconds is a whole number"],
    [
      { StartingPosition: "EARLIEST" },
      "1 validation error detected: Value 'EARLIEST' at 'startingPosition' failed to satisfy constraint: Member must satisfy enum value set: [",
    ],
    [{ StartingPosition: "AT_TIMESTAMP" }, "AT_TIMESTAMP needs StartingPositionTimestamp"],
    [{ StartingPosition: "AT_TIMESTAMP", StartingPositionTimestamp: 99_999_999_999 }, "lies in the future"],
    [{ StartingPosition: "AT_TIMESTAMP", StartingPositionTimestamp: -5 }, "is 0 or more, in epoch seconds: got -5"],
    ...["localhost", "http://x y", "a:9092,b:9092", ""].map((server): [Settings, string] => [
      { SelfManagedEventSource: { Endpoints: { KafkaBootstrapServers: ["a.example:9092", server] } } },
      `each entry is one broker's host:port, such as broker.example:9092: got "${server}"`,
    ]),
    ...["", "dlq", "a b/c?", ".hidden", "x".repeat(250)].map((topic): [Settings, string] => [
      { ...provisioned, ...toTopic(topic) },
      "is kafka:// and a topic of 4 to 249 letters, digits, '-', '_' or '.': got 'kafka://",
    ]),
    [{ ProvisionedPollerConfig: { PollerGroupName: "a b" } }, "has at most 128 letters, digits, - or _ but is 'a b'"],
    [{ StartingPositionTimestamp: 1 }, "read only with StartingPosition AT_TIMESTAMP"],
    [{ ParallelizationFactor: 2 }, unsupported("parallelizationFactor")],
    [{ TumblingWindowInSeconds: 2 }, unsupported("tumblingWindowInSeconds")],
    [{ AmazonManagedKafkaEventSourceConfig: {} }, unsupported("amazonManagedKafkaEventSourceConfig")],
    [{ Colour: "blue" }, "Colour is not a setting"],
    [{ SelfManagedKafkaEventSourceConfig: { ConsumerGroupId: "ünknown" } }, "ConsumerGroupId"],
    [{ MaximumRetryAttempts: 3 }, `${unsupported("maximumRetryAttempts")} It needs provisioned mode`],
    [{ MaximumRecordAgeInSeconds: 60 }, `${unsupported("maximumRecordAgeInSeconds")} It needs provisioned mode`],
    [{ BisectBatchOnFunctionError: true }, `${unsupported("bisectBatchOnFunctionError")} It needs provisioned mode`],
    [
      { FunctionResponseTypes: ["ReportBatchItemFailures"] },
      `${unsupported("functionResponseTypes")} It needs provisioned mode`,
    ],
    [toTopic("failed"), `${unsupported("destinationConfig")} It needs provisioned mode`],
    [
      { ...provisioned, MaximumRecordAgeInSeconds: 59 },
      "MaximumRecordAgeInSeconds is a whole number from 60 to 604800",
    ],
    [{ ...provisioned, MaximumRetryAttempts: 10_001 }, "MaximumRetryAttempts is a whole number from -1 to 10000"],
    [
      { ProvisionedPollerConfig: { MinimumPollers: 5, MaximumPollers: 4 } },
      "ProvisionedPollerConfig.MaximumPollers is a whole number from 5",
    ],
    [{ ...provisioned, FunctionResponseTypes: ["Nope"] }, "at 'functionResponseTypes' failed to satisfy constraint"],
    [{ ...provisioned, ...toTopic("orders") }, "kafka://orders is the mapping's own topic"],
    [
      { DestinationConfig: { OnSuccess: { Destination: "arn:aws:sqs:a:b:c" } } },
      "Unsupported DestinationConfig parameter for given event source mapping type.",
    ],
    [{ SelfManagedKafkaEventSourceConfig: { ConsumptionMode: "Queue" } }, "ConsumptionMode Queue"],
    [
      { MetricsConfig: { Metrics: ["Everything"] } },
      "Value 'Everything' at 'metricsConfig.metrics' failed to satisfy constraint: Member must satisfy enum value set: [EventCount, ErrorCount, KafkaMetrics]",
    ],
    [{ MetricsConfig: { Metrics: "EventCount" } }, "MetricsConfig.Metrics is a list of EventCount, ErrorCount"],
    [{ MetricsConfig: { Metrics: new Array(4).fill("EventCount") } }, "has at most 3 entries, got 4"],
    [
      { ...provisioned, LoggingConfig: { SystemLogLevel: "TRACE" } },
      "Value 'TRACE' at 'loggingConfig.systemLogLevel' failed to satisfy constraint",
    ],
    [{ LoggingConfig: { SystemLogLevel: "INFO" } }, "Unsupported 'loggingConfig' parameter"],
    [{ FilterCriteria: { Filters: [{ Pattern: "nonsense" }] } }, "Invalid filter pattern definition."],
    [{ FilterCriteria: { Filters: new Array(11).fill({ Pattern: "{}" }) } }, "FilterCriteria has at most 10 filters"],
  ])("%j", (settings, text) => expect(() => mapping(settings)).toThrow(text));

  test("all refusals are said at once", () => {
    expect(() => mapping({ BatchSize: 0, Colour: "blue" })).toThrow(/Colour.*\n.*BatchSize/);
  });

  test("a function that the template lacks", () =>
    expect(() => mappings({ M: kafkaMapping("other", "orders") })).toThrow("Function does not exist"));

  test("a function that may run longer than 14 minutes", () => {
    const slow = { Type: "AWS::Lambda::Function", Properties: { Timeout: 900 } };
    expect(() => mappings({ CountLambdaFunction: slow, M: kafkaMapping("count", "orders") })).toThrow(
      "up to 840 seconds",
    );
  });

  test("the same function, brokers and topic twice", () => {
    const id = mapping({}).id;
    expect(() => mappings({ M: kafkaMapping("count", "orders"), N: kafkaMapping("count", "orders") })).toThrow(
      `already exists. Please update or delete the existing mapping with UUID ${id}`,
    );
  });
});
