import { describe, expect, it } from "vitest";
import {
  alarmsOf,
  FAILED_INVOCATIONS,
  kinds,
  mappingKinds,
  TABLE_THROTTLES,
  type WatchedFunction,
} from "../../../lib/deploy/alarms.ts";
import { dashboardOf } from "../../../lib/deploy/dashboard.ts";
import { METRIC_NAMESPACE } from "../../../lib/metric-namespace.ts";
import { files, read } from "../../support/source-tree.ts";

const none = { readsKafka: false, emits: false, answersHttp: false };
const consuming: WatchedFunction = { ...none, key: "enrichRides", name: "s-dev-enrichRides", readsKafka: true };
const emitting: WatchedFunction = { ...none, key: "emitWindows", name: "s-dev-emitWindows", emits: true };
const functions = [consuming, emitting, { ...none, key: "track", name: "s-dev-track", answersHttp: true }];
const watched = {
  functions,
  tables: ["WindowsTable"],
  queues: ["FailedInvocations"],
  mappings: [{ id: "EnrichRidesMapping", hasDestination: true }],
  stack: "s-dev",
  namespace: METRIC_NAMESPACE,
};
const topic = "arn:aws:sns:us-east-1:123456789012:on-call";

const sections = Array.from(read("lib/deploy/RUNBOOK.md").matchAll(/^## (\w+)$/gm), ([, title]) => title);
const code = files("lib/**/*.ts")
  .filter((path) => !path.startsWith("lib/deploy/"))
  .map(read)
  .join("\n");

describe("alarms", () => {
  it("a function has those that fit it, a table its throttles", () => {
    expect(Object.keys(alarmsOf(watched, undefined))).toEqual([
      ...[
        "EnrichRidesErrorsAlarm",
        "EnrichRidesFailedBatchesAlarm",
        "EnrichRidesThrottlesAlarm",
        "EnrichRidesOffsetLagAlarm",
        "EnrichRidesDeadLettersAlarm",
      ],
      ...["EmitWindowsErrorsAlarm", "EmitWindowsThrottlesAlarm", "EmitWindowsWatermarkLagAlarm"],
      ...["EmitWindowsEmissionDelayAlarm", "EmitWindowsFailedEmissionsAlarm", "EmitWindowsSilentEmitterAlarm"],
      ...["TrackErrorsAlarm", "TrackFailedRequestsAlarm", "TrackThrottlesAlarm"],
      ...[
        "EnrichRidesMappingGivenUpAlarm",
        "EnrichRidesMappingLostRecordsAlarm",
        "EnrichRidesMappingSilentMappingAlarm",
      ],
      ...["FailedInvocationsAlarm", "WindowsTableThrottlesAlarm"],
    ]);
  });

  it("a mapping that sends given-up records nowhere has none about them, which could never ring", () => {
    const endless = { ...watched, functions: [], mappings: [{ id: "EnrichRidesMapping", hasDestination: false }] };
    expect(Object.keys(alarmsOf(endless, undefined))).toEqual([
      ...["EnrichRidesMappingSilentMappingAlarm", "FailedInvocationsAlarm", "WindowsTableThrottlesAlarm"],
    ]);
  });

  it("watches AWS's metrics by the function's name and ours by service", () => {
    const alarms = alarmsOf(watched, undefined);
    expect(alarms.EnrichRidesOffsetLagAlarm?.Properties).toMatchObject({
      ...{ AlarmName: "s-dev-enrichRides OffsetLag", Namespace: "AWS/Lambda", MetricName: "OffsetLag" },
      ...{ Dimensions: [{ Name: "FunctionName", Value: "s-dev-enrichRides" }], Statistic: "Maximum" },
      ...{ Period: 60, EvaluationPeriods: 10, Threshold: 100_000, ComparisonOperator: "GreaterThanThreshold" },
    });
    expect(alarms.EmitWindowsEmissionDelayAlarm?.Properties).toMatchObject({
      ...{ Namespace: METRIC_NAMESPACE, MetricName: "emission_delay_ms", ExtendedStatistic: "p99" },
      Dimensions: [{ Name: "service", Value: "s-dev-emitWindows" }],
    });
    expect(alarms.EmitWindowsSilentEmitterAlarm?.Properties).toMatchObject({
      ...{ ComparisonOperator: "LessThanThreshold", Threshold: 1, TreatMissingData: "breaching" },
    });
  });

  it("a failure that is tried again rings, be it a batch, a request, an emission or a schedule's three attempts", () => {
    const alarms = alarmsOf(watched, undefined);
    for (const [id, metric] of [
      ["EnrichRidesFailedBatchesAlarm", "batches_failed"],
      ["TrackFailedRequestsAlarm", "requests_failed"],
      ["EmitWindowsFailedEmissionsAlarm", "emissions_failed"],
      ["TrackErrorsAlarm", "Errors"],
    ] as const) {
      expect(alarms[id]?.Properties).toMatchObject({
        ...{ MetricName: metric, Period: 60, EvaluationPeriods: 10, DatapointsToAlarm: 3, Threshold: 0 },
      });
    }
  });

  it("a mapping whose pollers say nothing rings: an empty poll would be a 0", () => {
    expect(alarmsOf(watched, undefined).EnrichRidesMappingSilentMappingAlarm?.Properties).toMatchObject({
      ...{ MetricName: "PolledEventCount", Statistic: "SampleCount", Period: 300, EvaluationPeriods: 2, Threshold: 1 },
      ...{ ComparisonOperator: "LessThanThreshold", TreatMissingData: "breaching" },
    });
  });

  it("a table's latest minute, which is 0 until its metric has come, keeps no alarm from ringing", () => {
    const { Properties } = alarmsOf(watched, undefined).WindowsTableThrottlesAlarm!;
    expect(JSON.stringify(Properties)).toContain("FILL(");
    expect(Properties).toMatchObject({ EvaluationPeriods: 10, DatapointsToAlarm: 5 });
  });

  it("watches given-up records by their mapping, and failed invocations by their queue", () => {
    const alarms = alarmsOf(watched, undefined);
    expect(alarms.EnrichRidesMappingGivenUpAlarm?.Properties).toMatchObject({
      ...{ AlarmName: "s-dev EnrichRidesMapping GivenUp", MetricName: "OnFailureDestinationDeliveredEventCount" },
      Dimensions: [{ Name: "EventSourceMappingUUID", Value: { Ref: "EnrichRidesMapping" } }],
    });
    expect(alarms.EnrichRidesMappingLostRecordsAlarm?.Properties).toMatchObject({
      ...{ MetricName: "DroppedEventCount", Threshold: 0, ComparisonOperator: "GreaterThanThreshold" },
      Dimensions: [{ Name: "EventSourceMappingUUID", Value: { Ref: "EnrichRidesMapping" } }],
    });
    expect(alarms.FailedInvocationsAlarm?.Properties).toMatchObject({
      ...{ Namespace: "AWS/SQS", MetricName: "ApproximateNumberOfMessagesVisible" },
      Dimensions: [{ Name: "QueueName", Value: { "Fn::GetAtt": ["FailedInvocations", "QueueName"] } }],
    });
  });

  it("tell the topic of both, when they ring and when it is over", () => {
    for (const { Properties } of Object.values(alarmsOf(watched, topic))) {
      expect(Properties).toMatchObject({ AlarmActions: [topic], OKActions: [topic] });
    }
    for (const { Properties } of Object.values(alarmsOf(watched, undefined))) {
      expect(Properties).not.toHaveProperty("AlarmActions");
    }
  });

  it("our own metrics are ones that the code gives", () => {
    const own = kinds.filter(({ isOwn }) => isOwn).map(({ metric }) => metric);
    expect(own.filter((metric) => !code.includes(metric))).toEqual([]);
  });

  it("each has its section in the runbook, and each section its alarm", () => {
    expect(sections.toSorted()).toEqual(
      [...[...kinds, ...mappingKinds].map(({ title }) => title), TABLE_THROTTLES, FAILED_INVOCATIONS].toSorted(),
    );
  });

  it("a description says where to read on", () => {
    const said = Object.values(alarmsOf(watched, undefined)).map(({ Properties }) => JSON.stringify(Properties));
    for (const one of said) expect(one).toMatch(/What to do: lib\/deploy\/RUNBOOK\.md#[a-z]+/);
  });
});

describe("the dashboard", () => {
  const { Dashboard } = dashboardOf(watched);
  const { DashboardName, DashboardBody } = Dashboard!.Properties as {
    DashboardName: string;
    DashboardBody: { "Fn::Sub": string };
  };
  const { widgets } = JSON.parse(DashboardBody["Fn::Sub"]) as {
    widgets: {
      x: number;
      y: number;
      width: number;
      height: number;
      properties: { title: string; metrics: unknown[][] };
    }[];
  };

  it("has the stage's name and a row for every function and table", () => {
    expect(DashboardName).toBe("s-dev");
    const rows = Map.groupBy(widgets, ({ y }) => y);
    expect([...rows.values()].map((row) => row[0]?.properties.title.split(":")[0])).toEqual([
      ...["enrichRides", "emitWindows", "track", "WindowsTable"],
    ]);
  });

  it("no widget lies on another or over the edge", () => {
    for (const { x, width } of widgets) expect(x + width).toBeLessThanOrEqual(24);
    const places = widgets.map(({ x, y }) => `${x},${y}`);
    expect(new Set(places).size).toBe(places.length);
  });

  it("shows of ours only what the code gives", () => {
    const own = widgets.flatMap(({ properties }) => properties.metrics.filter(([space]) => space === METRIC_NAMESPACE));
    expect(own.length).toBeGreaterThan(4);
    expect(own.map(([, metric]) => String(metric)).filter((metric) => !code.includes(metric))).toEqual([]);
  });
});
