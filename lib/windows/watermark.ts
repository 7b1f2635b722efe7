// When no earlier event time is expected. Each source partition has a watermark; the pipeline's is the least of those that still have something to say.
//
//   partition 0   ----x----x--x      newest 12.4 s  → watermark 11.4 s (maxOutOfOrderness 1 s)
//   partition 1   --x---x            newest  9.0 s  → watermark  8.0 s   ← the pipeline's, unless partition 1 is idle
//   partition 2   (drained for the idle time: holds nobody back)
//
// Pure: the clock and the log's end come in as values.

import type { WindowShape } from "./tumbling.ts";

/** How far one source partition has been processed. */
export interface Progress {
  /** The greatest event time of a valid record; absent where only poison has been seen. */
  readonly maxEventTime?: number;
  /** The offset of the next record to process. */
  readonly nextOffset: number;
  /** When this was stored, epoch ms. */
  readonly updatedAt: number;
  /** When it last held a valid record, where that is longer ago. */
  readonly heardAt?: number;
  /** The greatest Kafka timestamp of the records below, and the one just below: what tells a redelivery from a topic made anew. */
  readonly newest?: number;
  readonly last?: number;
}

/** What the broker says of one source partition, and what has been processed of it. */
export interface PartitionView {
  readonly partition: number;
  readonly progress?: Progress;
  /** First offset that can still be read. */
  readonly lowOffset: number;
  /** Log end offset. */
  readonly endOffset: number;
  /** Known to hold nothing a reader would see from `nextOffset` up to `endOffset`: transaction markers only. */
  readonly onlyMarkers?: boolean;
}

export interface WatermarkPolicy {
  readonly shape: Pick<WindowShape, "size" | "advance" | "maxOutOfOrderness" | "allowedLateness">;
  /** A drained partition holds the others back for this long, ms. */
  readonly idleTime: number;
}

/** A watermark and when it came to stand where it stands. */
export interface Watermark {
  /** Epoch ms: no earlier event time is expected. */
  readonly time: number;
  /** Processing time, epoch ms. */
  readonly since: number;
}

/** Nothing more to read: every readable offset has been processed. One that merely lags is never drained. */
export function isDrained(view: PartitionView): boolean {
  if (view.onlyMarkers === true) return true;
  return Math.max(view.progress?.nextOffset ?? 0, view.lowOffset) >= view.endOffset;
}

/** When a partition last said what time it is: one that has nothing but poison must not hold the others back for ever. */
export function heardAt({ heardAt, updatedAt }: Progress): number {
  return heardAt ?? updatedAt;
}

/** Drained for so long that it no longer holds the others back. */
export function isIdle(view: PartitionView, policy: WatermarkPolicy, now: number): boolean {
  return isDrained(view) && (view.progress === undefined || now - heardAt(view.progress) >= policy.idleTime);
}

/**
 * The pipeline's watermark, or undefined while it can't be known: a partition with records has not been processed yet.
 * With every partition idle it follows the clock from the newest watermark, so that the last windows close without new traffic,
 * as far as the last window's allowed lateness and no further: what comes after a silence is judged by its own time, not by the silence's length.
 */
export function pipelineWatermark(
  views: readonly PartitionView[],
  policy: WatermarkPolicy,
  now: number,
): Watermark | undefined {
  const active = views.filter((view) => !isIdle(view, policy, now));
  if (active.length === 0) return followClock(views, policy, now);
  let least: Watermark | undefined;
  for (const { progress } of active) {
    if (progress?.maxEventTime === undefined) return undefined;
    const time = progress.maxEventTime - policy.shape.maxOutOfOrderness;
    if (least === undefined || time < least.time) least = { time, since: progress.updatedAt };
  }
  return least;
}

/** The watermark as far as windows can tell: the latest window end that it has reached. Published in these steps, not for every record. */
export function frontierOf(watermark: number, shape: Pick<WindowShape, "size" | "advance">): number {
  return Math.floor((watermark - shape.size) / shape.advance) * shape.advance + shape.size;
}

/**
 * Whether a window takes no more records: the watermark passed its end by the allowed lateness.
 *
 *   [0-----3000)   watermark 3000: closed, its result is due;  watermark 3000 + allowedLateness: late records go to the late topic
 */
export function isClosedForGood(
  shape: Pick<WindowShape, "size" | "allowedLateness">,
  start: number,
  frontier: number | undefined,
): boolean {
  return frontier !== undefined && start + shape.size + shape.allowedLateness <= frontier;
}

/** Whether a window's result is due: the watermark has reached its end. */
export function isDue(shape: Pick<WindowShape, "size">, start: number, frontier: number | undefined): boolean {
  return frontier !== undefined && start + shape.size <= frontier;
}

function followClock(views: readonly PartitionView[], policy: WatermarkPolicy, now: number): Watermark | undefined {
  let newest: number | undefined;
  let heard = 0;
  for (const { progress } of views) {
    if (progress?.maxEventTime === undefined) continue;
    newest = Math.max(newest ?? progress.maxEventTime, progress.maxEventTime);
    heard = Math.max(heard, heardAt(progress));
  }
  if (newest === undefined) return undefined;
  const { size, advance, allowedLateness, maxOutOfOrderness } = policy.shape;
  const followed = newest - maxOutOfOrderness + Math.max(0, now - heard);
  const time = Math.min(followed, newest + size + allowedLateness);
  const frontier = frontierOf(time, { size, advance });
  return { time, since: Math.max(heard, now - (followed - frontier)) };
}
