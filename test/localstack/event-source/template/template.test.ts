// biome-ignore-all lint/suspicious/noTemplateCurlyInString: Fn::Sub has the same placeholders as a template literal
import { describe, expect, test } from "vitest";
import { schedulesOf } from "../../../../localstack/event-source/schedule.ts";
import { functionOf, selectFunctions } from "../../../../localstack/event-source/template/function-definition.ts";
import { resolveValue, templateOf } from "../../../../localstack/event-source/template/template.ts";

const document = {
  Parameters: { Stage: { Type: "String", Default: "dev" }, Secret: { Type: "String" } },
  Resources: {
    WindowsTable: { Type: "AWS::DynamoDB::Table", Properties: { TableName: { "Fn::Sub": "svc-${Stage}-windows" } } },
    Nameless: { Type: "AWS::DynamoDB::Table", Properties: {} },
    Queue: { Type: "AWS::SQS::Queue", Properties: { QueueName: "q" } },
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
const template = templateOf(document, "/project/.serverless");

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
    [{ "Fn::Select": [1, ["a", "b"]] }, "b"],
    [{ "Fn::Split": [",", "a,b"] }, ["a", "b"]],
    [[{ Ref: "AWS::NoValue" }, "kept"], ["kept"]],
    [{ kept: 1, gone: { Ref: "AWS::NoValue" } }, { kept: 1 }],
  ])("%j", (value, wanted) => expect(resolveValue(template, value)).toEqual(wanted));

  test.each([
    [{ Ref: "Secret" }],
    [{ Ref: "Nobody" }],
    [{ "Fn::ImportValue": "x" }],
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
