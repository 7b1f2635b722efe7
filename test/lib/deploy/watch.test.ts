import { expect, it } from "vitest";
import Watch from "../../../lib/deploy/watch.ts";

type Service = ConstructorParameters<typeof Watch>[0]["service"];

/** What the plugin makes of a service whose mappings kafka-mapping.ts has made ready. */
function watched(extensions: NonNullable<Service["resources"]>["extensions"] = {}) {
  const service: Service = {
    ...{ service: "shop", provider: { stage: "prod" }, custom: { watch: { alarms: "on" } } },
    functions: { enrich: { name: "shop-prod-enrich", events: [{ kafka: { topic: "rides" } }] } },
    resources: { Resources: {}, extensions },
  };
  new Watch({ service }).hooks.initialize?.();
  return { alarms: Object.keys(service.resources?.Resources ?? {}), extensions };
}
const id = "EnrichEventSourceMappingKafkaRides";
const DestinationConfig = { OnFailure: { Destination: "arn:aws:sqs:eu-west-1:123456789012:failed" } };

it("a failure destination counts wherever it was written: of what is given up and of what is lost both", () => {
  expect(watched({ [id]: { Properties: { DestinationConfig } } }).alarms).toEqual(
    expect.arrayContaining([`${id}GivenUpAlarm`, `${id}LostRecordsAlarm`]),
  );
  const { alarms } = watched({ [id]: { Properties: {} } });
  expect(alarms.filter((alarm) => /GivenUp|LostRecords/.test(alarm))).toEqual([]);
  expect(alarms).toContain(`${id}SilentMappingAlarm`);
});

it("a mapping's own metrics stay beside those that its alarms need", () => {
  const { extensions } = watched({ [id]: { Properties: { MetricsConfig: { Metrics: ["KafkaMetrics"] } } } });
  expect(extensions?.[id]?.Properties?.MetricsConfig).toEqual({ Metrics: ["KafkaMetrics", "EventCount"] });
});

it("another resource's failure destination is no mapping's", () => {
  const { alarms, extensions } = watched({ EnrichLambdaEvConf: { Properties: { DestinationConfig } } });
  expect(alarms.filter((alarm) => /EvConf/.test(alarm))).toEqual([]);
  expect(extensions?.EnrichLambdaEvConf?.Properties).toEqual({ DestinationConfig });
});
