// A poller without a broker: what it is told by the group and the fetches goes in, invocations come out, a test moves the clock.
import { randomUUID } from "node:crypto";
import { describe, expect, test } from "vitest";
import type { KafkaEvent } from "../../../lib/kafka/event.ts";
import { NO_FAULTS } from "../../../localstack/event-source/faults.ts";
import type { InvokeResult } from "../../../localstack/event-source/invoke.ts";
import { listBatches } from "../../../localstack/event-source/kafka/record-batch.ts";
import { Poller } from "../../../localstack/event-source/poller.ts";
import { backOff } from "../../../localstack/event-source/settle.ts";
import { AS_AWS_MAY } from "../../../localstack/event-source/switches.ts";
import { mappingsOf } from "../../../localstack/event-source/template/mapping.ts";
import { templateOf } from "../../../localstack/event-source/template/template.ts";
import { kafkaMapping } from "./fixture.ts";
import { encodeBatch, TIME } from "./kafka/record-batches.ts";
import { ManualClock, settled } from "./manual-clock.ts";

interface Call {
  readonly at: number;
  readonly offsets: Readonly<Record<string, readonly number[]>>;
  answer(kind: "success" | "function-error"): Promise<void>;
}

function pollerOf(settings: Readonly<Record<string, unknown>>) {
  const lambda = { Type: "AWS::Lambda::Function", Properties: { FunctionName: "f" } };
  const template = templateOf(
    { Resources: { CountLambdaFunction: lambda, M: kafkaMapping("count", "tt", settings) } },
    "/",
  );
  const clock = new ManualClock(TIME);
  const calls: Call[] = [];
  const messages: string[] = [];
  const poller = new Poller({
    mapping: mappingsOf(template)[0]!,
    functionName: "f",
    source: { kind: "kafka", bootstrapServers: "b:9092" },
    index: 0,
    cluster: { brokers: ["b:9092"] },
    isolation: "read_uncommitted",
    invoker: {
      stop: async () => {},
      invoke: ({ payload }) =>
        new Promise<InvokeResult>((resolve) => {
          const event: KafkaEvent = JSON.parse(payload.toString("latin1"));
          const offsets = Object.entries(event.records).map(([key, records]) => [
            key,
            records.map(({ offset }) => offset),
          ]);
          const facts = { requestId: randomUUID(), durationMs: 1 };
          const error = { errorType: "Error", errorMessage: "told to" };
          calls.push({
            at: clock.now() - TIME,
            offsets: Object.fromEntries(offsets),
            answer: async (kind) => {
              resolve(kind === "success" ? { ...facts, kind, response: null } : { ...facts, kind, error });
              await settled();
            },
          });
        }),
    },
    clock,
    backOff: backOff(1000),
    switches: AS_AWS_MAY,
    observe: () => {},
    faults: NO_FAULTS,
    log: (message) => messages.push(message),
    fatal: (error) => {
      throw error;
    },
  });
  const fetch = async (partition: number, offsets: readonly number[]) => {
    const slab = encodeBatch(offsets.map((offset) => ({ offset })));
    const bytes = { slab, batches: listBatches(slab), lastOffset: offsets.at(-1)! };
    await poller.fetched(partition, bytes, { from: offsets[0]!, highWatermark: offsets.at(-1)! + 1 });
    await settled();
  };
  const doneTo = () => Object.fromEntries(poller.partitions.map((queue) => [queue.partition, queue.doneTo]));
  return { poller, clock, calls, messages, fetch, doneTo };
}

const second = { MaximumBatchingWindowInSeconds: 1 };
const provisioned = { ProvisionedPollerConfig: { MinimumPollers: 1 } };

describe("windows", () => {
  test("on demand the next window starts when the invocation completes", async () => {
    const { poller, clock, calls, fetch } = pollerOf(second);
    poller.assigned(new Map([[0, 0]]));
    await fetch(0, [0]);
    await clock.advance(1000);
    await fetch(0, [1]);
    await clock.advance(2500);
    expect(calls.map(({ at }) => at)).toEqual([1000]);
    await calls[0]!.answer("success"); // at 3500: [3500 ---- 4500)
    await clock.advance(999);
    expect(calls.length).toBe(1);
    await clock.advance(1);
    expect(calls.map(({ at }) => at)).toEqual([1000, 4500]);
  });

  test("provisioned it starts when the batch is closed: what waited long enough leaves as soon as its partition is free", async () => {
    const { poller, clock, calls, fetch } = pollerOf({ ...second, ...provisioned });
    poller.assigned(new Map([[0, 0]]));
    await fetch(0, [0]);
    await clock.advance(1000);
    await fetch(0, [1]);
    await clock.advance(2500);
    await calls[0]!.answer("success");
    expect(calls.map(({ at }) => at)).toEqual([1000, 3500]);
  });

  test("the default is half a second, and windows that nobody used follow one another", async () => {
    const { poller, clock, calls, fetch } = pollerOf({});
    poller.assigned(new Map([[0, 0]]));
    await clock.advance(1700);
    await fetch(0, [0]); // [1500 ---- 2000)
    await clock.advance(299);
    expect(calls).toEqual([]);
    await clock.advance(1);
    expect(calls.map(({ at }) => at)).toEqual([2000]);
  });

  test("a window of 0 sends what is there at once, and while that is in flight the rest gathers", async () => {
    const { poller, calls, fetch } = pollerOf({ MaximumBatchingWindowInSeconds: 0 });
    poller.assigned(new Map([[0, 0]]));
    await fetch(0, [0]);
    await fetch(0, [1]);
    await fetch(0, [2]);
    expect(calls.map(({ offsets }) => offsets)).toEqual([{ "tt-0": [0] }]);
    await calls[0]!.answer("success");
    expect(calls[1]?.offsets).toEqual({ "tt-0": [1, 2] });
  });
});

describe("retries", () => {
  test("wait 1, 2, 4 … seconds, on the same records", async () => {
    const { poller, clock, calls, fetch } = pollerOf({ MaximumBatchingWindowInSeconds: 0 });
    poller.assigned(new Map([[0, 0]]));
    await fetch(0, [0, 1]);
    for (let i = 0; i < 4; i++) {
      await calls.at(-1)!.answer("function-error");
      await clock.advance(2 ** i * 1000);
    }
    expect(calls.map(({ at }) => at)).toEqual([0, 1000, 3000, 7000, 15_000]);
    expect(new Set(calls.map(({ offsets }) => JSON.stringify(offsets)))).toEqual(new Set(['{"tt-0":[0,1]}']));
  });
});

describe("the group", () => {
  test("a partition that is kept keeps its buffer: nothing is fetched twice", async () => {
    const { poller, fetch } = pollerOf({});
    expect(poller.assigned(new Map([[0, 5]]))).toEqual(new Map([[0, 5]]));
    await fetch(0, [5, 6, 7]);
    expect(
      poller.assigned(
        new Map([
          [0, 5],
          [1, 9],
        ]),
      ),
    ).toEqual(
      new Map([
        [0, 8],
        [1, 9],
      ]),
    );
  });

  test("a partition that another member took further meanwhile is read from there", async () => {
    const { poller, fetch } = pollerOf({});
    poller.assigned(new Map([[0, 5]]));
    await fetch(0, [5, 6, 7]);
    expect(poller.assigned(new Map([[0, 6]]))).toEqual(new Map([[0, 6]]));
  });

  test("nothing is sent while the group is joined again, not even a retry", async () => {
    const { poller, clock, calls, fetch } = pollerOf({ MaximumBatchingWindowInSeconds: 0 });
    poller.assigned(new Map([[0, 0]]));
    await fetch(0, [0]);
    await calls[0]!.answer("function-error");
    await poller.beforeJoin();
    await clock.advance(60_000);
    expect(calls.length).toBe(1);
    poller.assigned(new Map([[0, 0]]));
    await settled();
    expect(calls.length).toBe(2);
  });

  test("a batch of a partition that is lost is tried no more, and its offsets are not ours to say", async () => {
    const { poller, clock, calls, fetch, doneTo } = pollerOf({ MaximumBatchingWindowInSeconds: 1 });
    poller.assigned(
      new Map([
        [0, 0],
        [1, 0],
      ]),
    );
    await fetch(0, [0]);
    await fetch(1, [0]);
    await clock.advance(1000);
    expect(calls[0]?.offsets).toEqual({ "tt-0": [0], "tt-1": [0] });
    await calls[0]!.answer("function-error");
    poller.assigned(new Map([[1, 0]]));
    await clock.advance(5000);
    expect(calls[1]?.offsets).toEqual({ "tt-1": [0] });
    await calls[1]!.answer("success");
    expect(doneTo()).toEqual({ 1: 1 });
  });

  test("a partition that comes back while its old batch is in flight waits for it", async () => {
    const { poller, clock, calls, fetch } = pollerOf({ MaximumBatchingWindowInSeconds: 0 });
    poller.assigned(new Map([[0, 0]]));
    await fetch(0, [0]);
    poller.assigned(new Map());
    poller.assigned(new Map([[0, 0]]));
    await fetch(0, [0]);
    await clock.advance(10_000);
    expect(calls.length).toBe(1);
    await calls[0]!.answer("success");
    expect(calls.length).toBe(2);
  });

  test("a topic that was made anew is noticed and said", async () => {
    const { poller, clock, calls, messages, fetch } = pollerOf({ MaximumBatchingWindowInSeconds: 0 });
    poller.assigned(new Map([[0, 100]]));
    await fetch(0, [100]);
    await calls[0]!.answer("success");
    await fetch(0, [0]);
    await clock.advance(0);
    expect(messages).toContain("offsets start again: the topic was made anew");
    expect(calls[1]?.offsets).toEqual({ "tt-0": [0] });
  });
});
