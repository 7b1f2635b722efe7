// The compiled template of each stage, kind of cluster and way of paying: valid, whole, and with no more rights than functions need.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { lint, type ServiceActions, serviceActions } from "../../support/cfn-lint.ts";
import { copyWithoutBundles, type Package, packageService, type Resource, remove } from "../../support/packaging.ts";
import { everywhere, inRegion, kafkaSecret, key, msk, secret, statementsOf } from "../../support/stage-parameters.ts";

interface Case {
  readonly stage: string;
  readonly pollers: "provisioned" | "on-demand";
  readonly auth: string;
  readonly params?: Readonly<Record<string, string>>;
}

const cases: readonly Case[] = [
  { stage: "dev", pollers: "on-demand", auth: "plain", params: { ...kafkaSecret, kafkaCaSecretArn: secret("ca") } },
  { stage: "dev", pollers: "provisioned", auth: "iam", params: { mskClusterArn: msk } },
  { stage: "staging", pollers: "provisioned", auth: "mtls", params: kafkaSecret },
  { stage: "staging", pollers: "on-demand", auth: "mtls", params: { ...kafkaSecret, mskClusterArn: msk } },
  {
    ...{ stage: "prod", pollers: "on-demand", auth: "scram-512" },
    params: { ...kafkaSecret, mskClusterArn: msk, secretsKeyArn: key },
  },
  { stage: "prod", pollers: "provisioned", auth: "iam", params: { mskClusterArn: msk } },
];
const titleOf = ({ stage, pollers, auth, params }: Case) =>
  `${stage}, ${pollers} pollers, ${params?.mskClusterArn ? "MSK" : "self-managed Kafka"} by ${auth}`;

const made = new Map<Case, Package>();
let actions: Readonly<Record<string, ServiceActions>>;

beforeAll(async () => {
  actions = await serviceActions();
  // Two at a time: each takes seconds of a processor.
  const waiting = [...cases];
  const work = async () => {
    for (let one = waiting.shift(); one !== undefined; one = waiting.shift()) {
      const params = { ...everywhere, ...one.params, kafkaAuth: one.auth, pollers: one.pollers };
      made.set(one, await packageService(copyWithoutBundles(), params, one.stage, inRegion));
    }
  };
  await Promise.all([work(), work()]);
});
afterAll(() => {
  for (const { directory } of made.values()) remove(directory);
});

const ofType = (one: Case, type: string) =>
  Object.entries(made.get(one)?.template.Resources ?? {}).filter(([, { Type }]) => Type === type);
const resource = (one: Case, id: string): Resource => made.get(one)?.template.Resources[id] as Resource;

describe.each(cases.map((one) => [titleOf(one), one] as const))("%s", (_title, one) => {
  const isMsk = one.params?.mskClusterArn !== undefined;

  it("cfn-lint finds nothing", async () => {
    expect(await lint(made.get(one)?.templateFile ?? "")).toBe("");
  });

  it("every mapping has what its function's code relies on, and nothing that its pollers can't carry out", () => {
    const mappings = ofType(one, "AWS::Lambda::EventSourceMapping");
    expect(mappings.length).toBeGreaterThan(10);
    for (const [id, { Properties }] of mappings) {
      const reads = resource(one, Properties.FunctionName["Fn::GetAtt"][0]).Properties.Environment.Variables;
      const isProvisioned = one.pollers === "provisioned";
      expect(reads.PARTIAL_BATCH_RESPONSES, id).toBe(String(isProvisioned));
      const advanced = {
        FunctionResponseTypes: ["ReportBatchItemFailures"],
        BisectBatchOnFunctionError: true,
        MaximumRetryAttempts: 10_000,
        MaximumRecordAgeInSeconds: -1,
        DestinationConfig: { OnFailure: { Destination: expect.stringMatching(/^kafka:\/\/\w+_failed$/) } },
      };
      for (const [name, value] of Object.entries(advanced))
        expect(Properties[name], id).toEqual(isProvisioned ? value : undefined);
      const group = one.stage === "dev" ? {} : { PollerGroupName: `serverless-kafka-streams-${one.stage}` };
      const pollers = { MinimumPollers: 1, MaximumPollers: 10, ...group };
      expect(Properties.ProvisionedPollerConfig, id).toEqual(isProvisioned ? pollers : undefined);
      expect(Properties.StartingPosition, id).toBe("TRIM_HORIZON");
      expect(Properties.EventSourceArn, id).toBe(isMsk ? msk : undefined);
    }
  });

  it("where there are alarms, every mapping has those that it can ring, with the metrics for them", () => {
    const isWatched = one.stage !== "dev";
    const givesUp = isWatched && one.pollers === "provisioned";
    for (const [id, { Properties }] of ofType(one, "AWS::Lambda::EventSourceMapping")) {
      expect(Properties.MetricsConfig, id).toEqual(isWatched ? { Metrics: ["EventCount"] } : undefined);
      for (const [kind, isThere] of [
        ["GivenUp", givesUp],
        ["LostRecords", givesUp],
        ["SilentMapping", isWatched],
      ] as const) {
        const alarm = made.get(one)?.template.Resources[`${id}${kind}Alarm`];
        expect(alarm?.Properties.Dimensions, `${id} ${kind}`).toEqual(
          isThere ? [{ Name: "EventSourceMappingUUID", Value: { Ref: id } }] : undefined,
        );
      }
    }
  });

  it("mappings and functions reach Kafka the same way", () => {
    const network = [
      { Type: "VPC_SUBNET", URI: "subnet:subnet-0a1b2c3d" },
      { Type: "VPC_SUBNET", URI: "subnet:subnet-4e5f6a7b" },
      { Type: "VPC_SECURITY_GROUP", URI: "security_group:sg-0a1b2c3d" },
    ];
    const types: Readonly<Record<string, string>> = {
      plain: "BASIC_AUTH",
      "scram-512": "SASL_SCRAM_512_AUTH",
      mtls: "CLIENT_CERTIFICATE_TLS_AUTH",
    };
    const proof = one.auth === "iam" ? [] : [{ Type: types[one.auth], URI: kafkaSecret.kafkaSecretArn }];
    const authority = one.params?.kafkaCaSecretArn
      ? [{ Type: "SERVER_ROOT_CA_CERTIFICATE", URI: one.params.kafkaCaSecretArn }]
      : [];
    const shown = [...(isMsk ? [] : network), ...proof, ...authority];
    for (const [id, { Properties }] of ofType(one, "AWS::Lambda::EventSourceMapping")) {
      expect(Properties.SourceAccessConfigurations ?? [], id).toEqual(shown);
      const reader = resource(one, Properties.FunctionName["Fn::GetAtt"][0]).Properties;
      expect(reader.Environment.Variables, id).toMatchObject({
        KAFKA_AUTH: one.auth,
        KAFKA_SECRET_ARN: one.params?.kafkaSecretArn ?? "",
        KAFKA_CA_SECRET_ARN: one.params?.kafkaCaSecretArn ?? "",
      });
    }
  });

  it("every function has a role of its own, and there is no other", () => {
    const roles = ofType(one, "AWS::Lambda::Function").map(([, { Properties }]) => Properties.Role["Fn::GetAtt"][0]);
    expect(new Set(roles).size).toBe(roles.length);
    expect(
      ofType(one, "AWS::IAM::Role")
        .map(([id]) => id)
        .sort(),
    ).toEqual([...roles].sort());
  });

  it("no role has `*` where AWS takes a resource, and every action exists", () => {
    const allowed = ofType(one, "AWS::IAM::Role").flatMap(([id, role]) =>
      statementsOf(role)
        .filter(({ Effect }) => Effect === "Allow")
        .flatMap(({ Action, Resource }) =>
          Action.map((action) => ({ id, action, isEverything: String(Resource) === "*" })),
        ),
    );
    const known = allowed.map(({ id, action, isEverything }) => {
      const [prefix = "", name = ""] = action.split(":");
      const found = actions[prefix]?.Actions[name.toLowerCase()];
      return {
        id,
        action,
        exists: found !== undefined,
        isTooWide: isEverything && (found?.Resources ?? []).length > 0,
      };
    });
    expect(known.filter(({ exists, isTooWide }) => !exists || isTooWide)).toEqual([]);
  });

  it("no secret's content stands in it", () => {
    const environments = ofType(one, "AWS::Lambda::Function").map(
      ([, { Properties }]) => Properties.Environment.Variables,
    );
    for (const { DATABASE_URL, SCHEMA_REGISTRY_URL, TRACK_API_KEY } of environments) {
      for (const value of [DATABASE_URL, SCHEMA_REGISTRY_URL, TRACK_API_KEY]) {
        if (value !== undefined) expect(value).toMatch(/^arn:aws:secretsmanager:/);
      }
    }
  });

  it("tables and queues stay when prod is removed, tables can be brought back, logs are kept for a time", () => {
    const stays = one.stage === "prod" ? "Retain" : "Delete";
    const tables = ofType(one, "AWS::DynamoDB::Table");
    const queues = ofType(one, "AWS::SQS::Queue");
    for (const [id, { DeletionPolicy, UpdateReplacePolicy }] of [...tables, ...queues]) {
      expect({ DeletionPolicy, UpdateReplacePolicy }, id).toEqual({
        DeletionPolicy: stays,
        UpdateReplacePolicy: stays,
      });
    }
    for (const [, { Properties }] of tables) {
      expect(Properties).toMatchObject({
        DeletionProtectionEnabled: one.stage === "prod",
        TimeToLiveSpecification: { AttributeName: "expiresAt", Enabled: true },
        PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
        SSESpecification: { SSEEnabled: true },
      });
    }
    for (const [, { Properties }] of queues) expect(Properties.SqsManagedSseEnabled).toBe(true);
    const days = { dev: 7, staging: 30, prod: 90 }[one.stage];
    for (const [id, { Properties }] of ofType(one, "AWS::Logs::LogGroup"))
      expect(Properties.RetentionInDays, id).toBe(days);
  });
});
