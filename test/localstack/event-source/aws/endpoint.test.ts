// Which AWS is called: never AWS itself unless the user says so.
import { describe, expect, test } from "vitest";
import {
  type AwsEndpoint,
  type AwsEndpointOptions,
  awsClientSettings,
  awsEndpointFor,
  howToSetEndpoint,
} from "../../../../localstack/event-source/aws/endpoint.ts";

const here = "http://127.0.0.1:4566";
const there = "http://127.0.0.1:4577";
const at = (url: string): AwsEndpoint => ({ kind: "endpoint", url });

describe("the endpoint in force", () => {
  test.each<[string, AwsEndpointOptions, AwsEndpoint | undefined]>([
    ["nothing says so", { environment: {} }, undefined],
    [
      "credentials alone mean nothing",
      { environment: { AWS_ACCESS_KEY_ID: "AKIA", AWS_SECRET_ACCESS_KEY: "x", AWS_PROFILE: "prod" } },
      undefined,
    ],
    ["another service's variable", { environment: { AWS_ENDPOINT_URL_SNS: here } }, undefined],
    ["an empty variable", { environment: { AWS_ENDPOINT_URL: "" } }, undefined],
    ["the variable of all services", { environment: { AWS_ENDPOINT_URL: here } }, at(here)],
    ["the service's own", { environment: { AWS_ENDPOINT_URL: there, AWS_ENDPOINT_URL_SQS: here } }, at(here)],
    ["the option", { environment: { AWS_ENDPOINT_URL: there }, awsEndpoint: here }, at(here)],
    [
      "the service's own over the option",
      { environment: { AWS_ENDPOINT_URL_SQS: here }, awsEndpoint: there },
      at(here),
    ],
    ["AWS itself", { environment: {}, awsEndpoint: "aws" }, { kind: "aws" }],
    ["all but one on AWS", { environment: { AWS_ENDPOINT_URL_SQS: here }, awsEndpoint: "aws" }, at(here)],
  ])("%s", (_why, options, wanted) => expect(awsEndpointFor("sqs", options)).toEqual(wanted));

  test("every service has the variable that the SDKs know it by", () => {
    const environment = { AWS_ENDPOINT_URL_SECRETS_MANAGER: here, AWS_ENDPOINT_URL_GLUE: there };
    expect(awsEndpointFor("secretsmanager", { environment })).toEqual(at(here));
    expect(awsEndpointFor("glue", { environment })).toEqual(at(there));
  });

  test.each<[AwsEndpointOptions, string]>([
    [
      { awsEndpoint: "localhost:4566", environment: {} },
      "--aws-endpoint is a URL such as http://127.0.0.1:4566, or aws",
    ],
    [{ environment: { AWS_ENDPOINT_URL_SQS: "nonsense" } }, "AWS_ENDPOINT_URL_SQS is a URL"],
    [{ awsEndpoint: "aws", environment: { AWS_ENDPOINT_URL: here } }, "leave out the one that is not meant"],
  ])("%j is refused", (options, text) => expect(() => awsEndpointFor("sqs", options)).toThrow(text));

  test("what is missing can be set in four ways, all of them named", () => {
    for (const way of ["--aws-endpoint URL", "AWS_ENDPOINT_URL ", "AWS_ENDPOINT_URL_SQS", "--aws-endpoint aws"])
      expect(howToSetEndpoint("sqs")).toContain(way);
  });
});

describe("a client's settings", () => {
  const anyone = { accessKeyId: "local", secretAccessKey: "local" };

  test("dummies where there are no credentials and the endpoint asks for none", () =>
    expect(awsClientSettings(at(here), "eu-west-1", {})).toMatchObject({
      region: "eu-west-1",
      endpoint: here,
      credentials: anyone,
    }));

  test.each<[string, AwsEndpoint, NodeJS.ProcessEnv]>([
    ["keys are set", at(here), { AWS_ACCESS_KEY_ID: "000000000000" }],
    ["a profile is chosen", at(here), { AWS_PROFILE: "localstack" }],
    ["the endpoint is one of AWS's", at("https://vpce-1.sqs.us-east-1.vpce.amazonaws.com"), {}],
    ["it is AWS itself", { kind: "aws" }, {}],
  ])("the SDK finds credentials where %s", (_why, endpoint, environment) =>
    expect(awsClientSettings(endpoint, "us-east-1", environment)).not.toHaveProperty("credentials"),
  );
});
