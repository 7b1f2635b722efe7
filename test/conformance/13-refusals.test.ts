// Group 13: what is refused when a mapping is made, with AWS's own words where they are known.
import { expect } from "vitest";
import { kafkaMapping } from "../localstack/event-source/fixture.ts";
import { behaves, lacks } from "./behaviour.ts";
import { mappingsWith, mappingWith } from "./mapping-with.ts";
import { failuresTo, PROVISIONED } from "./scene.ts";

type Settings = Readonly<Record<string, unknown>>;

const RECORDED = "localstack/localstack:test_create_event_source_self_managed";
const CLOUDFORMATION = "CloudFormation AWS::Lambda::EventSourceMapping";
const unsupported = (name: string) => `Unsupported '${name}' parameter for given event source mapping type.`;

behaves(
  {
    behaviour: "neither EventSourceArn nor SelfManagedEventSource: Unrecognized event source.",
    source: RECORDED,
    grade: "V",
  },
  () => expectRefused({ SelfManagedEventSource: undefined }, "Unrecognized event source."),
);

behaves(
  {
    behaviour:
      "a self-managed cluster without SourceAccessConfigurations: Required 'sourceAccessConfigurations' parameter is missing.",
    source: RECORDED,
    grade: "V",
  },
  () =>
    expectRefused(
      { SourceAccessConfigurations: undefined },
      "Required 'sourceAccessConfigurations' parameter is missing.",
    ),
);

behaves(
  {
    behaviour:
      "the same function, an overlapping broker and the same topic: An event source mapping with … already exists.",
    source: RECORDED,
    grade: "V",
  },
  () => {
    const more = { Endpoints: { KafkaBootstrapServers: ["other.example:9092", "broker.example:9092"] } };
    const first = mappingWith({});
    expect(() =>
      mappingsWith({
        M: kafkaMapping("count", "orders"),
        N: kafkaMapping("count", "orders", { SelfManagedEventSource: more }),
      }),
    ).toThrow(
      `An event source mapping with event source ("other.example:9092,broker.example:9092"), function ("arn:aws:lambda:us-east-1:000000000000:function:svc-dev-count"), topics ("orders") already exists. Please update or delete the existing mapping with UUID ${first.id}`,
    );
  },
);

behaves(
  {
    behaviour: "OnSuccess: Unsupported DestinationConfig parameter for given event source mapping type.",
    source: RECORDED,
    grade: "V",
  },
  () =>
    expectRefused(
      { DestinationConfig: { OnSuccess: { Destination: "arn:aws:sqs:us-east-1:1:queue" } } },
      "Unsupported DestinationConfig parameter for given event source mapping type.",
    ),
);

behaves(
  {
    behaviour: "a setting of another source's: Unsupported '…' parameter for given event source mapping type.",
    source: ["aws/aws-cdk#17934", "pulumi/pulumi-aws#1418"],
    grade: "R",
  },
  () => {
    expectRefused({ ParallelizationFactor: 2 }, unsupported("parallelizationFactor"));
    expectRefused({ TumblingWindowInSeconds: 2 }, unsupported("tumblingWindowInSeconds"));
    expectRefused({ ScalingConfig: { MaximumConcurrency: 2 } }, unsupported("scalingConfig"));
    expectRefused({ Queues: ["q"] }, unsupported("queues"));
    expectRefused({ DocumentDBEventSourceConfig: {} }, unsupported("documentDBEventSourceConfig"));
  },
);

behaves(
  {
    behaviour:
      "a word that is not in its list: 1 validation error detected: Value '…' at '…' failed to satisfy constraint: Member must satisfy enum value set: […]",
    source: RECORDED,
    grade: "V",
  },
  () =>
    expectRefused(
      { StartingPosition: "EARLIEST" },
      "1 validation error detected: Value 'EARLIEST' at 'startingPosition' failed to satisfy constraint: Member must satisfy enum value set: [",
    ),
);

behaves(
  { behaviour: "an unknown function: Function does not exist", source: "localstack/localstack", grade: "I" },
  () => expect(() => mappingsWith({ M: kafkaMapping("other", "orders") })).toThrow("Function does not exist"),
);

for (const [setting, settings] of [
  ["MaximumRetryAttempts", { MaximumRetryAttempts: 3 }],
  ["MaximumRecordAgeInSeconds", { MaximumRecordAgeInSeconds: 60 }],
  ["BisectBatchOnFunctionError", { BisectBatchOnFunctionError: true }],
  ["FunctionResponseTypes", { FunctionResponseTypes: ["ReportBatchItemFailures"] }],
  ["a kafka:// destination", failuresTo("kafka://failed")],
  ["a schema registry", { SelfManagedKafkaEventSourceConfig: { SchemaRegistryConfig: {} } }],
  ["LoggingConfig", { LoggingConfig: { SystemLogLevel: "INFO" } }],
] as const satisfies readonly (readonly [string, Settings])[]) {
  behaves(
    {
      behaviour: `${setting} needs provisioned mode`,
      source: ["kafka-scaling-modes", "kafka-retry-configurations"],
      grade: "D",
    },
    () => expectRefused(settings, "It needs provisioned mode"),
  );
}

behaves(
  {
    behaviour: "a kafka:// destination must not be the topic that is read",
    source: "kafka-on-failure-destination",
    grade: "D",
  },
  () => expectRefused({ ...PROVISIONED, ...failuresTo("kafka://orders") }, "is the mapping's own topic"),
);

behaves(
  { behaviour: "AT_TIMESTAMP needs a time, and not one in the future", source: "kafka-starting-positions", grade: "D" },
  () => {
    expectRefused({ StartingPosition: "AT_TIMESTAMP" }, "needs StartingPositionTimestamp");
    expectRefused(
      { StartingPosition: "AT_TIMESTAMP", StartingPositionTimestamp: 99_999_999_999 },
      "lies in the future",
    );
  },
);

behaves(
  {
    behaviour:
      "BatchSize is 1 to 10,000, the window 0 to 300 whole seconds, retries -1 to 10,000, one topic of 2 to 249 characters",
    source: "API CreateEventSourceMapping",
    grade: "M",
  },
  () => {
    for (const BatchSize of [0, 10_001, 1.5]) expectRefused({ BatchSize }, "BatchSize is a whole number");
    for (const MaximumBatchingWindowInSeconds of [-1, 301, 0.5]) {
      expectRefused({ MaximumBatchingWindowInSeconds }, "MaximumBatchingWindowInSeconds is a whole number");
    }
    for (const MaximumRetryAttempts of [-2, 10_001]) {
      expectRefused({ ...PROVISIONED, MaximumRetryAttempts }, "MaximumRetryAttempts is a whole number");
    }
    for (const Topics of [[], ["a", "b"], ["x"], [".hidden"], ["x".repeat(250)]]) {
      expectRefused({ Topics }, "Topics names exactly one topic");
    }
  },
);

behaves(
  {
    behaviour: "MinimumPollers is 1 to 200, MaximumPollers that or more and at most 2,000",
    source: "kafka-scaling-modes",
    grade: "D",
  },
  () => {
    const pollers = (config: object) => ({ ProvisionedPollerConfig: config });
    for (const MinimumPollers of [0, 201])
      expectRefused(pollers({ MinimumPollers }), "MinimumPollers is a whole number");
    expectRefused(pollers({ MinimumPollers: 5, MaximumPollers: 4 }), "MaximumPollers is a whole number from 5");
    expectRefused(pollers({ MaximumPollers: 2001 }), "MaximumPollers is a whole number");
  },
);

behaves(
  { behaviour: "more filters than the raised quota of 10", source: "invocation-eventfiltering", grade: "D" },
  () => expectRefused({ FilterCriteria: { Filters: new Array(11).fill({ Pattern: "{}" }) } }, "at most 10 filters"),
);

behaves(
  {
    behaviour: "one ConsumerGroupId for two mappings",
    source: "kafka-consumer-group-id",
    grade: "D",
  },
  () => {
    const group = { SelfManagedKafkaEventSourceConfig: { ConsumerGroupId: "shared" } };
    expect(() =>
      mappingsWith({ M: kafkaMapping("count", "orders", group), N: kafkaMapping("count", "audit", group) }),
    ).toThrow("Mapping 'N': ConsumerGroupId 'shared' is that of mapping 'M' already");
  },
);

behaves(
  {
    behaviour: "a kafka:// destination of less than 12 characters, a broker without a port, a time that is no number",
    source: CLOUDFORMATION,
    grade: "M",
  },
  () => {
    expectRefused({ ...PROVISIONED, ...failuresTo("kafka://dlq") }, "a topic of 4 to 249 letters");
    expectRefused(
      { SelfManagedEventSource: { Endpoints: { KafkaBootstrapServers: ["broker.example"] } } },
      "one broker's host:port",
    );
    expectRefused(
      { StartingPosition: "AT_TIMESTAMP", StartingPositionTimestamp: "2026-11-20T10:00Z" },
      "a number, in epoch seconds",
    );
  },
);

behaves(
  {
    behaviour:
      'a name that a setting\'s object doesn\'t have, a value of another kind; text such as "false" or "-1" is a value',
    source: CLOUDFORMATION,
    grade: "M",
  },
  () => {
    expectRefused({ DestinationConfig: { OnFailiure: {} } }, "DestinationConfig.OnFailiure is not a setting");
    expectRefused({ FilterCriteria: { Filters: [{ pattern: "{}" }] } }, "FilterCriteria.Filters[0].pattern is not");
    expectRefused({ Enabled: "no" }, 'Enabled is true or false: got "no"');
    expect(mappingWith({ Enabled: "false", MaximumRetryAttempts: "-1" }).isEnabled).toBe(false);
  },
);

behaves({ behaviour: "a function with a timeout over 14 minutes", source: "with-msk-configure", grade: "D" }, () => {
  const slow = { Type: "AWS::Lambda::Function", Properties: { Timeout: 841 } };
  expect(() => mappingsWith({ CountLambdaFunction: slow, M: kafkaMapping("count", "orders") })).toThrow(
    "up to 840 seconds",
  );
});

behaves(
  {
    behaviour: "Queue mode (Kafka share groups, KIP-932)",
    source: "polling-kafka-queue",
    grade: "D",
    emulated: { refused: "ConsumptionMode Queue (Kafka share groups) is not carried out" },
  },
  () => expectRefused({ SelfManagedKafkaEventSourceConfig: { ConsumptionMode: "Queue" } }, "ConsumptionMode Queue"),
);

lacks({
  behaviour: "a mapping is a resource with a State, a StateTransitionReason and a LastProcessingResult",
  source: "API GetEventSourceMapping",
  grade: "M",
  emulated: { not: "there is no API; `--status`, the log and the system log tell how it goes" },
});

lacks({
  behaviour: "a new or changed mapping takes up to minutes until it polls, and LATEST may miss what comes meanwhile",
  source: "kafka-starting-positions",
  grade: "D",
  emulated: { not: "it polls at once, and LATEST holds from the moment of the first join" },
});

function expectRefused(settings: Settings, words: string): void {
  expect(() => mappingWith(settings)).toThrow(words);
}
