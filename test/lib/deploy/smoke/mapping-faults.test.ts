// When a deployed mapping is not what the template says, or doesn't work.
import { describe, expect, it } from "vitest";
import { type DeployedMapping, mappingFaults } from "../../../../lib/deploy/smoke/mapping-faults.ts";

const declared = {
  Type: "AWS::Lambda::EventSourceMapping",
  Properties: {
    FunctionName: { "Fn::GetAtt": ["EnrichRidesLambdaFunction", "Arn"] },
    Topics: ["input-raw-rides"],
    BatchSize: 10_000,
    FunctionResponseTypes: ["ReportBatchItemFailures"],
    ProvisionedPollerConfig: { MinimumPollers: 1, MaximumPollers: 10 },
    DestinationConfig: { OnFailure: { Destination: "kafka://rides_failed" } },
  },
};
/** As Lambda's API tells it. */
const deployed: DeployedMapping = {
  State: "Enabled",
  LastProcessingResult: "OK",
  Topics: ["input-raw-rides"],
  StartingPosition: "TRIM_HORIZON",
  BatchSize: 10_000,
  FunctionResponseTypes: ["ReportBatchItemFailures"],
  ProvisionedPollerConfig: { MinimumPollers: 1, MaximumPollers: 10 },
  DestinationConfig: { OnSuccess: {}, OnFailure: { Destination: "kafka://rides_failed" } },
};
const onAws = { isEmulated: false };
const { FunctionResponseTypes: _, ...withoutResponses } = deployed;

describe("a deployed mapping", () => {
  it("is right when it is as declared, whatever else the API tells", () => {
    expect(mappingFaults(declared, deployed, onAws)).toEqual([]);
  });

  it.each([
    ["is switched off", { ...deployed, State: "Disabled" }, "is Disabled, and must be Enabled"],
    [
      "can't reach its brokers",
      { ...deployed, LastProcessingResult: "PROBLEM: Connection error." },
      "can't read its topic: PROBLEM: Connection error.",
    ],
    [
      "reads another topic",
      { ...deployed, Topics: ["rides"] },
      'has Topics ["rides"], and the template says ["input-raw-rides"]',
    ],
    [
      "lacks what its function's answers rely on",
      withoutResponses,
      'has FunctionResponseTypes nothing, and the template says ["ReportBatchItemFailures"]',
    ],
    [
      "sends failures elsewhere",
      { ...deployed, DestinationConfig: { OnFailure: { Destination: "kafka://other" } } },
      'has DestinationConfig {"OnFailure":{"Destination":"kafka://other"}}, and the template says {"OnFailure":{"Destination":"kafka://rides_failed"}}',
    ],
  ])("that %s is said so", (_what, told, fault) => {
    expect(mappingFaults(declared, told, onAws)).toEqual([fault]);
  });

  it("is not held to what an emulator doesn't tell, and is to what it does", () => {
    const emulated = { isEmulated: true };
    expect(mappingFaults(declared, withoutResponses, emulated)).toEqual([]);
    expect(mappingFaults(declared, { ...withoutResponses, BatchSize: 100 }, emulated)).toHaveLength(1);
  });

  it("is not held to a reference, which only the deployment knows", () => {
    const DestinationConfig = { OnFailure: { Destination: { "Fn::GetAtt": ["Failures", "Arn"] } } };
    const referring = { ...declared, Properties: { ...declared.Properties, DestinationConfig } };
    expect(mappingFaults(referring, deployed, onAws)).toEqual([]);
  });

  it("may be switched off where the template says so", () => {
    const off = { ...declared, Properties: { ...declared.Properties, Enabled: false } };
    expect(mappingFaults(off, { ...deployed, State: "Disabled" }, onAws)).toEqual([]);
  });
});
