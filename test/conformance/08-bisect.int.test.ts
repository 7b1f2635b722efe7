// Group 8: BisectBatchOnFunctionError.
import { expect } from "vitest";
import { switchesOf } from "../../localstack/event-source/switches.ts";
import { type Answering, recordsOf, textOf } from "../localstack/event-source/running.ts";
import { behaves } from "./behaviour.ts";
import { realFunction } from "./real-function.ts";
import { AT_ONCE, count, failureTopic, PROVISIONED, scene } from "./scene.ts";

const BISECT = { ...PROVISIONED, ...AT_ONCE, BisectBatchOnFunctionError: true };
const failsOn: (text: string) => Answering = (text) => (event) => ({
  kind: recordsOf(event).some((record) => textOf(record) === text) ? "function-error" : "success",
});

behaves(
  {
    behaviour: "one poison record among good ones is found; its neighbours succeed, it alone goes to the destination",
    source: "kafka-retry-configurations",
    grade: "D",
  },
  async () => {
    const failures = await failureTopic();
    const poison = Buffer.from("11").toString("base64");
    const fn = realFunction(
      `(event) => { for (const list of Object.values(event.records)) for (const { value } of list) if (value === "${poison}") throw new Error(); }`,
    );
    const { topic, untilCommitted } = await scene({
      ...fn.options,
      records: count(16),
      settings: { ...BISECT, ...failures.settings, MaximumRetryAttempts: 1 },
    });
    await untilCommitted(16);
    const batches = fn.events().map((event) => event.records[`${topic}-0`]?.map(({ offset }) => offset) ?? []);
    const succeeded = batches.filter((offsets) => !offsets.includes(11)).flat();
    expect(succeeded).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 13, 14, 15]);
    expect((await failures.bodies()).map(({ KafkaBatchInfo }) => KafkaBatchInfo.recordInfo.offset)).toEqual(["11"]);
  },
);

behaves(
  {
    behaviour: "a batch splits in the middle, the larger half first, and the second waits until the first is settled",
    source: "kafka-retry-configurations",
    grade: "I",
  },
  async () => {
    const { batches, untilCommitted } = await scene({
      records: count(5),
      settings: { ...BISECT, MaximumRetryAttempts: 2 },
      answer: failsOn("1"),
    });
    await untilCommitted(5);
    expect(batches()).toEqual([[0, 1, 2, 3, 4], [0, 1, 2], [0, 1], [0], [1], [1], [1], [2], [3, 4]]);
  },
);

behaves(
  {
    behaviour: "a batch of several partitions splits as one list, partition by partition",
    source: "kafka-retry-configurations",
    grade: "ND",
  },
  async () => {
    const { invoked, untilCommitted } = await scene({
      partitions: 2,
      records: [
        { partition: 0, value: "a" },
        { partition: 1, value: "b" },
        { partition: 1, value: "c" },
      ],
      settings: { ...BISECT, BatchSize: 3, MaximumBatchingWindowInSeconds: 300 },
      answer: (_event, attempt) => ({ kind: attempt === 1 ? "function-error" : "success" }),
    });
    await untilCommitted(1, 2);
    const [first, second, third] = invoked();
    expect(first).toEqual({ 0: [0], 1: [0, 1] });
    expect(Object.values(second ?? {}).flat().length).toBe(2);
    expect(Object.values(third ?? {}).flat().length).toBe(1);
  },
);

behaves(
  {
    behaviour: "a throttled batch does not split",
    source: "kafka-retry-configurations",
    grade: "I",
  },
  async () => {
    const { batches, untilCommitted } = await scene({
      records: count(4),
      settings: BISECT,
      answer: (_event, attempt) => ({ kind: attempt === 1 ? "not-delivered" : "success" }),
    });
    await untilCommitted(4);
    expect(batches()).toEqual([
      [0, 1, 2, 3],
      [0, 1, 2, 3],
    ]);
  },
);

behaves(
  {
    behaviour: "a split uses up no attempt, or one",
    source: ["kafka-retry-configurations", "with-kinesis"],
    grade: "ND",
    emulated: { by: "splits-count-as-attempts" },
  },
  async () => {
    for (const [choice, invocations] of [
      ["splits-count-as-attempts=no", [[0, 1], [0], [0], [1]]],
      ["splits-count-as-attempts=yes", [[0, 1], [0], [1]]],
    ] as const) {
      const { batches, untilCommitted } = await scene({
        switches: switchesOf([choice]),
        records: count(2),
        settings: { ...BISECT, MaximumRetryAttempts: 1 },
        answer: failsOn("0"),
      });
      await untilCommitted(2);
      expect(batches(), choice).toEqual(invocations);
    }
  },
);
