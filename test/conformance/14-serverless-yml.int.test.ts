// Group 14: what a `kafka` or `msk` event of a serverless.yml becomes: the Serverless Framework's template, read as the event source reads it.
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect } from "vitest";
import type { Mapping } from "../../localstack/event-source/template/mapping.ts";
import { mappingsOf } from "../../localstack/event-source/template/mappings.ts";
import { templateOf } from "../../localstack/event-source/template/template.ts";
import { packageService, remove, serverless } from "../support/packaging.ts";
import { behaves } from "./behaviour.ts";
import { MSK_ARN } from "./scene.ts";

const EVENTS = "serverless/serverless v3.40.0 and osls 4.3.1: package/compile/events";

/** A function with one event each, by function name. */
const events = {
  plain: { kafka: { topic: "plain" } },
  full: {
    kafka: {
      topic: "full",
      batchSize: 5000,
      maximumBatchingWindow: 30,
      enabled: false,
      startingPosition: "AT_TIMESTAMP",
      startingPositionTimestamp: 1_760_000_000,
      consumerGroupId: "mine",
      filterPatterns: [{ value: { a: [1] } }, { value: ["x"] }],
    },
  },
  zero: { kafka: { topic: "zero", maximumBatchingWindow: 0 } },
  extended: { kafka: { topic: "extended", provisionedPollerConfig: { minimumPollers: 2, maximumPollers: 4 } } },
  failing: {
    kafka: {
      topic: "failing",
      provisionedPollerConfig: { minimumPollers: 1 },
      onFailureDestination: "kafka://failed-ones",
    },
  },
  managed: { msk: { arn: MSK_ARN, topic: "managed", consumerGroupId: "theirs" } },
} as const;

const extensions = {
  ExtendedEventSourceMappingKafkaExtended: {
    Properties: {
      FunctionResponseTypes: ["ReportBatchItemFailures"],
      BisectBatchOnFunctionError: true,
      MaximumRetryAttempts: 7,
      MaximumRecordAgeInSeconds: 600,
      BatchSize: 42,
    },
  },
};

const folders = new Set<string>();
afterAll(() => folders.forEach(remove));

behaves(
  {
    behaviour: "startingPosition is TRIM_HORIZON and batchSize 100 when an event does not say",
    source: EVENTS,
    grade: "S",
  },
  async () => {
    const { template, mapping } = await packaged();
    expect(template("PlainEventSourceMappingKafkaPlain")).toMatchObject({ StartingPosition: "TRIM_HORIZON" });
    expect(await mapping("plain")).toMatchObject({ batchSize: 100, windowMs: 500, mode: "on-demand", isEnabled: true });
  },
);

behaves({ behaviour: "every word of a kafka event reaches the mapping", source: EVENTS, grade: "S" }, async () => {
  const { mapping } = await packaged();
  expect(await mapping("full")).toMatchObject({
    batchSize: 5000,
    windowMs: 30_000,
    isEnabled: false,
    startingPosition: { kind: "AT_TIMESTAMP", timestamp: 1_760_000_000_000 },
    consumerGroup: "mine",
    filters: [{ pattern: '{"value":{"a":[1]}}' }, { pattern: '{"value":["x"]}' }],
  });
});

behaves(
  {
    behaviour: "a batchSize over 10 needs no maximumBatchingWindow, whatever the framework's documents say",
    source: ["kafka-esm-parameters", EVENTS],
    grade: "D",
  },
  async () => expect((await (await packaged()).mapping("plain")).batchSize).toBeGreaterThan(10),
);

behaves(
  {
    behaviour: "maximumBatchingWindow 0 is dropped without a word: the mapping has AWS's 500 ms",
    source: EVENTS,
    grade: "S",
  },
  async () => {
    const { template, mapping } = await packaged();
    expect(template("ZeroEventSourceMappingKafkaZero")).not.toHaveProperty("MaximumBatchingWindowInSeconds");
    expect((await mapping("zero")).windowMs).toBe(500);
  },
);

behaves(
  { behaviour: "resources.extensions are laid over the mapping that an event becomes", source: EVENTS, grade: "S" },
  async () => {
    const { mapping } = await packaged();
    expect(await mapping("extended")).toMatchObject({
      batchSize: 42,
      mode: "provisioned",
      minimumPollers: 2,
      maximumPollers: 4,
      policy: { maxRetries: 7, maxAgeMs: 600_000, bisects: true, readsPartialResponses: true },
    });
  },
);

behaves(
  {
    behaviour: "onFailureDestination and provisionedPollerConfig (osls): 10 retries, then the topic",
    source: EVENTS,
    grade: "S",
  },
  async () => {
    const { mapping } = await packaged();
    expect(await mapping("failing")).toMatchObject({
      mode: "provisioned",
      policy: { maxRetries: 10 },
      destination: { kind: "kafka", topic: "failed-ones" },
    });
  },
);

behaves(
  {
    behaviour: "an msk event's arn is the events' eventSourceArn; its group is under Amazon's own key",
    source: EVENTS,
    grade: "S",
  },
  async () => {
    const { template, mapping } = await packaged();
    expect(template("ManagedEventSourceMappingMSKDemoManaged")).toMatchObject({
      EventSourceArn: MSK_ARN,
      AmazonManagedKafkaEventSourceConfig: { ConsumerGroupId: "theirs" },
    });
    expect(await mapping("managed")).toMatchObject({ kind: "msk", eventSourceArn: MSK_ARN, consumerGroup: "theirs" });
  },
);

behaves(
  {
    behaviour: "accessConfigurations become AWS's types in the order written",
    source: EVENTS,
    grade: "S",
  },
  async () => {
    const { template } = await packaged();
    expect(template("PlainEventSourceMappingKafkaPlain").SourceAccessConfigurations).toEqual([
      { Type: "VPC_SUBNET", URI: "subnet:subnet-0a1b" },
      { Type: "VPC_SECURITY_GROUP", URI: "security_group:sg-0c2d" },
      { Type: "SASL_SCRAM_512_AUTH", URI: "arn:aws:secretsmanager:us-east-1:123456789012:secret:s" },
    ]);
  },
);

behaves(
  { behaviour: "a word that the event does not have is an error (osls)", source: EVENTS, grade: "S" },
  async () => {
    const folder = serviceWith({ odd: { kafka: { topic: "odd-one", maximumRetryAttempts: 3 } } });
    const { code, output } = await serverless(folder, ["package"]);
    expect(code).not.toBe(0);
    expect(output).toContain("unrecognized property 'maximumRetryAttempts'");
  },
);

interface Packaged {
  /** A resource's properties. */
  template(logicalId: string): Readonly<Record<string, unknown>>;
  mapping(topic: string): Promise<Mapping>;
}

let made: Promise<Packaged> | undefined;

function packaged(): Promise<Packaged> {
  made ??= packageService(serviceWith(events, extensions)).then(({ directory, template }) => {
    const mappings = mappingsOf(templateOf(template, directory), { access: "none" });
    return {
      template: (logicalId) => template.Resources[logicalId]?.Properties ?? {},
      mapping: async (topic) => {
        const found = mappings.find((mapping) => mapping.topic === topic);
        if (found === undefined) throw new Error(`No mapping reads '${topic}': got ${mappings.map((m) => m.topic)}`);
        return found;
      },
    };
  });
  return made;
}

/** A service of nothing but functions with these events, in a folder of its own, without any plugin. */
function serviceWith(
  declared: Readonly<Record<string, Readonly<Record<string, object>>>>,
  extended: object = {},
): string {
  const folder = mkdtempSync(join(tmpdir(), "serverless-kafka-events-"));
  folders.add(folder);
  const cluster = {
    bootstrapServers: ["broker.example:9092"],
    accessConfigurations: {
      vpcSubnet: ["subnet-0a1b"],
      vpcSecurityGroup: ["sg-0c2d"],
      saslScram512Auth: ["arn:aws:secretsmanager:us-east-1:123456789012:secret:s"],
    },
  };
  const functions = Object.entries(declared).map(([name, event]) => {
    const complete = event.kafka === undefined ? event : { kafka: { ...cluster, ...event.kafka } };
    return [name, { handler: "handler.handler", events: [complete] }];
  });
  const service = {
    service: "foreign",
    frameworkVersion: "*",
    provider: { name: "aws", runtime: "nodejs22.x" },
    functions: Object.fromEntries(functions),
    resources: { extensions: extended },
  };
  writeFileSync(join(folder, "serverless.json"), JSON.stringify(service));
  writeFileSync(join(folder, "handler.js"), "exports.handler = async () => {};\n");
  return folder;
}
