// A stage's parameters: each missing or malformed one is a sentence that says which, what would be right and how to give it.
import { describe, expect, it } from "vitest";
import { type Parameters, parameterFaults } from "../../../lib/deploy/parameters.ts";

const secret = (name: string) => `arn:aws:secretsmanager:eu-west-1:123456789012:secret:${name}-AbCdEf`;
const cluster = "arn:aws:kafka:eu-west-1:123456789012:cluster/shop/751d2973-a626-431c-9d4e-d7975eb44dd7-2";
const key = "arn:aws:kms:eu-west-1:123456789012:key/0d990263-018e-4e65-a703-eff731de951e";

/** Confluent's cloud and the like: SASL/PLAIN at addresses that have names. */
const whole: Parameters = {
  bootstrapServers: "b-1.shop.example:9092,b-2.shop.example:9092",
  mskClusterArn: "",
  kafkaAuth: "plain",
  kafkaSecretArn: secret("kafka"),
  subnets: "subnet-0a1b2c3d,subnet-0123456789abcdef0",
  securityGroups: "sg-0a1b2c3d",
  databaseUrl: secret("db"),
  schemaRegistryUrl: "https://schemas.shop.example",
  trackApiKey: "",
  brlPerUsd: 5.42,
  currency: "USD",
  pollers: "on-demand",
  logRetentionDays: 7,
  onRemoval: "Delete",
  deletionProtection: false,
  alarms: "off",
  tracing: false,
};
const deployment = { region: "eu-west-1", functionNames: [], reachesAws: true };
const faultsOf = (changed: Parameters, stage = "dev", reachesAws = true) =>
  parameterFaults({ ...whole, ...changed }, { ...deployment, stage, reachesAws });

describe("a stage is whole", () => {
  const table = [
    { why: "self-managed Kafka with SASL/PLAIN", changed: {} },
    { why: "self-managed Kafka in the clear", changed: { kafkaAuth: "none", kafkaSecretArn: "" } },
    { why: "an authority of one's own", changed: { kafkaCaSecretArn: secret("ca") } },
    { why: "MSK by role", changed: { mskClusterArn: cluster, kafkaAuth: "iam", kafkaSecretArn: "" } },
    { why: "MSK by password", changed: { mskClusterArn: cluster, kafkaAuth: "scram-512", secretsKeyArn: key } },
    { why: "MSK by certificate", changed: { mskClusterArn: cluster, kafkaAuth: "mtls" } },
    { why: "a registry behind a key", changed: { schemaRegistryUrl: secret("registry") } },
    {
      why: "a database that asks for no password",
      changed: { databaseUrl: "postgres://shop@db.example/shop?sslmode=verify-full" },
    },
  ];
  it.each(table)("$why", ({ changed }) => {
    expect(faultsOf(changed)).toEqual([]);
  });
});

describe("a missing parameter is named, with what to give and how", () => {
  const needed = ["bootstrapServers", "kafkaAuth", "kafkaSecretArn", "subnets", "securityGroups", "databaseUrl"];
  it.each([
    ...needed,
    "schemaRegistryUrl",
    "brlPerUsd",
    "currency",
    "pollers",
    "logRetentionDays",
    "deletionProtection",
  ])("%s", (name) => {
    const faults = faultsOf({ [name]: "" }, "staging");
    expect(faults.join("\n")).toMatch(
      new RegExp(
        `^Stage 'staging' needs parameter ${name}: .+\\. Give --param="${name}=.+", or write it under params\\.staging in serverless\\.yml\\.$`,
      ),
    );
  });

  it("all of them at once", () => {
    expect(parameterFaults({}, { ...deployment, stage: "prod" }).length).toBeGreaterThan(8);
  });

  it("the key of MSK's secrets, which it takes under no other than one's own", () => {
    expect(faultsOf({ mskClusterArn: cluster, kafkaAuth: "scram-512" })).toEqual([
      expect.stringMatching(/^Stage 'dev' needs parameter secretsKeyArn: /),
    ]);
  });

  it("what each sentence gives as an example is right", () => {
    const sentences = parameterFaults(
      { kafkaAuth: "scram-512", mskClusterArn: cluster },
      { ...deployment, stage: "dev" },
    );
    const examples = sentences.flatMap((sentence) => [...sentence.matchAll(/--param="(\w+)=([^"]+)"/g)]);
    const given = Object.fromEntries(examples.map(([, name, value]) => [name, value]));
    expect(faultsOf({ ...given, mskClusterArn: cluster, kafkaAuth: "scram-512" })).toEqual([]);
  });
});

describe("a malformed one", () => {
  const table = [
    { name: "bootstrapServers", value: "b-1.shop.example" },
    { name: "bootstrapServers", value: "kafka://b-1:9092" },
    { name: "bootstrapServers", value: "b-1:9092,b-2:99999" },
    { name: "bootstrapServers", value: "b-1:0" },
    { name: "mskClusterArn", value: cluster.replace(":cluster/", ":topic/") },
    { name: "kafkaAuth", value: "sasl" },
    { name: "subnets", value: "subnet-0a1b2c3d;subnet-4e5f6a7b" },
    { name: "securityGroups", value: "default" },
    { name: "brlPerUsd", value: "5,42" },
    { name: "brlPerUsd", value: "0x10" },
    { name: "currency", value: "dollars" },
    { name: "pollers", value: "sometimes" },
    { name: "pollerGroup", value: "my.shop" },
    { name: "logRetentionDays", value: "10" },
    { name: "onRemoval", value: "Keep" },
    { name: "deletionProtection", value: "yes" },
    { name: "alarms", value: "yes" },
    { name: "alarmTopicArn", value: "arn:aws:sns:eu-west-1:123456789012:on-call.fifo" },
    { name: "tracing", value: "true" },
  ];
  it.each(table)("$name: $value", ({ name, value }) => {
    const faults = faultsOf({ [name]: value });
    expect(faults[0]).toMatch(new RegExp(`^Parameter ${name} must be .+: got ".+"\\. Give --param="${name}=`));
  });

  const secrets = [
    { name: "kafkaSecretArn", value: "hunter2" },
    { name: "databaseUrl", value: "hunter2" },
    { name: "databaseUrl", value: "mysql://db.example/hunter2" },
    { name: "databaseUrl", value: "postgres://shop:hunter2@db.example:5432/shop" },
    { name: "databaseUrl", value: "postgres://shop@db.example/shop?password=hunter2" },
    { name: "databaseUrl", value: "postgres://db.example/hunter2" },
    { name: "databaseUrl", value: "postgres://hunter2@db.example" },
    { name: "schemaRegistryUrl", value: "hunter2.shop.example" },
    { name: "schemaRegistryUrl", value: "https://hunter2@schemas.shop.example" },
    { name: "schemaRegistryUrl", value: "https://shop:hunter2@schemas.shop.example" },
    { name: "schemaRegistryUrl", value: "https://schemas.shop.example?token=hunter2" },
    { name: "trackApiKey", value: "hunter2" },
  ];
  it.each(secrets)("that may be a secret is refused without being shown: $name: $value", ({ name, value }) => {
    const faults = faultsOf({ [name]: value });
    expect(faults).toEqual([
      expect.stringMatching(new RegExp(`^Parameter ${name} must be .+: got something else, not shown`)),
    ]);
    expect(faults.join()).not.toContain("hunter2");
  });

  it("with a password in it is refused without being shown, where none belongs too", () => {
    expect(faultsOf({ currency: "https://shop:hunter2@schemas.shop.example" }).join()).not.toContain("hunter2");
  });
});

describe("white space would stand in the template", () => {
  const table = [
    { name: "subnets", value: "subnet-0a1b2c3d, subnet-4e5f6a7b" },
    { name: "kafkaSecretArn", value: ` ${secret("kafka")}` },
    { name: "bootstrapServers", value: "b-1.shop.example:9092\n" },
    { name: "databaseUrl", value: `${secret("db")} ` },
    { name: "trackApiKey", value: " " },
    { name: "brlPerUsd", value: "\t5.42" },
  ];
  it.each(table)("$name: '$value'", ({ name, value }) => {
    expect(faultsOf({ [name]: value })).toEqual([
      expect.stringMatching(
        new RegExp(`^Parameter ${name} must be without white space, around it and in it\\. Give --param=`),
      ),
    ]);
  });
});

describe("a stage's name is part of its functions'", () => {
  const named = (stage: string) =>
    parameterFaults(whole, {
      ...{ ...deployment, stage },
      functionNames: ["enrichRides", "aggregateTransactions"].map((key) => `serverless-kafka-streams-${stage}-${key}`),
    });

  it("which have 64 characters at most", () => {
    expect(named("feature-branch-12")).toEqual([]);
    expect(named("feature-branch-1234")).toEqual([
      "Stage 'feature-branch-1234' is too long: function 'serverless-kafka-streams-feature-branch-1234-aggregateTransactions' would have 66 characters, and Lambda takes 64. The stage may have 17.",
    ]);
  });
});

describe("what an ARN names is in the stage's region", () => {
  const elsewhere = (arn: string) => arn.replace("eu-west-1", "us-east-1");
  const byPassword = { mskClusterArn: cluster, kafkaAuth: "scram-512", secretsKeyArn: key };
  const table: readonly { readonly name: string; readonly changed: Parameters }[] = [
    { name: "mskClusterArn", changed: { ...byPassword, mskClusterArn: elsewhere(cluster) } },
    { name: "secretsKeyArn", changed: { ...byPassword, secretsKeyArn: elsewhere(key) } },
    { name: "kafkaSecretArn", changed: { kafkaSecretArn: elsewhere(secret("kafka")) } },
    { name: "kafkaCaSecretArn", changed: { kafkaCaSecretArn: elsewhere(secret("ca")) } },
    { name: "databaseUrl", changed: { databaseUrl: elsewhere(secret("db")) } },
    { name: "schemaRegistryUrl", changed: { schemaRegistryUrl: elsewhere(secret("registry")) } },
    { name: "trackApiKey", changed: { trackApiKey: elsewhere(secret("track")) } },
    { name: "alarmTopicArn", changed: { alarmTopicArn: "arn:aws:sns:us-east-1:123456789012:on-call" } },
  ];
  it.each(table)("$name", ({ name, changed }) => {
    expect(faultsOf(changed)).toEqual([
      `Parameter ${name} names what is in us-east-1, and the stage is in eu-west-1: give --region us-east-1, or what is in eu-west-1.`,
    ]);
  });
});

describe("two that don't go together", () => {
  const table = [
    { why: "only MSK knows roles", changed: { kafkaAuth: "iam", kafkaSecretArn: "" }, says: /give mskClusterArn too/ },
    { why: "MSK has no SASL/PLAIN", changed: { mskClusterArn: cluster }, says: /which Amazon MSK does not have/ },
    {
      why: "rights by role name the cluster",
      changed: {
        ...{ kafkaAuth: "iam", kafkaSecretArn: "" },
        mskClusterArn: cluster.replace(":cluster/", ":vpc-connection/123456789012/"),
      },
      says: /must be the cluster's own ARN/,
    },
    { why: "a secret that nobody reads", changed: { kafkaAuth: "none" }, says: /kafkaSecretArn has no use/ },
    {
      why: "an authority of no certificate",
      changed: { kafkaAuth: "none", kafkaSecretArn: "", kafkaCaSecretArn: secret("ca") },
      says: /kafkaCaSecretArn has no use with kafkaAuth none/,
    },
  ];
  it.each(table)("$why", ({ changed, says }) => {
    expect(faultsOf(changed)).toEqual([expect.stringMatching(says)]);
  });
});

describe("this machine", () => {
  const local = {
    ...{ bootstrapServers: "127.0.0.1:9092", kafkaAuth: "none", kafkaSecretArn: "" },
    databaseUrl: "postgres://postgres:postgres@127.0.0.1:5432/postgres",
    schemaRegistryUrl: "http://127.0.0.1:8081",
    trackApiKey: "s3cret",
  };

  it("has a stage of its own, which can be packaged, and deployed to an emulator", () => {
    expect(faultsOf(local, "local", false)).toEqual([]);
  });

  it("is not deployed to AWS", () => {
    expect(faultsOf(local, "local")).toEqual([
      "Stage 'local' is this machine's: deploy with --stage dev, staging or prod, or to an emulator by AWS_ENDPOINT_URL.",
    ]);
  });

  it("can't be reached from AWS by any of the addresses", () => {
    const changed = { ...local, trackApiKey: "" };
    expect(faultsOf(changed, "dev", false)).toEqual([]);
    expect(faultsOf(changed).map((fault) => /^Parameter (\w+) names (.+), this machine/.exec(fault)?.slice(1))).toEqual(
      [
        ["bootstrapServers", "127.0.0.1"],
        ["databaseUrl", "127.0.0.1"],
        ["schemaRegistryUrl", "127.0.0.1"],
      ],
    );
    expect(faultsOf({ bootstrapServers: "localhosts.example:9092" })).toEqual([]);
  });
});
