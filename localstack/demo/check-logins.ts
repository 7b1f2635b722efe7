// Whether the logins' intervals are what was sent: each interval's last result and the logins that came too late for it add up to what was
// sent for it, and each total is the one before plus the interval.
import { addToInterval, type IntervalTruth, type LoginFacts } from "../../events/generate/logins.ts";
import { inOrder, jsonObject, place, type Received, type Sent } from "./records.ts";

type Login = Sent<LoginFacts>;

/** What came out for one interval. */
export interface IntervalResult {
  /** Seconds since the epoch. */
  readonly start: number;
  readonly revision: number;
  readonly interval: IntervalTruth;
  readonly total: IntervalTruth;
}

export interface LoginCheck {
  /** Last results, in the order of time. */
  readonly intervals: readonly IntervalResult[];
  readonly differences: readonly string[];
  /** Logins that are in no result yet, nor too late. */
  readonly missing: number;
}

/** Lays sent logins, results and late logins side by side. */
export function checkLogins(
  sent: readonly Login[],
  results: readonly Received[],
  late: readonly Received[],
): LoginCheck {
  const truth = new Map<number, IntervalTruth>();
  for (const login of sent) addToInterval(truth, login);
  const tooLate = lateByInterval(sent, late);
  const byStart = Map.groupBy(inOrder(results), ({ key }) => Number(key));
  const intervals = [...byStart]
    .map(([start, emissions]) => intervalResult(start, emissions))
    .filter(({ start }) => truth.has(start))
    .sort((one, other) => one.start - other.start);
  const found = new Map(intervals.map((result) => [result.start, result.interval]));
  let missing = 0;
  const differences = [...truth].flatMap(([start, wanted]) => {
    const came = plus(found.get(start) ?? nothing(), tooLate.get(start) ?? nothing());
    missing += Math.max(0, wanted.count - came.count);
    return same(came, wanted)
      ? []
      : [`interval ${start}: ${show(came)} came out or too late, ${show(wanted)} was sent`];
  });
  for (const [start, emissions] of byStart) differences.push(...checkRevisions(start, emissions));
  return { intervals, differences: [...differences, ...checkTotals(intervals)], missing };
}

function checkRevisions(start: number, emissions: readonly Received[]): string[] {
  const revisions = emissions.map(({ headers }) => Number(headers.revision));
  const isGapless = revisions.every((revision, at) => at === 0 || revision === (revisions[at - 1] ?? 0) + 1);
  return isGapless
    ? []
    : [`interval ${start} came out as revisions ${revisions.join(", ")}: each should be one more than the last`];
}

function checkTotals(intervals: readonly IntervalResult[]): string[] {
  return intervals.flatMap(({ start, interval, total }, at) => {
    const before = intervals[at - 1]?.total;
    if (before === undefined || same(plus(before, interval), total)) return [];
    return [`interval ${start} has the total ${show(total)}: it should be ${show(plus(before, interval))}`];
  });
}

function intervalResult(start: number, emissions: readonly Received[]): IntervalResult {
  const last = emissions.at(-1);
  const fields = jsonObject(last?.value ?? null) ?? {};
  const counts = (prefix: "interval" | "total"): IntervalTruth => ({
    count: Number(fields[`${prefix}_messages_consumed`]),
    missing: (fields[`${prefix}_missing_field_count`] ?? {}) as Record<string, number>,
    devices: (fields[`${prefix}_device_type_count`] ?? {}) as Record<string, number>,
  });
  return { start, revision: Number(last?.headers.revision), interval: counts("interval"), total: counts("total") };
}

function lateByInterval(sent: readonly Login[], late: readonly Received[]): Map<number, IntervalTruth> {
  const bySource = new Map(sent.map((login) => [place({ topic: "", ...login }), login]));
  const tooLate = new Map<number, IntervalTruth>();
  for (const { headers } of late) {
    const [partition, offset] = [Number(headers["late.partition"]), Number(headers["late.offset"])];
    const original = bySource.get(place({ topic: "", partition, offset }));
    if (original !== undefined) addToInterval(tooLate, original);
  }
  return tooLate;
}

function nothing(): IntervalTruth {
  return { count: 0, missing: {}, devices: {} };
}

function plus(a: IntervalTruth, b: IntervalTruth): IntervalTruth {
  return { count: a.count + b.count, missing: addUp(a.missing, b.missing), devices: addUp(a.devices, b.devices) };
}

function addUp(a: Readonly<Record<string, number>>, b: Readonly<Record<string, number>>): Record<string, number> {
  const keys = [...new Set([...Object.keys(a), ...Object.keys(b)])];
  return Object.fromEntries(keys.map((key) => [key, (a[key] ?? 0) + (b[key] ?? 0)]));
}

function same(a: IntervalTruth, b: IntervalTruth): boolean {
  return show(a) === show(b);
}

function show({ count, missing, devices }: IntervalTruth): string {
  const sorted = (counts: Readonly<Record<string, number>>) =>
    JSON.stringify(Object.fromEntries(Object.entries(counts).sort(([a], [b]) => (a < b ? -1 : 1))));
  return `${count} logins, missing ${sorted(missing)}, devices ${sorted(devices)}`;
}
