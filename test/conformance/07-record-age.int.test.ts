// Group 7: records that are too old.
import { expect } from "vitest";
import { switchesOf } from "../../localstack/event-source/switches.ts";
import { ManualClock } from "../localstack/event-source/manual-clock.ts";
import { until } from "../support/until.ts";
import { behaves } from "./behaviour.ts";
import { mappingWith } from "./mapping-with.ts";
import { AT_ONCE, failureTopic, NOW, PROVISIONED, scene } from "./scene.ts";

const MINUTE = { ...PROVISIONED, ...AT_ONCE, MaximumRecordAgeInSeconds: 60 };
const aged = (value: string, seconds: number) => ({ value, timestamp: String(NOW - seconds * 1000) });

behaves(
  {
    behaviour: "a record over MaximumRecordAgeInSeconds is discarded before its first attempt, as RecordAgeExceeded",
    source: "localstack/localstack:test_lambda_integration_kinesis",
    grade: "V",
  },
  async () => {
    const failures = await failureTopic();
    const { values, untilCommitted } = await scene({
      clock: new ManualClock(NOW),
      records: [aged("old", 61)],
      settings: { ...MINUTE, ...failures.settings },
    });
    await untilCommitted(1);
    expect(values()).toEqual([]);
    const [body] = await failures.bodies();
    expect(body.requestContext).toMatchObject({ condition: "RecordAgeExceeded", approximateInvokeCount: 1 });
    expect(body).not.toHaveProperty("responseContext");
  },
);

behaves(
  {
    behaviour: "only the records of a batch that are too old go, the rest is sent",
    source: "kafka-retry-configurations",
    grade: "I",
  },
  async () => {
    const { values, counters, untilCommitted } = await scene({
      clock: new ManualClock(NOW),
      records: [aged("old", 61), aged("young", 59), aged("older", 3600), aged("new", 0)],
      settings: MINUTE,
    });
    await untilCommitted(4);
    expect(values()).toEqual(["young", "new"]);
    expect(counters().droppedEventCount).toBe(2);
  },
);

behaves(
  {
    behaviour: "the age is looked at before every retry: a record that grows too old while it fails is discarded",
    source: ["kafka-retry-configurations", "localstack/localstack:test_lambda_integration_kinesis"],
    grade: "V",
  },
  async () => {
    const failures = await failureTopic();
    const clock = new ManualClock(NOW);
    const { invoker, untilInvoked, untilCommitted } = await scene({
      clock,
      backOffMs: 1000,
      records: [aged("a", 50)],
      settings: { ...MINUTE, ...failures.settings },
      answer: () => ({ kind: "function-error" }),
    });
    for (const [failed, seconds] of [1, 2, 4, 8].entries()) {
      await untilInvoked(failed + 1);
      await until(() => clock.isDueIn(seconds * 1000));
      await clock.advance(seconds * 1000);
    }
    await untilCommitted(1);
    expect(invoker.events.length).toBe(4); // at 50, 51, 53 and 57 s; at 65 s it is too old
    const [body] = await failures.bodies();
    expect(body.requestContext).toMatchObject({ condition: "RecordAgeExceeded", approximateInvokeCount: 4 });
  },
);

behaves(
  {
    behaviour: "the age counts from the record's timestamp, or from when its batch was closed",
    source: "kafka-retry-configurations",
    grade: "ND",
    emulated: { by: "record-age-from" },
  },
  async () => {
    for (const [choice, invocations] of [
      ["record-age-from=timestamp", 0],
      ["record-age-from=batch", 6],
    ] as const) {
      const clock = new ManualClock(NOW);
      const { invoker, counters, source } = await scene({
        clock,
        switches: switchesOf([choice]),
        backOffMs: 1000,
        records: [aged("old", 3600)],
        settings: MINUTE,
        answer: () => ({ kind: "function-error" }),
      });
      // Attempts at 0, 1, 3, 7, 15 and 31 s; at 63 s the batch is over a minute old.
      await until(async () => {
        if (source.status().mappings[0]?.inFlight === 0) await clock.advance(1000);
        return counters().droppedEventCount === 1;
      }, "the discard");
      expect(invoker.events.length, choice).toBe(invocations);
    }
  },
);

behaves(
  {
    behaviour: "ages from 0 to 59 s are refused; -1 is no limit, 60 to 604,800 stand",
    source: "kafka-retry-configurations",
    grade: "D",
  },
  () => {
    const withAge = (seconds: number) => mappingWith({ ...PROVISIONED, MaximumRecordAgeInSeconds: seconds });
    for (const seconds of [0, 59, -2, 604_801, 60.5]) {
      expect(() => withAge(seconds)).toThrow("MaximumRecordAgeInSeconds is a whole number from 60 to 604800");
    }
    expect([-1, 60, 604_800].map((seconds) => withAge(seconds).policy.maxAgeMs)).toEqual([
      Number.POSITIVE_INFINITY,
      60_000,
      604_800_000,
    ]);
  },
);
