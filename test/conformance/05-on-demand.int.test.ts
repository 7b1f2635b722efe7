// Group 5: failures in on-demand mode, without any failure policy.
import { expect } from "vitest";
import { ManualClock } from "../localstack/event-source/manual-clock.ts";
import { until } from "../support/until.ts";
import { behaves, lacks } from "./behaviour.ts";
import { realFunction } from "./real-function.ts";
import { AT_ONCE, count, NOW, scene, valued } from "./scene.ts";

behaves(
  {
    behaviour: "a function error sends the same batch again, whole, until it succeeds",
    source: ["with-msk-configure", "with-kafka-configure"],
    grade: "D",
  },
  async () => {
    const fn = realFunction(`(event, attempt) => { if (attempt < 4) throw new Error("not yet"); }`);
    const { topic, untilCommitted } = await scene({ ...fn.options, records: count(3), settings: AT_ONCE });
    await untilCommitted(3);
    expect(fn.events().map((event) => event.records[`${topic}-0`]?.map(({ offset }) => offset))).toEqual(
      new Array(4).fill([0, 1, 2]),
    );
    expect(new Set(fn.events().map((event) => JSON.stringify(event))).size).toBe(1);
  },
);

for (const [what, body, more] of [
  ["a thrown error", `() => { throw new TypeError("no"); }`, {}],
  ["a time-out", "() => new Promise(() => {})", { timeoutSeconds: 1 }],
  ["the end of the process", "() => process.exit(3)", {}],
  [
    "running out of memory",
    "() => { const a = []; for (;;) a.push(new Array(1000).fill(a.length)); }",
    { memoryMb: 128 },
  ],
] as const) {
  behaves({ behaviour: `${what} is a function error`, source: "invocation-retries", grade: "D" }, async () => {
    const fn = realFunction(`(event, attempt) => { if (attempt === 1) return (${body})(); }`, more);
    const { untilCommitted, counters } = await scene({ ...fn.options, records: valued("a"), settings: AT_ONCE });
    await untilCommitted(1);
    const { invokeErrorCount: failed, ...others } = counters();
    // A slow machine may pass the limit of a second more than once.
    if (what === "a time-out") expect(failed).toBeGreaterThan(0);
    else expect([failed, fn.events().length]).toEqual([1, 2]);
    expect(others).toMatchObject({
      ...{ invocations: failed + 1, failedInvokeEventCount: failed },
      ...{ committedEventCount: 1, droppedEventCount: 0 },
    });
  });
}

behaves(
  {
    behaviour: "a failing batch is sent again without limit, while other partitions go on",
    source: "with-msk-configure",
    grade: "D",
  },
  async () => {
    const clock = new ManualClock(NOW);
    const { topic, invoker, invoked, committed, until50Fails } = await failing(clock);
    await until50Fails();
    expect((await committed())[1]).toBe(20);
    expect((await committed())[0]).toBe(0);
    expect(invoker.events.filter((event) => `${topic}-0` in event.records).length).toBeGreaterThanOrEqual(50);
    expect(new Set(invoked().flatMap((batch) => (batch[0] === undefined ? [] : [String(batch[0])])))).toEqual(
      new Set(["0,1,2,3,4"]),
    );
  },
);

behaves(
  {
    behaviour: "a throttled batch is sent again, as often as it takes",
    source: "kafka-scaling-modes",
    grade: "D",
  },
  async () => {
    const clock = new ManualClock(NOW);
    const { batches, counters, untilCommitted, untilInvoked } = await scene({
      clock,
      backOffMs: 1000,
      records: count(2),
      settings: AT_ONCE,
      answer: (_event, attempt) => ({ kind: attempt < 4 ? "not-delivered" : "success" }),
    });
    for (const [failed, seconds] of [1, 2, 4].entries()) {
      await untilInvoked(failed + 1);
      await until(() => clock.isDueIn(seconds * 1000));
      await clock.advance(seconds * 1000);
    }
    await untilCommitted(2);
    expect(batches()).toEqual(new Array(4).fill([0, 1]));
    expect(counters().droppedEventCount).toBe(0);
  },
);

behaves(
  {
    behaviour: "a function over its reserved concurrency is throttled: nothing is lost",
    source: "lambda-concurrency",
    grade: "D",
  },
  async () => {
    const slow = "() => new Promise((resolve) => setTimeout(resolve, 50))";
    const fn = realFunction(slow, { properties: { ReservedConcurrentExecutions: 1 } });
    const { untilCommitted } = await scene({
      ...fn.options,
      partitions: 3,
      records: [0, 1, 2].flatMap((partition) => count(4, { partition })),
      settings: { ...AT_ONCE, BatchSize: 2 },
    });
    await untilCommitted(4, 4, 4);
    expect(fn.events().flatMap((event) => Object.values(event.records).flat()).length).toBe(12);
  },
);

behaves(
  {
    behaviour: "what the function answers is not looked at",
    source: "kafka-retry-configurations",
    grade: "D",
  },
  async () => {
    const fn = realFunction(`(event) => ({
      batchItemFailures: Object.entries(event.records).map(([partition, [{ offset }]]) => ({ itemIdentifier: { partition, offset } })),
    })`);
    const { untilCommitted } = await scene({ ...fn.options, records: count(3), settings: AT_ONCE });
    await untilCommitted(3);
    expect(fn.events().length).toBe(1);
  },
);

behaves(
  {
    behaviour: "retries wait: 1, 2, 4 … s, at most 60 s",
    source: "localstack/localstack:test_lambda_integration_kinesis",
    grade: "ND",
    emulated: { by: "--backoff" },
  },
  async () => {
    const answer = () => ({ kind: "function-error" }) as const;
    for (const [backOffMs, waits] of [
      [1000, [1, 2, 4, 8, 16, 32, 60, 60].map((s) => s * 1000)],
      [50, [50, 100, 200]],
    ] as const) {
      const clock = new ManualClock(NOW);
      const { untilInvoked } = await scene({ clock, backOffMs, answer, records: valued("a"), settings: AT_ONCE });
      for (const [failed, ms] of waits.entries()) {
        await untilInvoked(failed + 1);
        await until(() => clock.isDueIn(ms), `a wait of ${ms} ms`);
        await clock.advance(ms);
      }
    }
  },
);

lacks({
  behaviour: "a batch whose records leave the topic by retention while it fails is tried no more",
  source: "with-msk-configure",
  grade: "D",
  emulated: { not: "the batch is held in memory and tried on; it is skipped after a restart" },
});

/** Two partitions in small batches; the function fails for the first one, always. */
async function failing(clock: ManualClock) {
  const made = await scene({
    clock,
    partitions: 2,
    records: [0, 1].flatMap((partition) => count(20, { partition })),
    settings: { ...AT_ONCE, BatchSize: 5 },
    answer: (event) => ({
      kind: Object.values(event.records)[0]?.[0]?.partition === 0 ? "function-error" : "success",
    }),
  });
  const until50Fails = async () => {
    await until(async () => {
      await clock.advance(60_000);
      return made.counters().invokeErrorCount >= 50 && (await made.committed())[1] === 20;
    }, "50 failed attempts");
  };
  return { ...made, until50Fails };
}
