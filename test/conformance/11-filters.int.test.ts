// Group 11: filter criteria.
import { expect } from "vitest";
import { switchesOf } from "../../localstack/event-source/switches.ts";
import { ManualClock } from "../localstack/event-source/manual-clock.ts";
import { behaves } from "./behaviour.ts";
import { mappingWith } from "./mapping-with.ts";
import { AT_ONCE, NOW, scene, valued } from "./scene.ts";

const filters = (...patterns: readonly unknown[]) => ({
  FilterCriteria: {
    Filters: patterns.map((pattern) => ({ Pattern: typeof pattern === "string" ? pattern : JSON.stringify(pattern) })),
  },
});

behaves(
  {
    behaviour: "a record that any filter matches is kept; the others' offsets are committed with the batch",
    source: "invocation-eventfiltering",
    grade: "D",
  },
  async () => {
    const { values, counters, untilCommitted } = await scene({
      records: valued('{"n":1}', '{"n":2}', '{"n":3}', '{"n":1}'),
      settings: { ...AT_ONCE, ...filters({ value: { n: [1] } }, { value: { n: [3] } }) },
    });
    await untilCommitted(4);
    expect(values()).toEqual(['{"n":1}', '{"n":3}', '{"n":1}']);
    expect(counters()).toMatchObject({ polledEventCount: 4, filteredOutEventCount: 1, invokedEventCount: 3 });
  },
);

behaves(
  {
    behaviour: "filtered offsets are committed only after the invocation of the records around them has succeeded",
    source: "invocation-eventfiltering",
    grade: "D",
  },
  async () => {
    const clock = new ManualClock(NOW);
    const { committed, untilInvoked, untilPolled } = await scene({
      clock,
      records: valued('{"n":1}', '{"n":2}'),
      settings: { ...AT_ONCE, ...filters({ value: { n: [1] } }) },
      answer: () => ({ kind: "function-error" }),
    });
    await untilPolled(2);
    await untilInvoked(1);
    expect(await committed()).toEqual([0]);
  },
);

behaves(
  {
    behaviour: "what is filtered out whole is committed without an invocation",
    source: "invocation-eventfiltering",
    grade: "ND",
  },
  async () => {
    const settings = { ...AT_ONCE, ...filters({ value: { n: [1] } }) };
    const { batches, untilCommitted } = await scene({ records: valued('{"n":2}', '{"n":3}'), settings });
    await untilCommitted(2);
    expect(batches()).toEqual([]);
  },
);

behaves(
  { behaviour: "BatchSize counts what is left after filtering", source: "invocation-eventfiltering", grade: "ND" },
  async () => {
    const records = Array.from({ length: 6 }, (_, i) => ({ value: JSON.stringify({ keep: i % 2 === 1 }) }));
    const { batches, untilInvoked } = await scene({
      clock: new ManualClock(NOW),
      records,
      settings: { BatchSize: 3, MaximumBatchingWindowInSeconds: 300, ...filters({ value: { keep: [true] } }) },
    });
    await untilInvoked(1);
    expect(batches()).toEqual([[1, 3, 5]]);
  },
);

behaves(
  {
    behaviour: "filters read the decoded value; the event still holds the original in base64",
    source: "kafka-filtering",
    grade: "D/I",
  },
  async () => {
    const settings = { ...AT_ONCE, ...filters({ value: { n: [1] } }) };
    const { invoker, topic, untilCommitted } = await scene({ records: valued(' {"n": 1 } '), settings });
    await untilCommitted(1);
    expect(invoker.events[0]?.records[`${topic}-0`]?.[0]?.value).toBe(Buffer.from(' {"n": 1 } ').toString("base64"));
  },
);

// Lambda's own table of operators: which of the values pass.
for (const [operator, rule, passes, drops] of [
  ["null", { a: [null] }, ['{"a":null}'], ['{"a":"null"}', '{"a":0}', "{}"]],
  ["empty", { a: [""] }, ['{"a":""}'], ['{"a":" "}', '{"a":null}']],
  ["equals", { a: ["x"] }, ['{"a":"x"}', '{"a":["y","x"]}'], ['{"a":"X"}', '{"a":[]}', "{}"]],
  ["equals-ignore-case", { a: [{ "equals-ignore-case": "xY" }] }, ['{"a":"Xy"}'], ['{"a":"x"}']],
  ["AND: every field of a pattern", { a: ["x"], b: [1] }, ['{"a":"x","b":1}'], ['{"a":"x"}', '{"a":"x","b":2}']],
  ["OR: any value of a field", { a: ["x", "y"] }, ['{"a":"y"}'], ['{"a":"z"}']],
  ["$or: any of several fields", { $or: [{ a: ["x"] }, { b: [1] }] }, ['{"b":1}', '{"a":"x"}'], ['{"a":"y","b":2}']],
  ["anything-but", { a: [{ "anything-but": ["x", "y"] }] }, ['{"a":"z"}', '{"a":null}'], ['{"a":"x"}', "{}"]],
  ["numeric =", { a: [{ numeric: ["=", 1.5] }] }, ['{"a":1.5}', '{"a":15e-1}'], ['{"a":"1.5"}', '{"a":1}']],
  ["numeric range", { a: [{ numeric: [">", 1, "<=", 3] }] }, ['{"a":3}'], ['{"a":1}', '{"a":3.1}', '{"a":null}']],
  ["exists", { a: [{ exists: true }] }, ['{"a":null}', '{"a":0}'], ["{}", '{"a":{"b":1}}', '{"a":[]}']],
  ["exists false", { a: { b: [{ exists: false }] } }, ["{}", '{"a":{"c":1}}'], ['{"a":{"b":1}}']],
  ["prefix", { a: [{ prefix: "x" }] }, ['{"a":"xy"}'], ['{"a":"yx"}', '{"a":1}']],
  ["suffix", { a: [{ suffix: "x" }] }, ['{"a":"yx"}'], ['{"a":"xy"}', '{"a":1}']],
] as const) {
  behaves({ behaviour: `filter operator ${operator}`, source: "invocation-eventfiltering", grade: "D" }, () =>
    expectFilter({ value: rule }, passes, drops),
  );
}

behaves(
  {
    behaviour: "names are case-sensitive, a dot is a nested path, 300.0 equals 300, an object of a list matches whole",
    source: "localstack/localstack:event_pattern_templates",
    grade: "V",
  },
  async () => {
    await expectFilter({ value: { a: { b: [300] } } }, ['{"a":{"b":300.0}}', '{"a.b":300}'], ['{"A":{"b":300}}']);
    await expectFilter({ "value.a.b": [1] }, ['{"a":{"b":1}}', '{"a":{"c":2},"a.b":1}'], ['{"a":{"b":2}}']);
    await expectFilter({ value: { l: { a: [1], b: [2] } } }, ['{"l":[{"a":1,"b":2}]}'], ['{"l":[{"a":1},{"b":2}]}']);
  },
);

behaves(
  {
    behaviour: "whole numbers are equal by value, beyond 2^53 too",
    source: "localstack/localstack:event_pattern_templates",
    grade: "I",
  },
  () =>
    expectFilter(
      '{"value":{"a":[9007199254740993]}}',
      ['{"a":9007199254740993}'],
      ['{"a":9007199254740992}', '{"a":1}'],
    ),
);

behaves(
  {
    behaviour: "EventBridge's further operators: wildcard, cidr, nested anything-but, prefix and suffix without case",
    source: "invocation-eventfiltering",
    grade: "I",
  },
  async () => {
    await expectFilter({ value: { a: [{ wildcard: "x*z" }] } }, ['{"a":"xyz"}'], ['{"a":"xy"}']);
    await expectFilter({ value: { a: [{ cidr: "10.0.0.0/24" }] } }, ['{"a":"10.0.0.9"}'], ['{"a":"10.0.1.9"}']);
    await expectFilter({ value: { a: [{ "anything-but": { prefix: "x" } }] } }, ['{"a":"y"}'], ['{"a":"xy"}']);
    await expectFilter({ value: { a: [{ prefix: { "equals-ignore-case": "X" } }] } }, ['{"a":"xy"}'], ['{"a":"y"}']);
  },
);

behaves(
  {
    behaviour: "a plain string is filtered by a plain string rule, JSON by a JSON rule",
    source: "kafka-filtering",
    grade: "D",
  },
  async () => {
    await expectFilter({ value: ["x"] }, ["x"], ["y"]);
    await expectFilter({ value: { a: ["x"] } }, ['{"a":"x"}'], ['{"a":"y"}']);
  },
);

behaves(
  {
    behaviour:
      "a value of another format than its rule's passes, as do bytes that are no UTF-8 and any value without a rule",
    source: "kafka-filtering",
    grade: "D/I",
  },
  async () => {
    await expectFilter({ value: { a: ["x"] } }, ["plain", Buffer.from([0xff, 0xfe])], []);
    await expectFilter({ value: ["x"] }, ['{"a":"y"}', Buffer.from([0xff, 0xfe])], []);
    await expectFilter({}, ["anything"], []);
  },
);

behaves({ behaviour: "a JSON array or scalar counts as a plain string", source: "kafka-filtering", grade: "ND" }, () =>
  expectFilter({ value: ["[1]", "5"] }, ["[1]", "5"], ["[2]"]),
);

behaves(
  {
    behaviour: "a tombstone under a filter on the value passes, or is dropped",
    source: "kafka-filtering",
    grade: "ND",
    emulated: { by: "tombstones-under-filters" },
  },
  async () => {
    for (const [choice, pattern, wanted] of [
      ["tombstones-under-filters=pass", { value: { a: [1] } }, [[0]]],
      ["tombstones-under-filters=drop", { value: { a: [1] } }, []],
      ["tombstones-under-filters=drop", {}, [[0]]],
    ] as const) {
      const { batches, untilCommitted } = await scene({
        switches: switchesOf([choice]),
        records: [{ key: "k", value: null }],
        settings: { ...AT_ONCE, ...filters(pattern) },
      });
      await untilCommitted(1);
      expect(batches(), choice).toEqual(wanted);
    }
  },
);

behaves(
  {
    behaviour: "a pattern that is no JSON object, or breaks a rule of the syntax: Invalid filter pattern definition.",
    source: "localstack/localstack:event_pattern_templates",
    grade: "V",
  },
  () => {
    for (const pattern of [
      "{",
      "[]",
      '"x"',
      '{"value":{"a":1}}',
      '{"value":{"a":[]}}',
      '{"value":{"a":[{"Prefix":"x"}]}}',
    ]) {
      expect(() => mappingWith(filters(pattern)), pattern).toThrow("Invalid filter pattern definition.");
    }
  },
);

behaves(
  {
    behaviour: "a pattern on another property than value: Invalid filter pattern definition.",
    source: "kafka-filtering",
    grade: "ND",
  },
  () => {
    for (const name of ["key", "topic", "headers", "offset"]) {
      expect(() => mappingWith(filters({ [name]: ["x"] }))).toThrow("Invalid filter pattern definition.");
    }
  },
);

behaves(
  { behaviour: "an emptied FilterCriteria lets everything pass", source: "kafka-filtering", grade: "D" },
  async () => {
    const { values, untilCommitted } = await scene({
      records: valued("a"),
      settings: { ...AT_ONCE, FilterCriteria: {} },
    });
    await untilCommitted(1);
    expect(values()).toEqual(["a"]);
  },
);

/** Of a topic with these values, in this order, the function gets those that pass and no other. */
async function expectFilter(pattern: object | string, passes: readonly (string | Buffer)[], drops: readonly string[]) {
  const records = [...drops, ...passes].map((value) => ({ value }));
  const { invoker, topic, untilCommitted } = await scene({ records, settings: { ...AT_ONCE, ...filters(pattern) } });
  await untilCommitted(records.length);
  const got = invoker.events.flatMap((event) => event.records[`${topic}-0`] ?? []).map(({ value }) => value);
  expect(got, JSON.stringify(pattern)).toEqual(passes.map((value) => Buffer.from(value).toString("base64")));
}
