// Where a mapping's failures go: queues, topics and buckets by ARN, also of the same template, and what they need to be in force.
import { describe, expect, test } from "vitest";
import { refuseUnmetNeeds } from "../../../../localstack/event-source/aws/needs.ts";
import type { Mapping } from "../../../../localstack/event-source/template/mapping.ts";
import { mappingsOf } from "../../../../localstack/event-source/template/mappings.ts";
import { templateOf } from "../../../../localstack/event-source/template/template.ts";
import { kafkaMapping } from "../fixture.ts";

type Settings = Readonly<Record<string, unknown>>;

/** The mapping of a template with these resources besides it. */
function mappingTo(destination: unknown, { resources = {}, settings = {} } = {} as Around): Mapping {
  const lambda = { Type: "AWS::Lambda::Function", Properties: { FunctionName: "svc-dev-count", Timeout: 30 } };
  const failures = { DestinationConfig: { OnFailure: { Destination: destination } }, ...settings };
  const M = kafkaMapping("count", "orders", failures);
  return mappingsOf(templateOf({ Resources: { CountLambdaFunction: lambda, ...resources, M } }, "/somewhere"))[0]!;
}

interface Around {
  readonly resources?: Settings;
  readonly settings?: Settings;
}

describe("failures go", () => {
  test.each([
    ["sqs", "arn:aws:sqs:eu-west-1:123456789012:failed"],
    ["sns", "arn:aws-cn:sns:cn-north-1:123456789012:failed_ones"],
    ["s3", "arn:aws:s3:::failed.records"],
  ])("to %s in both modes, after 10 retries", (kind, arn) => {
    const destined = { destination: { kind, arn }, policy: { maxRetries: 10 } };
    const provisioned = { ProvisionedPollerConfig: { MinimumPollers: 1 } };
    expect(mappingTo(arn)).toMatchObject({ mode: "on-demand", ...destined });
    expect(mappingTo(arn, { settings: provisioned })).toMatchObject({ mode: "provisioned", ...destined });
  });

  test.each<[string, unknown, string]>([
    ["a queue", { "Fn::GetAtt": ["Failed", "Arn"] }, "arn:aws:sqs:us-east-1:000000000000:orders-failed"],
    ["a topic", { Ref: "Alarm" }, "arn:aws:sns:us-east-1:000000000000:Alarm"],
    ["a bucket", { "Fn::GetAtt": ["Archive", "Arn"] }, "arn:aws:s3:::archive"],
  ])("to %s of the same template, by the ARN that it would have", (_what, reference, arn) => {
    const resources = {
      Failed: { Type: "AWS::SQS::Queue", Properties: { QueueName: "orders-failed" } },
      Alarm: { Type: "AWS::SNS::Topic" },
      Archive: { Type: "AWS::S3::Bucket" },
    };
    expect(mappingTo(reference, { resources }).destination).toMatchObject({ arn });
  });
});

describe("refused as a destination", () => {
  test.each([
    ["arn:aws:sqs:us-east-1:123456789012:failed.fifo", "FIFO queues are not supported"],
    ["arn:aws:sns:us-east-1:123456789012:failed.fifo", "FIFO topics are not supported"],
    ["arn:aws:sqs:us-east-1:1:failed", "is the ARN of an SQS queue, an SNS topic or an S3 bucket, or kafka://TOPIC"],
    ["arn:aws:lambda:us-east-1:123456789012:function:f", "is the ARN of an SQS queue"],
    ["arn:aws:s3:::Bucket", "is the ARN of an SQS queue"],
    ["failed", "is the ARN of an SQS queue"],
  ])("%s", (arn, text) => expect(() => mappingTo(arn)).toThrow(text));

  test("a FIFO queue of the same template, also without a name", () => {
    const resources = { Failed: { Type: "AWS::SQS::Queue", Properties: { FifoQueue: true } } };
    expect(() => mappingTo({ "Fn::GetAtt": ["Failed", "Arn"] }, { resources })).toThrow("FIFO queues");
  });
});

describe("without an AWS endpoint in force", () => {
  const queue = "arn:aws:sqs:us-east-1:123456789012:failed";
  const bucket = "arn:aws:s3:::failed";

  test("every mapping that needs one is refused, with which, what for and what to set", () => {
    const refused = () => refuseUnmetNeeds([mappingTo(queue), mappingTo(bucket)], { environment: {} });
    expect(refused).toThrow(
      `Mapping 'M': it needs the SQS queue ${queue}, where its failed records go, and no AWS endpoint is in force: give the address`,
    );
    expect(refused).toThrow(/\n.*the S3 bucket arn:aws:s3:::failed,.*AWS_ENDPOINT_URL_S3/);
  });

  test("credentials make no difference: nobody's account is written to by accident", () => {
    const environment = { AWS_ACCESS_KEY_ID: "AKIA", AWS_SECRET_ACCESS_KEY: "x", AWS_PROFILE: "prod" };
    expect(() => refuseUnmetNeeds([mappingTo(queue)], { environment })).toThrow("no AWS endpoint is in force");
  });

  test.each<[string, Parameters<typeof refuseUnmetNeeds>]>([
    ["one is named", [[mappingTo(queue)], { environment: { AWS_ENDPOINT_URL_SQS: "http://127.0.0.1:4566" } }]],
    ["AWS itself is asked for", [[mappingTo(queue)], { environment: {}, awsEndpoint: "aws" }]],
    ["the mapping is not enabled", [[mappingTo(queue, { settings: { Enabled: false } })], { environment: {} }]],
    [
      "failures go to a topic of the cluster",
      [[mappingTo("kafka://failed", { settings: { ProvisionedPollerConfig: {} } })], { environment: {} }],
    ],
  ])("nothing is refused where %s", (_why, [mappings, options]) =>
    expect(() => refuseUnmetNeeds(mappings, options)).not.toThrow(),
  );
});
