// A whole function's events on a stage's cluster: self-managed Kafka or MSK, and what a function's code may rely on.
import { describe, expect, it } from "vitest";
import type { EventSource } from "../../../lib/deploy/service-mappings.ts";
import {
  deployFaults,
  functionFaults,
  impliedTopics,
  kafkaEventOf,
  prepare,
  readsPartialResponses,
  sourceFaults,
} from "../../../lib/deploy/service-mappings.ts";

const arn = "arn:aws:kafka:us-east-1:123456789012:cluster/demo/751d2973-a626-431c-9d4e-d7975eb44dd7-2";
const secret = "arn:aws:secretsmanager:us-east-1:123456789012:secret:kafka-AbCdEf";
const provisioned: EventSource = { pollers: "provisioned" };
const onDemand: EventSource = { pollers: "on-demand" };

const declaration = {
  topic: "transactions",
  bootstrapServers: ["b-1:9092,b-2:9092", "b-3:9092"],
  accessConfigurations: { vpcSubnet: ["subnet-1, subnet-2"], saslScram512Auth: [secret] },
  provisionedPollerConfig: { minimumPollers: 1, maximumPollers: 3 },
  functionResponseTypes: ["ReportBatchItemFailures"],
  maximumRetryAttempts: 10000,
  onFailureDestination: "kafka://transactions_failed",
};
const event = { kind: "kafka" as const, declaration };

describe("an event on its stage's cluster", () => {
  it("lists servers and subnets one by one, also when they came as one text from the command line", () => {
    expect(prepare(event, provisioned)).toMatchObject({
      kind: "kafka",
      declaration: {
        bootstrapServers: ["b-1:9092", "b-2:9092", "b-3:9092"],
        accessConfigurations: { vpcSubnet: ["subnet-1", "subnet-2"], saslScram512Auth: [secret] },
      },
    });
  });

  it("is an msk event where a cluster's ARN is given, with the secret and without servers", () => {
    const { kind, declaration } = prepare(event, { pollers: "provisioned", mskClusterArn: arn });
    expect(kind).toBe("msk");
    expect(declaration).toMatchObject({ topic: "transactions", arn, saslScram512: secret });
    expect(declaration).not.toHaveProperty("bootstrapServers");
    expect(declaration).not.toHaveProperty("accessConfigurations");
  });

  it("keeps its own cluster when it is declared as msk", () => {
    const own = { kind: "msk" as const, declaration: { topic: "transactions", arn } };
    expect(prepare(own, { pollers: "provisioned", mskClusterArn: `${arn}-other` }).declaration).toMatchObject({ arn });
  });

  it("hands osls nothing that its pollers can't carry out", () => {
    const { declaration } = prepare(event, onDemand);
    expect(declaration).not.toHaveProperty("provisionedPollerConfig");
    expect(declaration).not.toHaveProperty("onFailureDestination");
  });

  it("needs the topic it reads, and the failures' topic only where pollers can write there", () => {
    expect(impliedTopics(prepare(event, provisioned))).toEqual(["transactions", "transactions_failed"]);
    expect(impliedTopics(prepare(event, onDemand))).toEqual(["transactions"]);
  });
});

describe("partial batch responses", () => {
  const plain = { kind: "kafka" as const, declaration: { ...declaration, functionResponseTypes: null } };
  const table = [
    { why: "the mapping asks for them", events: [event], source: provisioned, reads: true },
    { why: "on-demand pollers never read them", events: [event], source: onDemand, reads: false },
    { why: "nobody asked", events: [plain], source: provisioned, reads: false },
    {
      why: "one of two mappings would take an answer for success",
      events: [event, plain],
      source: provisioned,
      reads: false,
    },
    { why: "a function without Kafka events", events: [], source: provisioned, reads: false },
  ];
  it.each(table)("are read: $reads, since $why", ({ events, source, reads }) => {
    expect(readsPartialResponses(events.map((one) => prepare(one, source)))).toBe(reads);
  });
});

describe("a function's faults name function, event and setting", () => {
  const events = (...declarations: object[]) => declarations.map((one) => ({ kafka: { ...declaration, ...one } }));
  const table = [
    {
      why: "a wrong value",
      declared: { events: events({ maximumRecordAgeInSeconds: 30 }) },
      says: /^Function 'sum', kafka event 'transactions': maximumRecordAgeInSeconds must be .*: got 30\.$/,
    },
    {
      why: "AWS polls Kafka for at most 14 minutes",
      declared: { timeout: 900, events: events({}) },
      says: /^Function 'sum': timeout must be at most 840 seconds .*: got 900\.$/,
    },
    {
      why: "osls would let the last of two win",
      declared: { events: events({}, { batchSize: 5 }) },
      says: /this topic is read twice/,
    },
    {
      why: "one answer can't be both",
      declared: { events: events({}, { topic: "other", functionResponseTypes: null }) },
      says: /functionResponseTypes must be on all of its Kafka events or on none/,
    },
  ];
  it.each(table)("$why", ({ declared, says }) => {
    const faults = functionFaults("sum", declared, provisioned);
    expect(faults).toHaveLength(1);
    expect(faults[0]).toMatch(says);
  });

  it("a schedule is not their concern", () => {
    expect(functionFaults("tick", { timeout: 900, events: [{ schedule: "rate(1 minute)" }] }, provisioned)).toEqual([]);
    expect(kafkaEventOf({ schedule: "rate(1 minute)" })).toBeUndefined();
  });
});

describe("a stage's settings", () => {
  const table = [
    { why: "both words are right", source: provisioned, faults: 0 },
    { why: "both words are right", source: onDemand, faults: 0 },
    { why: "an empty ARN is self-managed Kafka", source: { ...onDemand, mskClusterArn: "" }, faults: 0 },
    { why: "a cluster's ARN", source: { ...onDemand, mskClusterArn: arn }, faults: 0 },
    {
      why: "a topic's ARN is not a cluster's",
      source: { ...onDemand, mskClusterArn: arn.replace(":cluster/", ":topic/") },
      faults: 1,
    },
    { why: "a misspelt mode", source: JSON.parse('{"pollers":"ondemand"}'), faults: 1 },
  ];
  it.each(table)("$why: $source", ({ source, faults }) => {
    expect(sourceFaults(source)).toHaveLength(faults);
  });
});

describe("a stage can be deployed", () => {
  const table = [
    { why: "brokers with names", bootstrapServers: ["b-1.example:9092,b-2.example:9092"], faults: 0 },
    { why: "Lambda can't reach a laptop", bootstrapServers: ["127.0.0.1:9092"], faults: 1 },
    { why: "nor one of two", bootstrapServers: ["b-1.example:9092,localhost:9092"], faults: 1 },
    { why: "a name that only starts alike", bootstrapServers: ["localhosts.example:9092"], faults: 0 },
  ];
  it.each(table)("$bootstrapServers: $why", ({ bootstrapServers, faults }) => {
    expect(deployFaults({ pollers: "provisioned", bootstrapServers })).toHaveLength(faults);
  });
});
