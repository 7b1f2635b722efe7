// The search for secrets in a template finds them, and takes a reference for what it is.
import { describe, expect, it } from "vitest";
import { literalSecrets } from "./literal-secrets.ts";

const withVariable = (name: string, value: unknown) => ({
  Resources: {
    Fn: { Type: "AWS::Lambda::Function", Properties: { Environment: { Variables: { [name]: value } } } },
    Queue: { Type: "AWS::SQS::Queue", Properties: {} },
  },
});
const arn = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:database-AbCdEf";

describe("a function's variable", () => {
  it.each([
    ["DATABASE_URL", "postgres://me:hunter2@db.example:5432/shop"],
    ["SCHEMA_REGISTRY_URL", "https://key:hunter2@schemas.example"],
    ["TRACK_API_KEY", "hunter2"],
    ["KAFKA_PASSWORD", "hunter2"],
    ["NOTE", "AKIAABCDEFGHIJKLMNOP"],
    ["CERTIFICATE", "-----BEGIN PRIVATE KEY-----\nMII"],
  ])("%s of %s is a secret", (name, value) => {
    expect(literalSecrets(withVariable(name, value))).toEqual([`Fn: ${name}`]);
  });

  it.each([
    ["DATABASE_URL", arn],
    ["DATABASE_URL", "{{resolve:secretsmanager:database:SecretString:url}}"],
    ["DATABASE_URL", "postgres://me:{{resolve:secretsmanager:database:SecretString:password}}@db.example/shop"],
    ["SCHEMA_REGISTRY_URL", "https://schemas.example/apis/ccompat/v7"],
    ["TRACK_API_KEY", arn],
    ["TRACK_API_KEY", ""],
    ["KAFKA_SECRET_ARN", arn],
    ["KAFKA_SECRET_ARN", { Ref: "Secret" }],
    ["KAFKA_BROKERS", "b-1.example:9098,b-2.example:9098"],
  ])("%s of %s is none", (name, value) => {
    expect(literalSecrets(withVariable(name, value))).toEqual([]);
  });
});
