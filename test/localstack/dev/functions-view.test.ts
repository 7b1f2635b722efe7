import { expect, it } from "vitest";
import { memoryScreen } from "../../../localstack/console/screen.ts";
import { functionsView } from "../../../localstack/dev/functions-view.ts";
import { newCounters } from "../../../localstack/event-source/counters.ts";

const mapping = {
  logicalId: "EnrichRides",
  functionName: "serverless-kafka-streams-dev-enrichRides",
  topic: "input-raw-rides",
  consumerGroup: "group",
  isEnabled: true,
  pollers: 1,
  inFlight: 1,
  lag: 1200,
  partitions: [],
  counters: { ...newCounters(), invokedEventCount: 12_345 },
  recordsPerSecond: 980,
};
const troubled = {
  ...mapping,
  functionName: "serverless-kafka-streams-dev-aggregateTransactions",
  topic: "transactions",
  counters: { ...newCounters(), invokeErrorCount: 2, commitErrorCount: 1 },
};
const status = { at: "", mappings: [mapping, troubled], environments: [] };

it("functions are rows by name, with what they do and what went wrong", () => {
  const view = functionsView({ status: () => status }, memoryScreen());
  expect(view.block()).toBe(
    [
      "  function               topic            records/s  records    lag  errors",
      "  aggregateTransactions  transactions           980        0  1,200       3",
      "  enrichRides            input-raw-rides        980   12,345  1,200       0",
      "",
    ].join("\n"),
  );
  expect(view.line()).toBe(
    "aggregateTransactions 980 records/s, lag 1,200, errors 3; enrichRides 980 records/s, lag 1,200, errors 0",
  );
});

it("before the event source has said anything there is nothing to show", () => {
  const view = functionsView({ status: () => undefined }, memoryScreen());
  expect(view.block()).toBe("");
  expect(view.line()).toBe("nothing to do");
});

it("a line leaves out what has nothing to do", () => {
  const idle = { ...mapping, recordsPerSecond: 0, lag: 0 };
  const view = functionsView({ status: () => ({ ...status, mappings: [idle, troubled] }) }, memoryScreen());
  expect(view.line()).toBe("aggregateTransactions 980 records/s, lag 1,200, errors 3");
});
