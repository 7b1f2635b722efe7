// Which of a template's mappings are carried out, and what they may not have in common.
import { describe, expect, test } from "vitest";
import { functionOf } from "../../../../localstack/event-source/template/function-definition.ts";
import { mappingsOf } from "../../../../localstack/event-source/template/mappings.ts";
import { templateOf } from "../../../../localstack/event-source/template/template.ts";
import { kafkaMapping } from "../fixture.ts";

type Settings = Readonly<Record<string, unknown>>;

const lambda = (more: object = {}) => ({ Type: "AWS::Lambda::Function", Properties: { Handler: "h.h", ...more } });
const template = (resources: Settings) =>
  templateOf(
    { Conditions: { Never: { "Fn::Equals": ["a", "b"] } }, Resources: { Fn: lambda(), Fn2: lambda(), ...resources } },
    "/somewhere",
  );
const reading = (topic: string, FunctionName: unknown, settings: Settings = {}) =>
  kafkaMapping("", topic, { FunctionName, ...settings });
const mapped = (resources: Settings, functions?: string[]) =>
  mappingsOf(template(resources), functions === undefined ? {} : { functions }).map(({ logicalId }) => logicalId);

const M = reading("orders", { Ref: "Fn" });

test("a function that depends on a condition is the one that the condition gives", () => {
  const FunctionName = { "Fn::If": ["Never", { Ref: "Fn" }, { "Fn::GetAtt": ["Fn2", "Arn"] }] };
  expect(mapped({ M: reading("orders", FunctionName) }, ["Fn2"])).toEqual(["M"]);
  expect(mapped({ M: reading("orders", FunctionName) }, ["Fn"])).toEqual([]);
});

describe("a mapping of MSK", () => {
  const of = (Properties: Settings) => ({
    M: { Type: "AWS::Lambda::EventSourceMapping", Properties: { FunctionName: { Ref: "Fn" }, ...Properties } },
  });
  const EventSourceArn = "arn:aws:kafka:us-east-1:123456789012:cluster/demo/1";

  test("is refused, and not left alone, when it lacks its Topics or misspells them", () => {
    expect(() => mapped(of({ EventSourceArn, Topic: ["orders"] }))).toThrow("Topic is not a setting");
    expect(() => mapped(of({ EventSourceArn }))).toThrow("Topics names exactly one topic");
    expect(() => mapped(of({ AmazonManagedKafkaEventSourceConfig: {} }))).toThrow("Unrecognized event source.");
  });

  test("is refused with the ARN of something else", () => {
    const wrong = "arn:aws:sqs:us-east-1:123456789012:orders";
    expect(() => mapped(of({ EventSourceArn: wrong, Topics: ["orders"] }))).toThrow(
      `EventSourceArn is the ARN of an MSK cluster or of a VPC connection to one`,
    );
  });
});

describe("a mapping whose function does not exist", () => {
  test.each<[string, unknown, string]>([
    ["a Ref to nothing", { Ref: "Fn22" }, "Ref 'Fn22' names neither a resource nor a parameter"],
    ["an attribute of nothing", { "Fn::GetAtt": ["Nope", "Arn"] }, "Fn::GetAtt names 'Nope', which the template lacks"],
    ["a name that no function has", "nope", 'FunctionName is "nope". The template\'s functions: Fn, Fn2;'],
    ["no name", undefined, "FunctionName is missing"],
    ["another stack's export", { "Fn::ImportValue": "theirs" }, "'theirs' is another stack's export: give it"],
  ])("is refused, and not left out: %s", (_what, name, why) => {
    expect(() => mapped({ M, N: reading("audit", name) })).toThrow(`Mapping 'N': Function does not exist: ${why}`);
    expect(() => mapped({ N: reading("audit", name) })).toThrow("Function does not exist");
  });

  test("is refused when its condition doesn't hold", () => {
    const Gone = { ...lambda(), Condition: "Never" };
    expect(() => mapped({ Gone, N: reading("audit", { Ref: "Gone" }) })).toThrow("Function does not exist");
  });

  test("is left out where only others are wanted and another stack may have it", () => {
    for (const name of ["nope", { "Fn::ImportValue": "theirs" }, { Ref: "Fn2" }]) {
      expect(mapped({ M, N: reading("audit", name) }, ["Fn"])).toEqual(["M"]);
    }
    for (const name of [{ Ref: "Fn22" }, { "Fn::GetAtt": ["Nope", "Arn"] }, undefined]) {
      expect(() => mapped({ M, N: reading("audit", name) }, ["Fn"])).toThrow("Function does not exist");
    }
  });
});

describe("a consumer group", () => {
  const mine = { SelfManagedKafkaEventSourceConfig: { ConsumerGroupId: "mine" } };

  test.each(["Fn", "Fn2"])("is one mapping's alone, whoever's function the other's is: %s", (other) =>
    expect(() =>
      mapped({ A: reading("orders", { Ref: "Fn" }, mine), B: reading("audit", { Ref: other }, mine) }),
    ).toThrow("Mapping 'B': ConsumerGroupId 'mine' is that of mapping 'A' already: each mapping needs one of its own"),
  );

  test("is a mapping's own where none is given", () =>
    expect(mapped({ A: reading("orders", { Ref: "Fn" }), B: reading("audit", { Ref: "Fn" }) })).toEqual(["A", "B"]));
});

describe("a function's Timeout", () => {
  test.each(["abc", 0, 901, 1.5, true])("%s is refused", (Timeout) => {
    const sentence = `Function 'Slow': Timeout is a whole number of seconds from 1 to 900: got ${JSON.stringify(Timeout)}`;
    const slow = template({ Slow: lambda({ Timeout }), N: reading("audit", { Ref: "Slow" }) });
    expect(() => mappingsOf(slow)).toThrow(sentence);
    expect(() => functionOf(slow, "Slow")).toThrow(sentence);
  });

  test("may be text, as a parameter gives it", () => {
    const Code = { ZipFile: "exports.h = async () => {};" };
    expect(functionOf(template({ Slow: lambda({ Timeout: "30", Code }) }), "Slow").timeoutMs).toBe(30_000);
  });
});
