// What the smoke test asks of each function, and which answers are right.
import { describe, expect, it } from "vitest";
import { probesOf } from "../../../../lib/deploy/smoke/probes.ts";
import type { Resource } from "../../../../lib/deploy/smoke/stack-template.ts";

const lambda: Resource = { Type: "AWS::Lambda::Function", Properties: {} };
const arnOf = (name: string) => ({ "Fn::GetAtt": [name, "Arn"] });
const mapping = (name: string, properties: object = {}): Resource => ({
  Type: "AWS::Lambda::EventSourceMapping",
  Properties: { FunctionName: arnOf(name), ...properties },
});
const schedule = (name: string): Resource => ({
  Type: "AWS::Events::Rule",
  Properties: { ScheduleExpression: "rate(1 minute)", Targets: [{ Id: "schedule", Arn: arnOf(name) }] },
});
const reading = { FunctionResponseTypes: ["ReportBatchItemFailures"] };

function only(Resources: Readonly<Record<string, Resource>>) {
  const [probe, ...others] = probesOf({ Resources });
  expect(others).toEqual([]);
  return probe!;
}

describe("a function that Kafka invokes", () => {
  it("gets an event without records, so that nothing is changed", () => {
    const { event } = only({ Fn: lambda, M: mapping("Fn") });
    expect(event).toMatchObject({ records: {} });
  });

  it("is asked once, however many topics it reads", () => {
    only({ Fn: lambda, One: mapping("Fn"), Two: mapping("Fn") });
  });

  it.each([
    ["in its mapping's words", reading, { batchItemFailures: [] }, undefined],
    [
      "with nothing where partial responses are read",
      reading,
      null,
      'must answer {"batchItemFailures":[]}, since its mapping reads partial responses',
    ],
    ["with nothing where they aren't", {}, null, undefined],
    [
      "with partial responses that nobody reads",
      {},
      { batchItemFailures: [] },
      "must answer null, since its mapping doesn't read partial responses",
    ],
  ])("may answer %s: %j %j", (_what, properties, answer, fault) => {
    expect(only({ Fn: lambda, M: mapping("Fn", properties) }).fault(answer)).toBe(fault);
  });
});

describe("other functions", () => {
  it("get their schedule's event, or an empty one where nothing invokes them", () => {
    const probes = probesOf({ Resources: { Ticked: lambda, Rule: schedule("Ticked"), Called: lambda } });
    expect(probes.map(({ functionId, asks }) => [functionId, asks])).toEqual([
      ["Ticked", "its schedule's event"],
      ["Called", "an empty event"],
    ]);
  });

  it("get one of each kind where several invoke them", () => {
    const probes = probesOf({ Resources: { Fn: lambda, M: mapping("Fn"), Rule: schedule("Fn") } });
    expect(probes.map(({ asks }) => asks)).toEqual(["a Kafka event without records", "its schedule's event"]);
  });

  it("behind an HTTP API are asked for its description, and must give it", () => {
    const probe = only({
      Fn: lambda,
      Integration: { Type: "AWS::ApiGatewayV2::Integration", Properties: { IntegrationUri: arnOf("Fn") } },
      Route: {
        Type: "AWS::ApiGatewayV2::Route",
        Properties: {
          RouteKey: "GET /openapi.json",
          Target: { "Fn::Join": ["/", ["integrations", { Ref: "Integration" }]] },
        },
      },
    });
    expect(probe.fault({ statusCode: 200, body: '{"openapi":"3.1.0"}' })).toBeUndefined();
    expect(probe.fault({ statusCode: 503, body: "" })).toBe("must answer 200: got 503");
    expect(probe.fault({ statusCode: 200, body: "<html>" })).toBe("must answer with an OpenAPI document");
    expect(probe.fault(null)).toBe("must answer 200: got null");
  });
});
