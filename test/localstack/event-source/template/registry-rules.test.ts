import { describe, expect, test } from "vitest";
import { registryRules } from "../../../../localstack/event-source/template/registry-rules.ts";

const glue = "arn:aws:glue:eu-west-1:123456789012:registry/orders";
const secret = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:registry-AbCdEf";
const config = {
  SchemaRegistryURI: "https://schemas.example",
  EventRecordFormat: "JSON",
  SchemaValidationConfigs: [{ Attribute: "VALUE" }],
};
const access = (...types: readonly string[]) => ({ AccessConfigs: types.map((Type) => ({ Type, URI: secret })) });

describe("SchemaRegistryConfig", () => {
  test.each<[string, unknown]>([
    ["none", undefined],
    ["Confluent's", config],
    ["Glue's", { ...config, SchemaRegistryURI: glue }],
    ["of China", { ...config, SchemaRegistryURI: glue.replace("aws", "aws-cn") }],
    ["on this machine", { ...config, SchemaRegistryURI: "http://127.0.0.1:8081/apis/ccompat/v7" }],
    ["by name", { ...config, SchemaRegistryURI: "http://localhost:8081" }],
    ["as source", { ...config, EventRecordFormat: "SOURCE" }],
    ["both", { ...config, SchemaValidationConfigs: [{ Attribute: "VALUE" }, { Attribute: "KEY" }] }],
    ["with two accesses", { ...config, ...access("BASIC_AUTH", "SERVER_ROOT_CA_CERTIFICATE") }],
    ["with a certificate", { ...config, ...access("CLIENT_CERTIFICATE_TLS_AUTH") }],
  ])("is accepted: %s", (_what, value) => expect(registryRules(value)).toEqual([]));

  test.each<[unknown, string]>([
    ["https://schemas.example", "is an object"],
    [{ ...config, Colour: "blue" }, "Colour is not a setting of SchemaRegistryConfig"],
    [{ ...config, SchemaRegistryURI: undefined }, "SchemaRegistryURI has 1 to 10000"],
    [{ ...config, SchemaRegistryURI: `https://${"a".repeat(9993)}` }, "SchemaRegistryURI has 1 to 10000"],
    [{ ...config, SchemaRegistryURI: "https://a b" }, "SchemaRegistryURI has 1 to 10000"],
    [{ ...config, SchemaRegistryURI: "schemas.example" }, "is a Glue registry's ARN"],
    [{ ...config, SchemaRegistryURI: "http://schemas.example" }, "or given with --registry"],
    [{ ...config, SchemaRegistryURI: "arn:aws:glue:eu-west-1:123456789012:schema/a/b" }, "is a Glue registry's ARN"],
    [{ ...config, EventRecordFormat: undefined }, "EventRecordFormat is JSON or SOURCE"],
    [{ ...config, EventRecordFormat: "AVRO" }, 'EventRecordFormat is JSON or SOURCE: got "AVRO"'],
    [{ ...config, SchemaValidationConfigs: [] }, "SchemaValidationConfigs lists"],
    [{ ...config, SchemaValidationConfigs: [{ Attribute: "HEADER" }] }, "SchemaValidationConfigs lists"],
    [
      { ...config, SchemaValidationConfigs: [{ Attribute: "KEY" }, { Attribute: "KEY" }] },
      "SchemaValidationConfigs lists",
    ],
    [{ ...config, ...access("BASIC_AUTH", "BASIC_AUTH", "BASIC_AUTH") }, "at most 2"],
    [{ ...config, ...access("SASL_SCRAM_512_AUTH") }, "Type is one of BASIC_AUTH"],
    [{ ...config, AccessConfigs: [{ Type: "BASIC_AUTH", URI: "key:secret" }] }, "names the ARN of a secret"],
    [{ ...config, SchemaRegistryURI: glue, ...access("BASIC_AUTH") }, "a Glue registry is read with"],
  ])("is refused: %j", (value, text) => expect(registryRules(value).join("\n")).toContain(text));
});
