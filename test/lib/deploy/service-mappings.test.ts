// A whole function's events on a stage's cluster: self-managed Kafka or MSK, and what a function's code may rely on.
import { describe, expect, it } from "vitest";
import type { EventSource } from "../../../lib/deploy/service-mappings.ts";
import {
  functionFaults,
  impliedTopics,
  kafkaEventOf,
  prepare,
  readsPartialResponses,
} from "../../../lib/deploy/service-mappings.ts";
import type { KafkaAuth } from "../../../lib/kafka/auth.ts";

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
const prepared = (one: Parameters<typeof prepare>[0], source: EventSource) => prepare(one, source, "shop-dev-sum");

describe("an event on its stage's cluster", () => {
  it("lists servers and subnets one by one, also when they came as one text from the command line", () => {
    expect(prepared(event, provisioned)).toMatchObject({
      kind: "kafka",
      declaration: {
        bootstrapServers: ["b-1:9092", "b-2:9092", "b-3:9092"],
        accessConfigurations: { vpcSubnet: ["subnet-1", "subnet-2"], saslScram512Auth: [secret] },
      },
    });
  });

  it("is an msk event where a cluster's ARN is given, with the secret and without servers", () => {
    const source: EventSource = { pollers: "provisioned", mskClusterArn: arn, auth: "scram-512", secretArn: secret };
    const { kind, declaration } = prepared(event, source);
    expect(kind).toBe("msk");
    expect(declaration).toMatchObject({ topic: "transactions", arn, saslScram512: secret });
    expect(declaration).not.toHaveProperty("bootstrapServers");
    expect(declaration).not.toHaveProperty("accessConfigurations");
  });

  it("keeps its own cluster when it is declared as msk", () => {
    const own = { kind: "msk" as const, declaration: { topic: "transactions", arn } };
    expect(prepared(own, { pollers: "provisioned", mskClusterArn: `${arn}-other` }).declaration).toMatchObject({ arn });
  });

  it("hands osls nothing that its pollers can't carry out", () => {
    const { declaration } = prepared(event, onDemand);
    expect(declaration).not.toHaveProperty("provisionedPollerConfig");
    expect(declaration).not.toHaveProperty("onFailureDestination");
  });

  it("needs the topic it reads, and the failures' topic only where pollers can write there", () => {
    expect(impliedTopics(prepared(event, provisioned))).toEqual(["transactions", "transactions_failed"]);
    expect(impliedTopics(prepared(event, onDemand))).toEqual(["transactions"]);
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
    expect(readsPartialResponses(events.map((one) => prepared(one, source)))).toBe(reads);
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

describe("how Kafka is reached is one setting of the stage", () => {
  const own = { ...event, declaration: { ...declaration, accessConfigurations: { vpcSubnet: ["subnet-0"] } } };
  const network = { vpcSubnet: ["subnet-a", "subnet-b"], vpcSecurityGroup: ["sg-a"] };
  const selfManaged = [
    { auth: "none", shown: {} },
    { auth: "scram-512", shown: { saslScram512Auth: [secret] } },
    { auth: "scram-256", shown: { saslScram256Auth: [secret] } },
    { auth: "plain", shown: { saslPlainAuth: [secret] } },
    { auth: "mtls", shown: { clientCertificateTlsAuth: [secret] } },
  ] as const;
  const source = (auth: KafkaAuth): EventSource => ({
    ...{ pollers: "provisioned", auth, subnets: "subnet-a,subnet-b", securityGroups: "sg-a" },
    ...(auth === "none" ? {} : { secretArn: secret }),
  });

  it.each(selfManaged)("$auth at self-managed Kafka", ({ auth, shown }) => {
    expect(prepared(own, source(auth)).declaration.accessConfigurations).toEqual({ ...network, ...shown });
  });

  it("an authority of one's own is checked by pollers too", () => {
    const { declaration } = prepared(own, { ...source("plain"), authoritySecretArn: `${secret}2` });
    expect(declaration.accessConfigurations).toEqual({
      ...network,
      saslPlainAuth: [secret],
      serverRootCaCertificate: [`${secret}2`],
    });
  });

  const msk = [
    { auth: "none", declared: {}, properties: undefined },
    { auth: "scram-512", declared: { saslScram512: secret }, properties: undefined },
    { auth: "iam", declared: { consumerGroupId: "shop-dev-sum-mapping-transactions" }, properties: undefined },
    { auth: "mtls", declared: {}, properties: [{ Type: "CLIENT_CERTIFICATE_TLS_AUTH", URI: secret }] },
  ] as const;
  it.each(msk)("$auth at MSK", ({ auth, declared, properties }) => {
    const ready = prepared(own, { ...source(auth), mskClusterArn: arn });
    const { saslScram512, consumerGroupId } = ready.declaration;
    expect(JSON.parse(JSON.stringify({ saslScram512, consumerGroupId }))).toEqual(declared);
    expect(ready.properties.SourceAccessConfigurations).toEqual(properties);
  });
});

describe("a poller group", () => {
  const grouped: EventSource = { ...provisioned, pollerGroup: "shop" };
  const config = (one: typeof event, source: EventSource) => prepared(one, source).properties.ProvisionedPollerConfig;

  it("is every mapping's in its stage", () => {
    expect(config(event, grouped)).toMatchObject({ PollerGroupName: "shop", MinimumPollers: 1, MaximumPollers: 3 });
    expect(config(event, provisioned)).not.toHaveProperty("PollerGroupName");
  });

  it("is not that of a mapping which names its own, nor of on-demand pollers", () => {
    const own = { ...declaration.provisionedPollerConfig, pollerGroupName: "busy" };
    const busy = { ...event, declaration: { ...declaration, provisionedPollerConfig: own } };
    expect(config(busy, grouped)).toMatchObject({ PollerGroupName: "busy" });
    expect(config(event, { ...onDemand, pollerGroup: "shop" })).toBeUndefined();
  });
});
