// When windows close, as tables: partitions' progress, the log's end and the clock in, the watermark out.

import { describe, expect, it } from "vitest";
import {
  frontierOf,
  isClosedForGood,
  isDrained,
  isDue,
  type PartitionView,
  pipelineWatermark,
} from "../../../lib/windows/watermark.ts";

const shape = { size: 3000, advance: 3000, maxOutOfOrderness: 1000, allowedLateness: 10_000 };
const policy = { shape, idleTime: 1000 };
const NOW = 100_000;

function view(
  partition: number,
  options: Partial<PartitionView> & { newest?: number; next?: number; at?: number },
): PartitionView {
  const { newest, next, at = NOW, ...rest } = options;
  const progress =
    next === undefined
      ? {}
      : { progress: { nextOffset: next, updatedAt: at, ...(newest === undefined ? {} : { maxEventTime: newest }) } };
  return { partition, lowOffset: 0, endOffset: 10, ...progress, ...rest };
}

describe("the pipeline's watermark", () => {
  it.each([
    {
      why: "is the least of its partitions' less the bound",
      views: [view(0, { next: 5, newest: 12_400 }), view(1, { next: 5, newest: 9000 })],
      time: 8000,
    },
    {
      why: "is unknown while a partition with records has not been processed",
      views: [view(0, { next: 5, newest: 9000 }), view(1, {})],
      time: undefined,
    },
    {
      why: "is unknown while a lagging partition has had only poison",
      views: [view(0, { next: 5, newest: 9000 }), view(1, { next: 3 })],
      time: undefined,
    },
    {
      why: "passes over a partition that never had a record",
      views: [view(0, { next: 5, newest: 9000 }), view(1, { endOffset: 0 })],
      time: 8000,
    },
    {
      why: "passes over a partition whose records have all expired",
      views: [view(0, { next: 5, newest: 9000 }), view(1, { lowOffset: 10 })],
      time: 8000,
    },
    {
      why: "passes over a drained partition that has had nothing but poison for the idle time",
      views: [
        view(0, { next: 5, newest: 9000 }),
        view(1, { progress: { nextOffset: 10, maxEventTime: 4000, updatedAt: NOW, heardAt: NOW - 1000 } }),
      ],
      time: 8000,
    },
    {
      why: "waits for a partition that has had nothing but poison while it lags",
      views: [
        view(0, { next: 5, newest: 9000 }),
        view(1, { progress: { nextOffset: 9, maxEventTime: 4000, updatedAt: NOW, heardAt: NOW - 1000 } }),
      ],
      time: 3000,
    },
    {
      why: "waits for a drained partition for the idle time",
      views: [view(0, { next: 5, newest: 9000 }), view(1, { next: 10, newest: 4000, at: NOW - 999 })],
      time: 3000,
    },
    {
      why: "passes over a partition drained for the idle time",
      views: [view(0, { next: 5, newest: 9000 }), view(1, { next: 10, newest: 4000, at: NOW - 1000 })],
      time: 8000,
    },
    {
      why: "always waits for one that merely lags",
      views: [view(0, { next: 5, newest: 9000 }), view(1, { next: 9, newest: 4000, at: 0 })],
      time: 3000,
    },
    {
      why: "passes over a lag of transaction markers only",
      views: [view(0, { next: 5, newest: 9000 }), view(1, { next: 9, newest: 4000, at: 0, onlyMarkers: true })],
      time: 8000,
    },
    {
      why: "follows the clock from the newest once all are idle",
      views: [view(0, { next: 10, newest: 9000, at: NOW - 2500 }), view(1, { next: 10, newest: 4000, at: NOW - 5000 })],
      time: 10_500,
    },
    {
      why: "follows the clock to the last window's allowed lateness and no further",
      views: [view(0, { next: 10, newest: 9000, at: 0 })],
      time: 22_000,
    },
    {
      why: "is unknown for a topic that never had a valid record",
      views: [view(0, { endOffset: 0 }), view(1, { next: 10, at: 0 })],
      time: undefined,
    },
  ])("$why", ({ views, time }) => {
    expect(pipelineWatermark(views, policy, NOW)?.time).toBe(time);
  });

  it("came to stand where it stands when its slowest partition was stored", () => {
    const views = [view(0, { next: 5, newest: 12_400, at: NOW }), view(1, { next: 5, newest: 9000, at: NOW - 70 })];
    expect(pipelineWatermark(views, policy, NOW)).toEqual({ time: 8000, since: NOW - 70 });
  });
});

describe("drained", () => {
  it.each([
    { why: "everything read", at: view(0, { next: 10, newest: 1 }), drained: true },
    { why: "one record left", at: view(0, { next: 9, newest: 1 }), drained: false },
    {
      why: "markers left, which no reader sees",
      at: view(0, { next: 9, newest: 1, onlyMarkers: true }),
      drained: true,
    },
    { why: "never written to", at: view(0, { endOffset: 0 }), drained: true },
    { why: "never read", at: view(0, {}), drained: false },
  ])("$why: $drained", ({ at, drained }) => {
    expect(isDrained(at)).toBe(drained);
  });
});

describe("a window's end", () => {
  // [0-----3000)[3000-----6000)
  it.each([
    { watermark: 2999, frontier: 0, why: "the first window is still open" },
    { watermark: 3000, frontier: 3000, why: "its end is reached" },
    { watermark: 5999, frontier: 3000, why: "the second is still open" },
    { watermark: 6000, frontier: 6000, why: "both have ended" },
    { watermark: -1, frontier: -3000, why: "times before 1970 too" },
  ])("watermark $watermark publishes $frontier: $why", ({ watermark, frontier }) => {
    expect(frontierOf(watermark, shape)).toBe(frontier);
  });

  it("makes its result due, and closes it for good after the allowed lateness", () => {
    expect([isDue(shape, 0, undefined), isDue(shape, 0, 2999), isDue(shape, 0, 3000)]).toEqual([false, false, true]);
    expect([
      isClosedForGood(shape, 0, undefined),
      isClosedForGood(shape, 0, 12_999),
      isClosedForGood(shape, 0, 13_000),
    ]).toEqual([false, false, true]);
  });

  it("of hopping windows is reached one advance after the other", () => {
    const hopping = { size: 6000, advance: 3000 };
    expect([
      frontierOf(5999, hopping),
      frontierOf(6000, hopping),
      frontierOf(8999, hopping),
      frontierOf(9000, hopping),
    ]).toEqual([3000, 6000, 6000, 9000]);
  });
});
