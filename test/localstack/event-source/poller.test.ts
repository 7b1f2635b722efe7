// What a poller does when, with a clock that the test moves and no broker.
import { describe, expect, test } from "vitest";
import { pollerOf } from "./lone-poller.ts";
import { settled } from "./manual-clock.ts";

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
