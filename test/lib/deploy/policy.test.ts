// What a role may do follows from what its function declares. Whole roles are in roles.int.test.ts; here is what each declaration adds.
import { describe, expect, it } from "vitest";
import { policyOf, type RoleContext, type RoleSubject, usesFaults } from "../../../lib/deploy/policy.ts";
import { sizeFaults } from "../../../lib/deploy/policy-size.ts";

const cluster = "arn:aws:kafka:eu-west-1:123456789012:cluster/shop/751d2973-a626-431c-9d4e-d7975eb44dd7-2";
const types: Readonly<Record<string, string>> = {
  Table: "AWS::DynamoDB::Table",
  Bucket: "AWS::S3::Bucket",
  Queue: "AWS::SQS::Queue",
  Api: "AWS::ApiGatewayV2::Api",
};
const typeOf = (id: string) => types[id];
const subject: RoleSubject = {
  name: "shop-dev-sum",
  namesStart: "shop-dev-",
  environment: {},
  topics: {},
  events: [],
  uses: {},
};
const context: RoleContext = { source: { pollers: "provisioned" }, isInVpc: false, isTraced: false, typeOf };
const event = { topic: "payments" };

/** The statements that a declaration adds, each as `actions on resources`. */
function added(declared: Partial<RoleSubject>, surroundings: Partial<RoleContext> = {}) {
  const before = new Set(policyOf(subject, context).map(({ Sid }) => Sid));
  return policyOf({ ...subject, ...declared }, { ...context, ...surroundings })
    .filter(({ Sid }) => !before.has(Sid))
    .map(({ Action, Resource }) => [Action, Resource]);
}

it("a function that declares nothing may write its own log and nothing else", () => {
  expect(policyOf(subject, context).map(({ Action }) => Action)).toEqual([
    ["logs:CreateLogStream", "logs:PutLogEvents"],
  ]);
});

describe("a failure's destination is a right to write there", () => {
  const table = [
    { to: { "Fn::GetAtt": ["Queue", "Arn"] }, rights: [[["sqs:SendMessage"], [{ "Fn::GetAtt": ["Queue", "Arn"] }]]] },
    { to: "arn:aws:sqs:eu-west-1:1:q", rights: [[["sqs:SendMessage"], ["arn:aws:sqs:eu-west-1:1:q"]]] },
    { to: "arn:aws:sns:eu-west-1:1:t", rights: [[["sns:Publish"], ["arn:aws:sns:eu-west-1:1:t"]]] },
    {
      to: "arn:aws:s3:::letters",
      rights: [
        [["s3:ListBucket"], ["arn:aws:s3:::letters"]],
        [["s3:PutObject"], [{ "Fn::Join": ["", ["arn:aws:s3:::letters", "/*"]] }]],
      ],
    },
    { to: "kafka://payments_failed", rights: [] }, // self-managed Kafka has its own permissions
  ];
  it.each(table)("$to", ({ to, rights }) => {
    expect(added({ events: [{ ...event, onFailureDestination: to }] })).toEqual(rights);
  });

  it("once, where several events share it, and for asynchronous invocations too", () => {
    const to = { "Fn::GetAtt": ["Queue", "Arn"] };
    const events = [event, { topic: "refunds" }].map((one) => ({ ...one, onFailureDestination: to }));
    expect(added({ events, failedInvocationsTo: to })).toEqual([[["sqs:SendMessage"], [to]]]);
  });
});

describe("a secret that a setting names", () => {
  const secret = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:db-AbCdEf";
  const environment = { DATABASE_URL: secret, AGAIN: secret, TOPIC: "payments", EMPTY: "" };

  it("may be read", () => {
    expect(added({ environment })).toEqual([[["secretsmanager:GetSecretValue"], [secret]]]);
  });

  it("may be decrypted by its key, through Secrets Manager alone", () => {
    const secretsKeyArn = "arn:aws:kms:eu-west-1:123456789012:key/1";
    const decrypt = policyOf({ ...subject, environment }, { ...context, secretsKeyArn }).find(({ Action }) =>
      Action.includes("kms:Decrypt"),
    );
    expect(decrypt?.Resource).toEqual([secretsKeyArn]);
    expect(decrypt?.Condition).toEqual({
      StringEquals: { "kms:ViaService": { "Fn::Sub": "secretsmanager.$" + "{AWS::Region}.$" + "{AWS::URLSuffix}" } },
    });
  });
});

describe("reading MSK", () => {
  const reading = (source: Partial<RoleContext["source"]>) =>
    added({ events: [event] }, { source: { pollers: "provisioned", mskClusterArn: cluster, ...source } });

  it("is looking the cluster up", () => {
    expect(reading({ auth: "mtls" })).toEqual([
      [["kafka:DescribeCluster", "kafka:DescribeClusterV2"], [cluster]],
      [["kafka:GetBootstrapBrokers"], "*"],
    ]);
  });

  it("by password takes the list of its passwords, in another account the connection to it", () => {
    const elsewhere = cluster.replace(":cluster/", ":vpc-connection/210987654321/");
    expect(reading({ auth: "scram-512" })[0]?.[0]).toContain("kafka:ListScramSecrets");
    expect(reading({ auth: "mtls", mskClusterArn: elsewhere })[0]?.[0]).toContain("kafka:DescribeVpcConnection");
  });
});

describe("a keeper's role, at MSK by role", () => {
  const source = { pollers: "provisioned", mskClusterArn: cluster, auth: "iam" } as const;
  const keeping = (...owners: readonly string[]) => ({
    ...subject,
    name: "shop-dev-keep",
    environment: { KEPT_PLACES: owners.map((owner) => `${owner}=payments`).join(",") },
  });
  const groupsOf = (one: RoleSubject) =>
    policyOf(one, { ...context, source })
      .filter(({ Action }) => Action.includes("kafka-cluster:AlterGroup"))
      .flatMap(({ Resource }) => Resource)
      .map((arn) => String(arn).split("/").at(-1));

  it("names all of the service's groups of the stage by what they start with", () => {
    expect(groupsOf(keeping("shop-dev-sum", "shop-dev-store"))).toEqual(["shop-dev-*"]);
  });

  it("and a function by its name that was given one of its own", () => {
    expect(groupsOf(keeping("shop-dev-sum", "till"))).toEqual(["shop-dev-*", "till", "till-*"]);
  });

  it("nobody else's names more than its own", () => {
    expect(groupsOf({ ...subject, events: [event] })).toEqual(["shop-dev-sum", "shop-dev-sum-*"]);
  });

  it("has room for many functions with long names", () => {
    const cluster = `arn:aws:kafka:ap-southeast-1:123456789012:cluster/${"c".repeat(64)}/751d2973-a626-431c-9d4e-d7975eb44dd7-25`;
    const names = Array.from({ length: 20 }, (_, at) => `shop-dev-${String(at).padStart(55, "f")}`);
    const made = policyOf(keeping(...names), {
      ...{ ...context, isInVpc: true, isTraced: true },
      source: { ...source, mskClusterArn: cluster },
    });
    expect(sizeFaults("keep", made)).toEqual([]);
  });
});

describe("a role's size", () => {
  const statement = (Resource: readonly unknown[]) => ({ Sid: "S", Effect: "Allow", Action: [], Resource }) as const;
  const around = JSON.stringify({ Version: "2012-10-17", Statement: [statement([""])] }).length;

  it("is what IAM takes at most, and one more is refused in a sentence", () => {
    expect(sizeFaults("sum", [statement(["x".repeat(10_240 - around)])])).toEqual([]);
    expect(sizeFaults("sum", [statement(["x".repeat(10_241 - around)])])).toEqual([
      expect.stringMatching(/^Function 'sum': its role's policy has up to 10241 characters, and IAM takes 10240\. /),
    ]);
  });

  it("is counted with references as CloudFormation may write them", () => {
    const references = Array.from({ length: 60 }, () => ({ "Fn::GetAtt": ["T", "Arn"] }));
    expect(sizeFaults("sum", [statement(references)])).toHaveLength(1);
  });
});

it("traces may be written where the stage traces", () => {
  expect(added({}, { isTraced: true })).toEqual([[["xray:PutTraceSegments", "xray:PutTelemetryRecords"], "*"]]);
});

describe("what a function uses", () => {
  it("is the named actions on the named resource, or on what lies under a path of it", () => {
    expect(added({ uses: { Table: ["GetItem"], "Bucket/charts/*": ["PutObject"] } })).toEqual([
      [["dynamodb:GetItem"], [{ "Fn::GetAtt": ["Table", "Arn"] }]],
      [["s3:PutObject"], [{ "Fn::Sub": "$" + "{Bucket.Arn}/charts/*" }]],
    ]);
  });

  const wrong = [
    { uses: { Tabel: ["GetItem"] }, says: /uses\.Tabel: must be the logical id of a table, .*: that is not there\./ },
    { uses: { Api: ["Invoke"] }, says: /that is AWS::ApiGatewayV2::Api/ },
    { uses: { Table: ["*"] }, says: /must list dynamodb's actions by name, such as \[GetItem\]: got \["\*"\]/ },
    { uses: { Table: [] }, says: /must list dynamodb's actions by name/ },
  ];
  it.each(wrong)("is refused in a sentence: $uses", ({ uses, says }) => {
    expect(usesFaults("sum", uses, typeOf)).toEqual([expect.stringMatching(says)]);
  });
});
