// Topics that functions name, gathered once each.
import { describe, expect, it } from "vitest";
import { topicFaults, topicsOf } from "../../../lib/deploy/kafka-topics.ts";

describe("the topics of a service", () => {
  it("are those declared and those implied by events, once each, by name", () => {
    const topics = topicsOf([
      { functionName: "sum", declared: { late: {} }, implied: ["input", "failed"] },
      {
        functionName: "emit",
        declared: { results: { cleanupPolicy: "compact" }, input: { partitions: 6 } },
        implied: [],
      },
    ]);
    expect(Object.entries(topics)).toEqual([
      ["failed", {}],
      ["input", { partitions: 6 }],
      ["late", {}],
      ["results", { cleanupPolicy: "compact" }],
    ]);
  });

  it("keep a setting that another function doesn't repeat, whoever comes first", () => {
    const says = { functionName: "emit", declared: { results: { cleanupPolicy: "compact" as const } }, implied: [] };
    const names = { functionName: "read", declared: { results: {} }, implied: ["results"] };
    expect(topicsOf([says, names])).toEqual(topicsOf([names, says]));
  });
});

describe("a wrong topic is refused with a sentence", () => {
  const table = [
    {
      why: "Kafka's policies",
      topics: '{"results":{"cleanupPolicy":"compacted"}}',
      says: /topics\.results: cleanupPolicy must be compact or delete: got "compacted"/,
    },
    {
      why: "at least one partition",
      topics: '{"results":{"partitions":0}}',
      says: /partitions must be a whole number of at least 1: got 0/,
    },
    {
      why: "bytes are counted",
      topics: '{"results":{"maxMessageBytes":"2MB"}}',
      says: /maxMessageBytes must be a whole number of at least 1: got "2MB"/,
    },
    {
      why: "a setting nobody would carry out",
      topics: '{"results":{"retentionMs":5}}',
      says: /retentionMs is not a setting of a topic/,
    },
    { why: "AWS wants two characters, no leading dot", topics: '{".results":{}}', says: /a topic's name has 2 to 249/ },
  ];
  it.each(table)("$why: $topics", ({ topics, says }) => {
    const faults = topicFaults([{ functionName: "sum", declared: JSON.parse(topics), implied: [] }]);
    expect(faults).toHaveLength(1);
    expect(faults[0]).toMatch(says);
    expect(faults[0]).toMatch(/^Function 'sum', /);
  });

  it("two functions that contradict each other are both named", () => {
    const faults = topicFaults([
      { functionName: "sum", declared: { results: { cleanupPolicy: "compact" } }, implied: [] },
      { functionName: "emit", declared: { results: { cleanupPolicy: "delete" } }, implied: [] },
    ]);
    expect(faults).toHaveLength(1);
    expect(faults[0]).toMatch(/Topic 'results' .*'sum'.*'emit'/);
  });
});
