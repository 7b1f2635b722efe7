// Group 9: partial batch responses (ReportBatchItemFailures).
import { expect } from "vitest";
import { switchesOf } from "../../localstack/event-source/switches.ts";
import { behaves } from "./behaviour.ts";
import { type RealFunction, realFunction } from "./real-function.ts";
import { AT_ONCE, count, failureTopic, PARTIAL, PROVISIONED, scene } from "./scene.ts";

const READS = { ...PARTIAL, ...AT_ONCE };

behaves(
  {
    behaviour:
      "only the records that the answer lists come again: itemIdentifier is { partition: topic-partition, offset }",
    source: "kafka-retry-configurations",
    grade: "D",
  },
  async () => {
    expect(await batchesWhere(`fail(1), fail(3)`)).toEqual([
      [0, 1, 2, 3],
      [1, 3],
    ]);
  },
);

behaves(
  {
    behaviour: "newer records of the partition wait for them, and the offset past the batch is committed only then",
    source: "kafka-retry-configurations",
    grade: "ND",
  },
  async () => {
    const again = Promise.withResolvers<{ kind: "success" }>();
    const { topic, batches, committed, untilInvoked, untilCommitted } = await scene({
      records: count(4),
      settings: { ...READS, BatchSize: 2 },
      answer: (event, attempt) => {
        const [partition] = Object.keys(event.records);
        const failures = [{ itemIdentifier: { partition, offset: 1 } }];
        if (attempt === 1) return { kind: "success", response: { batchItemFailures: failures } };
        return attempt === 2 ? again.promise : { kind: "success" };
      },
    });
    await untilInvoked(2);
    expect(batches()).toEqual([[0, 1], [1]]);
    expect(await committed(), topic).toEqual([0]);
    again.resolve({ kind: "success" });
    await untilCommitted(4);
    expect(batches()).toEqual([[0, 1], [1], [2, 3]]);
  },
);

for (const [what, identifiers] of [
  ["an offset that the event did not hold", "fail(1), fail(99)"],
  ["a partition that the event did not hold", `fail(1), { itemIdentifier: { partition: "elsewhere-0", offset: 1 } }`],
] as const) {
  behaves({ behaviour: `${what} fails the whole batch`, source: "kafka-retry-configurations", grade: "D" }, async () =>
    expect(await batchesWhere(identifiers)).toEqual(WHOLE_AGAIN),
  );
}

behaves(
  {
    behaviour:
      'an itemIdentifier that is missing, null, "" or a number, or lacks its partition or offset, fails the whole batch',
    source: "localstack/localstack:test_lambda_integration_dynamodbstreams",
    grade: "V/I",
  },
  async () => {
    for (const item of [
      "{}",
      "null",
      "{ itemIdentifier: null }",
      `{ itemIdentifier: "" }`,
      "{ itemIdentifier: 1 }",
      "{ itemIdentifier: { offset: 1 } }",
      "{ itemIdentifier: { partition } }",
    ]) {
      expect(await batchesWhere(`fail(1), ${item}`), item).toEqual(WHOLE_AGAIN);
    }
  },
);

behaves(
  { behaviour: "an offset as a string fails the whole batch", source: "kafka-retry-configurations", grade: "ND" },
  async () => expect(await batchesWhere(`{ itemIdentifier: { partition, offset: "1" } }`)).toEqual(WHOLE_AGAIN),
);

behaves(
  { behaviour: "an identifier that comes twice counts once", source: "kafka-retry-configurations", grade: "ND" },
  async () => expect(await batchesWhere("fail(2), fail(2)")).toEqual([[0, 1, 2, 3], [2]]),
);

behaves(
  {
    behaviour: "null, nothing, {}, [], an empty or null batchItemFailures mean that everything succeeded",
    source: ["kafka-retry-configurations", "localstack/localstack:test_lambda_integration_kinesis"],
    grade: "D/V",
  },
  async () => {
    const answers = ["null", "undefined", "({})", "[]", "({ batchItemFailures: [] })", "({ batchItemFailures: null })"];
    const fn = realFunction(`(event, attempt) => [${answers.join(", ")}][attempt - 1]`);
    const { untilCommitted } = await scene({
      ...fn.options,
      records: count(answers.length),
      settings: { ...READS, BatchSize: 1 },
    });
    await untilCommitted(answers.length);
    expect(fn.events().length).toBe(answers.length);
  },
);

behaves(
  {
    behaviour: 'an answer that is no object, such as "ok" or true, means that everything succeeded',
    source: "kafka-retry-configurations",
    grade: "ND",
  },
  async () => {
    const fn = realFunction(`(event, attempt) => ["ok", true, 5][attempt - 1]`);
    const { untilCommitted } = await scene({ ...fn.options, records: count(3), settings: { ...READS, BatchSize: 1 } });
    await untilCommitted(3);
    expect(fn.events().length).toBe(3);
  },
);

behaves(
  {
    behaviour: "without ReportBatchItemFailures the list is not read",
    source: "kafka-retry-configurations",
    grade: "D",
  },
  async () => expect(await batchesWhere("fail(1)", { ...PROVISIONED, ...AT_ONCE })).toEqual([[0, 1, 2, 3]]),
);

behaves(
  {
    behaviour: "a function error fails the whole batch, whatever was reported before",
    source: "kafka-retry-configurations",
    grade: "D",
  },
  async () => {
    const fn = realFunction(`(event, attempt) => { if (attempt === 1) throw new Error("no"); }`);
    const { untilCommitted, topic } = await scene({ ...fn.options, records: count(2), settings: READS });
    await untilCommitted(2);
    expect(fn.events().map((event) => event.records[`${topic}-0`]?.length)).toEqual([2, 2]);
  },
);

behaves(
  {
    behaviour:
      "every re-send is an attempt; when they run out only what still fails is discarded, functionError is null",
    source: "localstack/localstack:test_lambda_integration_dynamodbstreams",
    grade: "V/I",
  },
  async () => {
    const failures = await failureTopic();
    const settings = { ...READS, ...failures.settings, MaximumRetryAttempts: 1 };
    expect(await batchesWhere("fail(2)", settings, "fail(2)")).toEqual([[0, 1, 2, 3], [2]]);
    const [body, ...others] = await failures.bodies();
    expect(others).toEqual([]);
    expect(body.requestContext.approximateInvokeCount).toBe(2);
    expect(body.responseContext).toEqual({ statusCode: 200, executedVersion: "$LATEST", functionError: null });
    expect(body.KafkaBatchInfo.recordInfo.offset).toBe("2");
  },
);

behaves(
  {
    behaviour: "with bisect on, what a partial response lists is sent again unsplit",
    source: "kafka-retry-configurations",
    grade: "ND",
  },
  async () => {
    const settings = { ...READS, BisectBatchOnFunctionError: true };
    expect(await batchesWhere("fail(1), fail(2), fail(3)", settings)).toEqual([
      [0, 1, 2, 3],
      [1, 2, 3],
    ]);
  },
);

behaves(
  {
    behaviour:
      "a plain string topic-partition-offset fails the whole batch, or names its record; one log line says which form is documented",
    source: ["kafka-retry-configurations", "middyjs/middy: event-batch-response"],
    grade: "ND",
    emulated: { by: "string-identifiers" },
  },
  async () => {
    const strings = `partition + "-1", partition + "-3"`;
    for (const [choice, batches, lines] of [
      [
        "string-identifiers=understand",
        [
          [0, 1, 2, 3],
          [1, 3],
        ],
        1,
      ],
      ["string-identifiers=fail", WHOLE_AGAIN, 1],
    ] as const) {
      const fn = answeringFirst(`...[${strings}].map((itemIdentifier) => ({ itemIdentifier }))`);
      const made = await scene({ ...fn.options, switches: switchesOf([choice]), records: count(4), settings: READS });
      await made.untilCommitted(4);
      expect(batchesOf(fn, made.topic), choice).toEqual(batches);
      expect(made.logged.filter(({ message }) => message.includes("AWS documents")).length).toBe(lines);
    }
  },
);

behaves(
  {
    behaviour: "a plain string that names no record of the event fails the whole batch",
    source: "kafka-retry-configurations",
    grade: "I",
  },
  async () => {
    for (const text of [`"elsewhere-0-1"`, `partition + "-99"`, `partition + ":1"`, `"1"`]) {
      expect(await batchesWhere(`fail(1), { itemIdentifier: ${text} }`), text).toEqual(WHOLE_AGAIN);
    }
  },
);

const WHOLE_AGAIN = [
  [0, 1, 2, 3],
  [0, 1, 2, 3],
];

/** What a real function receives of a batch of four, which answers these failures first, then `next`, then that all is well. */
async function batchesWhere(first: string, settings: object = READS, next = ""): Promise<number[][]> {
  const fn = answeringFirst(first, next);
  const { topic, untilCommitted } = await scene({ ...fn.options, records: count(4), settings: { ...settings } });
  await untilCommitted(4);
  return batchesOf(fn, topic);
}

/** Within the texts `partition` is the event's key, `fail(offset)` what AWS documents. */
function answeringFirst(first: string, next = ""): RealFunction {
  return realFunction(`(event, attempt) => {
    const [partition] = Object.keys(event.records);
    const fail = (offset) => ({ itemIdentifier: { partition, offset } });
    return { batchItemFailures: [[${first}], [${next}]][attempt - 1] ?? [] };
  }`);
}

function batchesOf(fn: RealFunction, topic: string): number[][] {
  return fn.events().map((event) => event.records[`${topic}-0`]!.map(({ offset }) => offset));
}
