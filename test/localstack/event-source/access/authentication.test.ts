import { describe, expect, test } from "vitest";
import { authenticationOf } from "../../../../localstack/event-source/access/authentication.ts";
import { problemOf } from "../../../../localstack/event-source/access/problem.ts";
import { mappingsOf } from "../../../../localstack/event-source/template/mappings.ts";
import { templateOf } from "../../../../localstack/event-source/template/template.ts";
import { kafkaMapping } from "../fixture.ts";

type Entry = readonly [type: string, uri?: string];

const secret = (name: string) => `arn:aws:secretsmanager:us-east-1:1:secret:${name}-AbCdEf`;
const FUNCTION = { Type: "AWS::Lambda::Function", Properties: { FunctionName: "f" } };

function mapping(entries: readonly Entry[], kind: "kafka" | "msk" = "kafka", access: "template" | "none" = "template") {
  const msk = { SelfManagedEventSource: undefined, EventSourceArn: "arn:aws:kafka:eu-west-1:1:cluster/c/u-1" };
  const configurations = entries.map(([Type, URI]) => ({ Type, URI }));
  const settings = {
    ...(kind === "msk" ? msk : {}),
    SourceAccessConfigurations: configurations.length === 0 ? undefined : configurations,
  };
  const Resources = { CountLambdaFunction: FUNCTION, M: kafkaMapping("count", "orders", settings) };
  return mappingsOf(templateOf({ Resources }, "/nowhere"), { access })[0]!;
}

describe("SourceAccessConfigurations", () => {
  const subnet: Entry = ["VPC_SUBNET", "subnet:subnet-1"];
  const group: Entry = ["VPC_SECURITY_GROUP", "security_group:sg-1"];
  const basic: Entry = ["BASIC_AUTH", secret("a")];

  test.each<[string, Entry[], "kafka" | "msk", string]>([
    ["an unknown type", [["KERBEROS", "x"]], "kafka", "Value 'KERBEROS' at 'sourceAccessConfigurations.1.member.type'"],
    ["PLAIN at MSK", [basic], "msk", "BASIC_AUTH is not for MSK, which takes SASL_SCRAM_512_AUTH and CLIENT_CERT"],
    ["SCRAM-SHA-256 at MSK", [["SASL_SCRAM_256_AUTH", secret("a")]], "msk", "is not for MSK"],
    ["a network at MSK", [subnet, group], "msk", "VPC_SUBNET is not for MSK"],
    ["subnets without groups", [subnet], "kafka", "VPC_SUBNET needs VPC_SECURITY_GROUP beside it"],
    ["groups without subnets", [group], "kafka", "VPC_SECURITY_GROUP needs VPC_SUBNET beside it"],
    ["a subnet that is none", [["VPC_SUBNET", "subnet-1"], group], "kafka", "is 'subnet:' and a subnet's id"],
    ["a secret without an ARN", [["BASIC_AUTH", "kafka/login"]], "kafka", "is the ARN of a secret, got 'kafka/login'"],
    ["no secret", [["BASIC_AUTH"]], "kafka", "the URI of BASIC_AUTH is the ARN of a secret, got ''"],
    ["a URI that is too long", [["BASIC_AUTH", secret("a".repeat(200))]], "kafka", "has at most 200 characters"],
    ["an IAM login with a URI", [["IAM_AUTH", "x"]], "kafka", "this type takes no URI"],
    ["a type twice", [basic, ["BASIC_AUTH", secret("b")]], "kafka", "BASIC_AUTH stands more than once"],
    [
      "two ways in",
      [basic, ["SASL_SCRAM_512_AUTH", secret("b")]],
      "kafka",
      "one authentication at most, got BASIC_AUTH and SASL_SCRAM_512_AUTH",
    ],
    ["a scope without OAUTHBEARER", [["OAUTHBEARER_SCOPE", "s"]], "kafka", "needs OAUTHBEARER_AUTH beside it"],
    ["IAM's token without an audience", [["IAM_OAUTHBEARER_AUTH"]], "kafka", "needs OAUTHBEARER_AUDIENCE beside it"],
    ["OAUTHBEARER", [["OAUTHBEARER_AUTH", secret("a")]], "kafka", "OAUTHBEARER_AUTH is not carried out by the local"],
    [
      "IAM's token",
      [["IAM_OAUTHBEARER_AUTH"], ["OAUTHBEARER_AUDIENCE", "a"]],
      "kafka",
      "IAM_OAUTHBEARER_AUTH is not carried out by the local event source: its token comes from AWS's outbound identity",
    ],
    ["24 entries", Array.from({ length: 24 }, () => subnet), "kafka", "a list of 1 to 23 entries"],
  ])("refuses %s", (_what, entries, kind, why) => expect(() => mapping(entries, kind)).toThrow(why));

  test("takes what isn't carried out where it isn't applied, and secrets that only the deployed stack knows", () => {
    expect(mapping([["OAUTHBEARER_AUTH", secret("a")]], "kafka", "none").topic).toBe("orders");
    expect(mapping([["BASIC_AUTH", "KafkaLogin"]], "kafka", "none").topic).toBe("orders");
  });
});

describe("one authentication is tried, in AWS's order", () => {
  const certificate: Entry = ["CLIENT_CERTIFICATE_TLS_AUTH", secret("c")];
  const scram: Entry = ["SASL_SCRAM_512_AUTH", secret("s")];

  test.each<[string, Entry[], "kafka" | "msk", string, object]>([
    ["MSK: the certificate before the login", [scram, certificate], "msk", "b:9096", { kind: "certificate" }],
    ["MSK: the login before IAM", [scram], "msk", "b:9098", { kind: "sasl", mechanism: "scram-sha-512" }],
    ["MSK: IAM where its port is given", [], "msk", "b:9098", { kind: "iam" }],
    ["MSK: IAM from outside", [], "msk", "b:9198", { kind: "iam" }],
    ["MSK: TLS where its port is given", [], "msk", "b:9094", { kind: "none", overTls: true }],
    ["MSK: else nothing", [], "msk", "b:9092", { kind: "none", overTls: false }],
    ["PLAIN", [["BASIC_AUTH", secret("b")]], "kafka", "b:9092", { kind: "sasl", mechanism: "plain" }],
    ["IAM", [["IAM_AUTH"]], "kafka", "b:9098", { kind: "iam" }],
    [
      "a root certificate alone is TLS",
      [["SERVER_ROOT_CA_CERTIFICATE", secret("r")]],
      "kafka",
      "b:9093",
      { kind: "none", overTls: true },
    ],
  ])("%s", (_what, entries, kind, broker, wanted) =>
    expect(authenticationOf(mapping(entries, kind), [broker])).toMatchObject(wanted),
  );
});

describe("AWS's words", () => {
  const inner = (facts: object) => new Error("outer", { cause: Object.assign(new Error("inner"), facts) });

  test.each<[object, string | undefined]>([
    [{ type: "TOPIC_AUTHORIZATION_FAILED" }, "Cluster failed to authorize Lambda"],
    [{ type: "CLUSTER_AUTHORIZATION_FAILED" }, "Cluster failed to authorize Lambda"],
    [{ name: "KafkaJSSASLAuthenticationError" }, "SASL authentication failed"],
    [{ type: "UNSUPPORTED_SASL_MECHANISM" }, "SASL authentication failed"],
    [{ code: "ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED" }, "Server failed to authenticate Lambda"],
    [{ code: "ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED" }, "Server failed to authenticate Lambda"],
    [{ code: "ERR_SSL_TLSV1_ALERT_UNKNOWN_CA" }, "Server failed to authenticate Lambda"],
    [{ code: "SELF_SIGNED_CERT_IN_CHAIN" }, "Lambda failed to authenticate server"],
    [{ code: "CERT_HAS_EXPIRED" }, "Lambda failed to authenticate server"],
    [{ code: "ERR_TLS_CERT_ALTNAME_INVALID" }, "Lambda failed to authenticate server"],
    [{ code: "ECONNREFUSED" }, undefined],
    [{ code: "ERR_SSL_WRONG_VERSION_NUMBER" }, undefined],
    [{ type: "REBALANCE_IN_PROGRESS" }, undefined],
  ])("%o is %s", (facts, text) => expect(problemOf(inner(facts))?.text).toBe(text));
});
