// Logins from phones and tablets, each of whose fields is missing, null or empty now and then: that is what the pipeline counts.
import type { Tally, TrafficGenerator } from "./generator.ts";
import { isValid } from "./generator.ts";
import { type Draw, fraction, integer, pick, uuid } from "./random.ts";

/** What a login adds to its interval when it is valid. */
export interface LoginFacts {
  /** Seconds since the epoch. */
  readonly intervalStart: number;
  readonly missing: readonly string[];
  readonly deviceType: string | undefined;
}

/** What an interval should come to. */
export interface IntervalTruth {
  count: number;
  missing: Record<string, number>;
  devices: Record<string, number>;
}

export const INTERVAL_SECONDS = 10;

const devices = ["iOS", "android", "iOS", "android", "iPadOS", "windows"];
const locales = ["RU", "US", "BR", "DE", "IN", "JP"];
const ABSENT_SHARE = 0.03;
/** A login whose timestamp is absent counts by Kafka's own, which no plan can know. */
const neverAbsent = new Set(["timestamp"]);

export const logins: TrafficGenerator<LoginFacts> = {
  pipeline: "logins",
  topic: "user-login",
  badKinds: ["not-json", "truncated", "wrong-type", "tombstone", "far-future"],
  checkedFields: ["timestamp"], // the only one that is always there, so that another type in it is always wrong
  pools: () => undefined,
  record({ eventTime }, draw) {
    const key = uuid(draw);
    const seconds = Math.floor(eventTime / 1000);
    const whole: Readonly<Record<string, string>> = {
      user_id: key,
      app_version: `${integer(draw, 1, 4)}.${integer(draw, 0, 10)}.${integer(draw, 0, 10)}`,
      device_type: pick(draw, devices),
      ip: Array.from({ length: 4 }, () => integer(draw, 1, 255)).join("."),
      locale: pick(draw, locales),
      device_id: uuid(draw),
      timestamp: String(seconds),
    };
    const fields = Object.fromEntries(
      Object.entries(whole).map(([field, value]) => [field, orAbsent(field, value, draw)]),
    );
    const facts = {
      intervalStart: Math.floor(seconds / INTERVAL_SECONDS) * INTERVAL_SECONDS,
      missing: Object.keys(whole).filter((field) => !fields[field]),
      deviceType: fields.device_type || undefined,
    };
    return { key, value: JSON.stringify(fields), facts };
  },
  tally,
};

/** Adds a record to what its interval should come to. */
export function addToInterval(
  truth: Map<number, IntervalTruth>,
  record: Parameters<Tally<LoginFacts>["add"]>[0],
): void {
  if (!isValid(record)) return;
  const { intervalStart, missing, deviceType } = record.facts;
  const interval = truth.get(intervalStart) ?? { count: 0, missing: {}, devices: {} };
  interval.count += 1;
  for (const field of missing) interval.missing[field] = (interval.missing[field] ?? 0) + 1;
  if (deviceType !== undefined) interval.devices[deviceType] = (interval.devices[deviceType] ?? 0) + 1;
  truth.set(intervalStart, interval);
}

/** The value, or one of the three ways in which there is none. */
function orAbsent(field: string, value: string, draw: Draw): string | null | undefined {
  const [chance, way] = [fraction(draw), integer(draw, 0, 3)];
  if (neverAbsent.has(field) || chance >= ABSENT_SHARE) return value;
  return [undefined, null, ""][way];
}

function tally(): Tally<LoginFacts> {
  const truth = new Map<number, IntervalTruth>();
  return {
    add: (record) => addToInterval(truth, record),
    rows() {
      const intervals = [...truth.values()];
      const total = (of: (interval: IntervalTruth) => number) =>
        intervals.reduce((sum, interval) => sum + of(interval), 0);
      const counted = ({ missing }: IntervalTruth) => Object.values(missing).reduce((sum, count) => sum + count, 0);
      return [
        ["intervals with logins", intervals.length],
        ["logins", total(({ count }) => count)],
        ["missing fields", total(counted)],
      ];
    },
  };
}
