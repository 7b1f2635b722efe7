// biome-ignore-all lint/suspicious/noTemplateCurlyInString: Fn::Sub has the same placeholders as a template literal
import { describe, expect, test } from "vitest";
import { schedulesOf } from "../../../../localstack/event-source/schedule.ts";
import { functionOf, selectFunctions } from "../../../../localstack/event-source/template/function-definition.ts";
import { resolveValue, templateOf } from "../../../../localstack/event-source/template/template.ts";

const document = {
  Parameters: {
    Stage: { Type: "String", Default: "dev" },
    Secret: { Type: "String" },
    Zones: { Type: "AWS::SSM::Parameter::Value<List<String>>", Default: "/zones" },
  },
  Resources: {
    WindowsTable: { Type: "AWS::DynamoDB::Table", Properties: { TableName: { "Fn::Sub": "svc-${Stage}-windows" } } },
    Nameless: { Type: "AWS::DynamoDB::Table", Properties: {} },
    Queue: { Type: "AWS::SQS::Queue", Properties: { QueueName: "q" } },
    Login: { Type: "AWS::SecretsManager::Secret", Properties: { Name: "kafka/login" } },
    Cluster: { Type: "AWS::MSK::Cluster", Properties: { ClusterName: "demo" } },
    Schemas: { Type: "AWS::Glue::Registry" },
    SumLambdaFunction: {
      Type: "AWS::Lambda::Function",
      Properties: {
        FunctionName: "svc-dev-sum",
        Handler: "functions/sum/handler.handler",
        Code: { S3Bucket: { Ref: "Bucket" }, S3Key: "serverless/svc/dev/123/sum.zip" },
        MemorySize: 1024,
        Timeout: 60,
        ReservedConcurrentExecutions: 2,
        Environment: {
          Variables: {
            TABLE: { Ref: "WindowsTable" },
            SECRET: { "Fn::ImportValue": "x" },
            N: 5,
            GONE: { Ref: "AWS::NoValue" },
          },
        },
      },
    },
    Every: {
      Type: "AWS::Events::Rule",
      Properties: {
        ScheduleExpression: "rate(5 minutes)",
        State: "ENABLED",
        Targets: [{ Arn: { "Fn::GetAtt": ["SumLambdaFunction", "Arn"] }, Input: '{"name":"é"}' }],
      },
    },
  },
};
const template = templateOf(document, "/project/.serverless", undefined, { parameters: { Zones: "a, b" } });

describe("intrinsic functions", () => {
  test.each<[unknown, unknown]>([
    ["plain", "plain"],
    [{ Ref: "AWS::Region" }, "us-east-1"],
    [{ Ref: "AWS::AccountId" }, "000000000000"],
    [{ Ref: "AWS::Partition" }, "aws"],
    [{ Ref: "Stage" }, "dev"],
    [{ Ref: "WindowsTable" }, "svc-dev-windows"],
    [{ Ref: "Nameless" }, "Nameless"],
    [{ "Fn::GetAtt": ["WindowsTable", "Arn"] }, "arn:aws:dynamodb:us-east-1:000000000000:table/svc-dev-windows"],
    [{ "Fn::GetAtt": "Queue.Arn" }, "arn:aws:sqs:us-east-1:000000000000:q"],
    [{ "Fn::GetAtt": ["SumLambdaFunction", "Arn"] }, "arn:aws:lambda:us-east-1:000000000000:function:svc-dev-sum"],
    [
      { "Fn::Sub": "${AWS::Region}/${WindowsTable}/${Queue.Arn}/${!Literal}" },
      "us-east-1/svc-dev-windows/arn:aws:sqs:us-east-1:000000000000:q/${Literal}",
    ],
    [{ "Fn::Sub": ["${a}-${Stage}", { a: { Ref: "Stage" } }] }, "dev-dev"],
    [{ "Fn::Join": ["-", ["a", { Ref: "Stage" }]] }, "a-dev"],
    [{ "Fn::Join": [",", { Ref: "Zones" }] }, "a,b"],
    [{ Ref: "Queue" }, "https://sqs.us-east-1.amazonaws.com/000000000000/q"],
    [{ Ref: "Login" }, "arn:aws:secretsmanager:us-east-1:000000000000:secret:kafka/login"],
    [{ Ref: "Cluster" }, "arn:aws:kafka:us-east-1:000000000000:cluster/demo/local-1"],
    [{ "Fn::GetAtt": ["Cluster", "Arn"] }, "arn:aws:kafka:us-east-1:000000000000:cluster/demo/local-1"],
    [{ Ref: "Schemas" }, "arn:aws:glue:us-east-1:000000000000:registry/Schemas"],
    [{ "Fn::Select": [1, ["a", "b"]] }, "b"],
    [{ "Fn::Split": [",", "a,b"] }, ["a", "b"]],
    [[{ Ref: "AWS::NoValue" }, "kept"], ["kept"]],
    [{ kept: 1, gone: { Ref: "AWS::NoValue" } }, { kept: 1 }],
  ])("%j", (value, wanted) => expect(resolveValue(template, value)).toEqual(wanted));

  test.each([
    [{ Ref: "Secret" }],
    [{ Ref: "Nobody" }],
    [{ "Fn::ImportValue": "x" }],
    [{ "Fn::Join": [",", { Ref: "Stage" }] }],
    [{ "Fn::GetAtt": ["Queue", "QueueUrl"] }],
  ])("%j can't be known here", (value) => expect(() => resolveValue(template, value)).toThrow());
});

describe("functions", () => {
  test("code, handler, limits and environment as deployed, with overrides over it", () => {
    expect(functionOf(template, "SumLambdaFunction", { SECRET: "given", EXTRA: "1" })).toEqual({
      logicalId: "SumLambdaFunction",
      name: "svc-dev-sum",
      arn: "arn:aws:lambda:us-east-1:000000000000:function:svc-dev-sum",
      handler: "functions/sum/handler.handler",
      code: { zip: "/project/.serverless/sum.zip" },
      environment: { TABLE: "svc-dev-windows", SECRET: "given", N: "5", EXTRA: "1" },
      memoryMb: 1024,
      timeoutMs: 60_000,
      reservedConcurrency: 2,
    });
  });

  test("a variable that can't be known is asked for by name", () =>
    expect(() => functionOf(template, "SumLambdaFunction")).toThrow("Give it with --env SECRET=VALUE"));

  test.each<[string, object]>([
    ["Environment", { Environment: { "Fn::If": ["Never", { Variables: { A: 1 } }, { Variables: { A: 2 } }] } }],
    ["Variables", { Environment: { Variables: { "Fn::If": ["Never", { A: 1 }, { A: 2 }] } } }],
    ["Code", { Environment: { Variables: { A: 2 } }, Code: { "Fn::If": ["Never", { S3Key: "x" }, { ZipFile: "y" }] } }],
  ])("%s may depend on a condition, whole", (_what, properties) => {
    const resource = {
      Type: "AWS::Lambda::Function",
      Properties: { Handler: "h.h", Code: { ZipFile: "y" }, ...properties },
    };
    const conditional = templateOf(
      { Conditions: { Never: { "Fn::Equals": ["a", "b"] } }, Resources: { Fn: resource } },
      "/somewhere",
    );
    expect(functionOf(conditional, "Fn")).toMatchObject({ environment: { A: "2" }, code: { inline: "y" } });
  });

  test.each<[object, string]>([
    [{ MemorySize: 10 }, "MemorySize is a whole number of MB from 128 to 10240: got 10"],
    [{ MemorySize: "much" }, 'MemorySize is a whole number of MB from 128 to 10240: got "much"'],
    [{ ReservedConcurrentExecutions: "few" }, "ReservedConcurrentExecutions is a whole number"],
    [{ Handler: undefined }, "Function 'Fn' has no Handler"],
    [
      { Environment: { Variables: { URL: "https://{{resolve:ssm:/host}}/" } } },
      "https://{{resolve:ssm:/host}}/ is resolved inside AWS only. Give it with --env URL=VALUE",
    ],
  ])("%j is refused", (properties, why) => {
    const Properties = { Handler: "h.h", Code: { ZipFile: "" }, ...properties };
    const wrong = templateOf({ Resources: { Fn: { Type: "AWS::Lambda::Function", Properties } } }, "/somewhere");
    expect(() => functionOf(wrong, "Fn")).toThrow(why);
  });

  test.each(["sum", "Sum", "SumLambdaFunction", "svc-dev-sum"])("is found as %s", (name) =>
    expect(selectFunctions(template, [name])).toEqual(["SumLambdaFunction"]),
  );

  test("a name that nothing has is refused with those there are", () =>
    expect(() => selectFunctions(template, ["x"])).toThrow("Functions: sum."));
});

describe("schedules", () => {
  test("a rate, with the target's input as ASCII", () => {
    expect(schedulesOf(template, ["SumLambdaFunction"])).toEqual([
      {
        logicalId: "Every",
        ruleArn: "arn:aws:events:us-east-1:000000000000:rule/Every",
        functionLogicalId: "SumLambdaFunction",
        everyMs: 300_000,
        input: '{"name":"\\u00e9"}',
      },
    ]);
  });

  test("rules of functions that are not wanted are left alone", () => expect(schedulesOf(template, [])).toEqual([]));

  test("cron is refused by name", () => {
    const rule = {
      ...document.Resources.Every,
      Properties: { ...document.Resources.Every.Properties, ScheduleExpression: "cron(0 12 * * ? *)" },
    };
    const withCron = templateOf({ Resources: { ...document.Resources, Every: rule } }, "/x");
    expect(() => schedulesOf(withCron, ["SumLambdaFunction"])).toThrow(
      "Rule 'Every': only rate(N minutes|hours|days) is carried out",
    );
  });
});
