// Replay: the records of a span of time once more, in a consumer group of its own; the live group's offsets stay as they are.
// Kafka finds a partition's first record of a time by its index; after it times may go back and forth, so everything up to the
// partition's end is read, and the records outside of the span are left out.
import { type SourceRecord, timestampOf } from "./kafka/record-batch.ts";
import type { Mapping } from "./template/mapping.ts";

/** `[fromMs, toMs)`, in milliseconds since the epoch. */
export interface TimeSpan {
  readonly fromMs: number;
  readonly toMs: number;
}

/** A span, and by partition the offset at which its replay is over. */
export interface Replay extends TimeSpan {
  readonly ends: ReadonlyMap<number, number>;
}

const CLOCK_TIME = /^\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?$/;
const INSTANT = /^(\d{4}-\d{2}-\d{2})T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})?$/;

/** Reads `--from 2026-11-20T10:00 --to 10:30`: local time unless a zone is given; a time of day alone is on `from`'s day, in its zone. */
export function parseSpan(from: string, to: string | undefined, now: number): TimeSpan {
  const [, day = "", , , zone = ""] = INSTANT.exec(from) ?? [];
  const fromMs = instant("--from", from);
  const toMs =
    to === undefined ? now : instant("--to", CLOCK_TIME.test(to) ? `${day}T${to.padStart(5, "0")}${zone}` : to);
  if (fromMs > now) throw new Error(`--from ${from} lies in the future: there is nothing to replay yet.`);
  if (toMs <= fromMs) throw new Error(`--to must be later than --from: got ${from} to ${to ?? "now"}.`);
  return { fromMs, toMs };
}

/** The mapping as a replay carries it out: also when it is disabled, from the span's start, in the named group. */
export function replayOf(mapping: Mapping, { fromMs }: TimeSpan, name: string): Mapping {
  return {
    ...mapping,
    isEnabled: true,
    startingPosition: { kind: "AT_TIMESTAMP", timestamp: fromMs },
    consumerGroup: `${mapping.consumerGroup}-${name}`,
  };
}

/** Whether a partition's record is one of those that are replayed. */
export function isReplayed({ fromMs, toMs, ends }: Replay, partition: number, record: SourceRecord): boolean {
  const time = timestampOf(record);
  return fromMs <= time && time < toMs && record.offset < (ends.get(partition) ?? 0);
}

/** Whether every partition is done up to its end. */
export function isOver(
  { ends }: Replay,
  partitions: readonly { readonly partition: number; readonly doneTo: number }[],
): boolean {
  return [...ends].every(([partition, end]) => partitions.some((at) => at.partition === partition && at.doneTo >= end));
}

function instant(option: string, text: string): number {
  const [, day = ""] = INSTANT.exec(text) ?? [];
  const time = isDay(day) ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(time)) return time;
  throw new Error(
    `${option} takes a time such as 2026-11-20T10:00 (local), 2026-11-20T10:00Z or 2026-11-20T10:00+01:00, got '${text}'`,
  );
}

/** Whether the calendar has it: Date takes 31 February for 3 March. */
function isDay(day: string): boolean {
  const start = new Date(`${day}T00:00Z`);
  return !Number.isNaN(start.getTime()) && start.toISOString().startsWith(day);
}
