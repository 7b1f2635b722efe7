// Group 6: the limit of retries in provisioned mode.
import { expect } from "vitest";
import { ManualClock } from "../localstack/event-source/manual-clock.ts";
import { type Answering, recordsOf, textOf } from "../localstack/event-source/running.ts";
import { until } from "../support/until.ts";
import { behaves } from "./behaviour.ts";
import { realFunction } from "./real-function.ts";
import { AT_ONCE, count, failuresTo, failureTopic, NOW, PROVISIONED, scene, valued } from "./scene.ts";

const failsOn: (text: string) => Answering = (text) => (event) => ({
  kind: recordsOf(event).some((record) => textOf(record) === text) ? "function-error" : "success",
});

for (const retries of [0, 1, 3]) {
  behaves(
    {
      behaviour: `MaximumRetryAttempts ${retries}: ${retries + 1} invocation${retries === 0 ? "" : "s"}, and the failure record counts ${retries + 1}`,
      source: ["kafka-retry-configurations", "localstack/localstack:test_lambda_integration_kinesis"],
      grade: "V",
    },
    async () => {
      const failures = await failureTopic();
      const fn = realFunction(`() => { throw new Error("never"); }`);
      const settings = { ...PROVISIONED, ...AT_ONCE, ...failures.settings, MaximumRetryAttempts: retries };
      const { untilCommitted } = await scene({ ...fn.options, settings, records: valued("a") });
      await untilCommitted(1);
      expect(fn.events().length).toBe(retries + 1);
      const [{ requestContext, responseContext }] = (await failures.bodies()) as [{ [part: string]: object }];
      expect(requestContext).toMatchObject({ approximateInvokeCount: retries + 1 });
      expect(responseContext).toEqual({ statusCode: 200, executedVersion: "$LATEST", functionError: "Unhandled" });
    },
  );
}

for (const MaximumRetryAttempts of [undefined, -1]) {
  behaves(
    {
      behaviour: `${MaximumRetryAttempts === undefined ? "no MaximumRetryAttempts" : "MaximumRetryAttempts -1"} beside a destination: 10 retries`,
      source: "kafka-retry-configurations",
      grade: "D",
    },
    async () => {
      const failures = await failureTopic();
      const settings = { ...PROVISIONED, ...AT_ONCE, ...failures.settings, MaximumRetryAttempts };
      const { invoker, untilCommitted } = await scene({
        settings,
        records: valued("a"),
        backOffMs: 1,
        answer: failsOn("a"),
      });
      await untilCommitted(1);
      expect(invoker.events.length).toBe(11);
      expect((await failures.bodies()).map((body) => body.requestContext.approximateInvokeCount)).toEqual([11]);
    },
  );
}

behaves(
  {
    behaviour: "without a destination and a limit, retries are endless in provisioned mode too",
    source: "kafka-retry-configurations",
    grade: "D",
  },
  async () => {
    const clock = new ManualClock(NOW);
    const { invoker, counters, committed } = await scene({
      clock,
      records: valued("a"),
      settings: { ...PROVISIONED, ...AT_ONCE },
      answer: failsOn("a"),
    });
    await until(async () => {
      await clock.advance(60_000);
      return invoker.events.length >= 30;
    }, "30 attempts");
    expect(counters().droppedEventCount).toBe(0);
    expect(await committed()).toEqual([0]);
  },
);

behaves(
  {
    behaviour: "throttles are not counted as attempts",
    source: "kafka-retry-configurations",
    grade: "D",
  },
  async () => {
    const { invoker, counters, untilCommitted } = await scene({
      records: valued("a"),
      settings: { ...PROVISIONED, ...AT_ONCE, MaximumRetryAttempts: 0 },
      answer: (_event, attempt) => ({ kind: attempt < 4 ? "not-delivered" : "success" }),
    });
    await untilCommitted(1);
    expect(invoker.events.length).toBe(4);
    expect(counters()).toMatchObject({ droppedEventCount: 0, invocations: 1 });
  },
);

behaves(
  {
    behaviour: "after a discard the partition goes on with its next records, and is committed past what was given up",
    source: "kafka-on-failure",
    grade: "I",
  },
  async () => {
    const { values, counters, untilCommitted } = await scene({
      records: valued("bad", "good"),
      settings: { ...PROVISIONED, ...AT_ONCE, BatchSize: 1, MaximumRetryAttempts: 1 },
      answer: failsOn("bad"),
    });
    await untilCommitted(2);
    expect(values()).toEqual(["bad", "bad", "good"]);
    expect(counters().droppedEventCount).toBe(1);
  },
);

behaves(
  {
    behaviour: "records that the destination does not take are lost, and counted as dropped",
    source: "kafka-on-failure",
    grade: "D",
  },
  async () => {
    const { counters, logged, untilCommitted } = await scene({
      records: count(2),
      settings: { ...PROVISIONED, ...AT_ONCE, ...failuresTo("kafka://no-such-topic-here"), MaximumRetryAttempts: 0 },
      answer: () => ({ kind: "function-error" }),
    });
    await untilCommitted(2);
    expect(counters()).toMatchObject({ droppedEventCount: 2, onFailureDestinationDeliveredEventCount: 0 });
    expect(logged.map(({ message }) => message)).toContain(
      "records dropped: the failure destination did not take them",
    );
  },
);
