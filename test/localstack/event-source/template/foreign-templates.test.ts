// Templates that Serverless didn't write: YAML with short forms, conditions, parameters, another stack's exports, CDK, SAM.
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: Fn::Sub has the same placeholders as a template literal
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { parseYaml } from "../../../../localstack/event-source/template/document.ts";
import { functionOf } from "../../../../localstack/event-source/template/function-definition.ts";
import { functionReference } from "../../../../localstack/event-source/template/function-reference.ts";
import { mappingsOf } from "../../../../localstack/event-source/template/mappings.ts";
import {
  type Given,
  LOCAL_ACCOUNT,
  readTemplate,
  resolveValue,
  resourcesOfType,
  type Template,
  templateOf,
} from "../../../../localstack/event-source/template/template.ts";

const folder = mkdtempSync(join(tmpdir(), "templates-"));
afterAll(() => rmSync(folder, { recursive: true }));

const yaml = (text: string, given?: Given): Template => templateOf(parseYaml(text), folder, LOCAL_ACCOUNT, given);

/** Writes the template into a folder with the rest, and reads it back. */
function written(name: string, text: string, given?: Given): Template {
  writeFileSync(join(folder, name), text);
  return readTemplate(join(folder, name), LOCAL_ACCOUNT, given);
}

const HANDWRITTEN = `
AWSTemplateFormatVersion: 2010-09-09
Parameters:
  Stage: { Type: String, Default: dev, AllowedValues: [dev, prod] }
  Brokers: { Type: CommaDelimitedList, Default: "b-1:9092, b-2:9092" }
  Secret: { Type: String }
  Image: { Type: "AWS::SSM::Parameter::Value<String>", Default: /a/name }
Mappings:
  Sizes:
    dev: { batch: 10 }
    prod: { batch: 1000 }
Conditions:
  IsProd: !Equals [!Ref Stage, prod]
  IsSmall: !Not [!Condition IsProd]
  Either: !Or [!Condition IsProd, !Equals [a, b]]
  Both: !And [!Condition IsProd, !Condition Either]
Resources:
  Sum:
    Type: AWS::Lambda::Function
    Properties:
      FunctionName: !Sub "\${AWS::StackName}-\${Stage}-sum"
      Runtime: nodejs24.x
      Handler: index.handler
      Code:
        ZipFile: |
          exports.handler = async () => "hello";
  Live:
    Type: AWS::Lambda::Alias
    Properties: { FunctionName: !Ref Sum, FunctionVersion: !GetAtt Seventh.Version, Name: live }
  Seventh: { Type: AWS::Lambda::Version, Properties: { FunctionName: !Ref Sum } }
  Mapping:
    Type: AWS::Lambda::EventSourceMapping
    Properties:
      FunctionName: !Ref Live
      Topics: [orders]
      BatchSize: !FindInMap [Sizes, !Ref Stage, batch]
      MaximumBatchingWindowInSeconds: !If [IsSmall, 0, !Ref AWS::NoValue]
      SelfManagedEventSource:
        Endpoints:
          KafkaBootstrapServers: !Ref Brokers
      SourceAccessConfigurations:
        - { Type: VPC_SUBNET, URI: !Join [":", [subnet, !ImportValue network-subnet]] }
        - { Type: VPC_SECURITY_GROUP, URI: "security_group:sg-1" }
  OnlyInProd:
    Type: AWS::Lambda::EventSourceMapping
    Condition: Both
    Properties: { FunctionName: !GetAtt Sum.Arn, Topics: [audit] }
`;
const network = { imports: { "network-subnet": "subnet-1" } };

describe("YAML with CloudFormation's tags", () => {
  test.each<[string, unknown]>([
    ["!Ref X", { Ref: "X" }],
    ["!GetAtt X.Arn", { "Fn::GetAtt": "X.Arn" }],
    ["!GetAtt [X, Arn]", { "Fn::GetAtt": ["X", "Arn"] }],
    ["!Sub '${X}'", { "Fn::Sub": "${X}" }],
    ["!Sub ['${a}', { a: !Ref X }]", { "Fn::Sub": ["${a}", { a: { Ref: "X" } }] }],
    [
      "!Join ['-', [!Ref X, !Select [0, !Split [',', 'a,b']]]]",
      {
        "Fn::Join": ["-", [{ Ref: "X" }, { "Fn::Select": [0, { "Fn::Split": [",", "a,b"] }] }]],
      },
    ],
    ["!Condition C", { Condition: "C" }],
    ["!Transform { Name: AWS::Include }", { "Fn::Transform": { Name: "AWS::Include" } }],
    ["{ a: 2010-09-09, b: '012' }", { a: "2010-09-09", b: "012" }],
  ])("%s", (text, expected) => expect(parseYaml(text)).toEqual(expected));

  test("a tag that CloudFormation doesn't have is refused", () => expect(() => parseYaml("!Reff X")).toThrow("!Reff"));

  test("a mapping of it is carried out as one of Serverless", () => {
    const [mapping, ...others] = mappingsOf(yaml(HANDWRITTEN, network));
    expect(mapping).toMatchObject({
      topic: "orders",
      functionLogicalId: "Sum",
      functionQualifier: "live",
      batchSize: 10,
      windowMs: 0,
      bootstrapServers: ["b-1:9092", "b-2:9092"],
      access: [
        { type: "VPC_SUBNET", uri: "subnet:subnet-1" },
        { type: "VPC_SECURITY_GROUP", uri: "security_group:sg-1" },
      ],
    });
    expect(others).toEqual([]);
  });

  test("with other parameters it is another one", () => {
    const template = yaml(HANDWRITTEN, { ...network, parameters: { Stage: "prod", Brokers: "c:9092" } });
    expect(resourcesOfType(template, "AWS::Lambda::EventSourceMapping")).toHaveLength(2);
    expect(resolveValue(template, template.resources.get("Mapping")?.properties)).toMatchObject({
      BatchSize: 1000,
      SelfManagedEventSource: { Endpoints: { KafkaBootstrapServers: ["c:9092"] } },
    });
  });
});

describe("what the template leaves open", () => {
  test.each<[string, () => unknown, string]>([
    [
      "an export that nobody gave is asked for",
      () => mappingsOf(yaml(HANDWRITTEN)),
      "give it with --import network-subnet=VALUE",
    ],
    [
      "so is a parameter without a default",
      () => resolveValue(yaml(HANDWRITTEN), { Ref: "Secret" }),
      "give one with --parameter Secret=VALUE",
    ],
    [
      "so is one whose default is a name in the Parameter Store",
      () => resolveValue(yaml(HANDWRITTEN), { Ref: "Image" }),
      "give one with --parameter Image=VALUE",
    ],
    [
      "a parameter that it doesn't have is refused",
      () => yaml(HANDWRITTEN, { parameters: { Stages: "dev" } }),
      "--parameter Stages: the template has no such parameter. Parameters: Stage, Brokers, Secret, Image.",
    ],
    [
      "so is a value that it doesn't allow",
      () => yaml(HANDWRITTEN, { parameters: { Stage: "test" } }),
      "Parameter 'Stage' is one of dev, prod: got 'test'",
    ],
    [
      "so is a key that a map doesn't have",
      () => resolveValue(yaml(HANDWRITTEN), { "Fn::FindInMap": ["Sizes", "dev", "x"] }),
      "Fn::FindInMap finds no Sizes.dev.x",
    ],
    [
      "so is a condition that needs itself",
      () =>
        resolveValue(yaml("Conditions: { A: !Not [!Condition B], B: !Not [!Condition A] }"), { "Fn::If": ["A", 1, 2] }),
      "Condition 'A' depends on itself: A → B → A",
    ],
  ])("%s", (_what, act, text) => expect(act).toThrow(text));
});

describe("the function of a mapping", () => {
  const template = yaml(HANDWRITTEN);
  test.each<[unknown, object | undefined]>([
    [{ Ref: "Sum" }, { logicalId: "Sum" }],
    [{ "Fn::GetAtt": ["Sum", "Arn"] }, { logicalId: "Sum" }],
    [{ "Fn::Join": [":", [{ "Fn::GetAtt": ["Sum", "Arn"] }, "live"]] }, { logicalId: "Sum", qualifier: "live" }],
    [{ "Fn::Sub": "${Sum.Arn}:7" }, { logicalId: "Sum", qualifier: "7" }],
    [{ Ref: "Live" }, { logicalId: "Sum", qualifier: "live" }],
    [{ Ref: "Seventh" }, { logicalId: "Sum" }],
    ["local-dev-sum", { logicalId: "Sum" }],
    ["local-dev-sum:live", { logicalId: "Sum", qualifier: "live" }],
    ["123456789012:function:local-dev-sum", { logicalId: "Sum" }],
    ["arn:aws:lambda:us-east-1:123456789012:function:local-dev-sum:3", { logicalId: "Sum", qualifier: "3" }],
    ["another", undefined],
    [{ "Fn::ImportValue": "theirs" }, undefined],
  ])("%j", (functionName, expected) => expect(functionReference(template, functionName)).toEqual(expected));
});

describe("a function's code", () => {
  const cdk = (metadata: object) =>
    JSON.stringify({
      Resources: {
        Fn1: {
          Type: "AWS::Lambda::Function",
          Metadata: metadata,
          Properties: { Code: { S3Bucket: "b", S3Key: "abc.zip" }, Handler: "index.handler", Runtime: "nodejs24.x" },
        },
      },
    });

  test("stands in the template", () =>
    expect(functionOf(yaml(HANDWRITTEN), "Sum").code).toEqual({ inline: 'exports.handler = async () => "hello";\n' }));

  test("is an asset of the CDK, a folder beside the template", () => {
    mkdirSync(join(folder, "asset.abc"), { recursive: true });
    const template = written("Stack.template.json", cdk({ "aws:asset:path": "asset.abc" }));
    expect(functionOf(template, "Fn1").code).toEqual({ directory: join(folder, "asset.abc") });
  });

  test("is where --code says, before anything else", () => {
    const template = written("Stack.template.json", cdk({ "aws:asset:path": "asset.gone" }));
    expect(functionOf(template, "Fn1", {}, folder).code).toEqual({ directory: folder });
    expect(() => functionOf(template, "Fn1")).toThrow("give --code Fn1=FOLDER");
  });

  test("runs here only if it is for Node.js", () => {
    const template = yaml("Resources: { F: { Type: AWS::Lambda::Function, Properties: { Runtime: python3.13 } } }");
    expect(() => functionOf(template, "F")).toThrow("Function 'F' is for python3.13: only Node.js runs here.");
  });
});

describe("what is expanded inside AWS only is refused by name", () => {
  test.each<[string, string, string]>([
    [
      "SAM",
      "Resources: { Fn: { Type: AWS::Serverless::Function } }",
      "Resource 'Fn' is SAM's AWS::Serverless::Function",
    ],
    ["loops", "Resources: { 'Fn::ForEach::Topics': [] }", "Fn::ForEach::Topics is expanded inside AWS only"],
    ["broken YAML", "Resources: [", "It must be CloudFormation's JSON or YAML."],
  ])("%s", (_what, text, message) => expect(() => written("t.yml", text)).toThrow(message));
});

describe("what is no template is refused", () => {
  test.each(["[]", "", "hello", "{}", '{"Resources":{}}', "Resources:", "Resources: []"])("%s", (text) =>
    expect(() => written("t.yml", text)).toThrow(
      "t.yml: Template format error: At least one Resources member must be defined.",
    ),
  );
});
