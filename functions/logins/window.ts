// Logins in 10-second windows of event time: how many, which fields they lack, from which devices, with totals since the first.
//
//   interval  [12:00:00 ---- 12:00:10)  [12:00:10 ---- 12:00:20)     a login at 12:00:10 is in the second
//   total     ^ since the first login ...........................^   the same fields, over all intervals up to this one

import { type EventTime, eventTime, seconds } from "../../lib/time.ts";
import { count, countBy } from "../../lib/windows/aggregators.ts";
import type { OutputFormat } from "../../lib/windows/emission.ts";
import { windowed } from "../../lib/windows/tumbling.ts";
import { Login, loginFields } from "./schema.ts";

export const logins = windowed(Login).tumbling({
  name: "logins",
  version: 1,
  eventTime: (login, record) => readableTime(login.timestamp) ?? eventTime(record.timestamp),
  size: seconds(10),
  maxOutOfOrderness: seconds(1),
  allowedLateness: seconds(30),
  aggregate: {
    messages_consumed: count(),
    missing_field_count: countBy(missingFields),
    device_type_count: countBy((login) => login.device_type || undefined),
  },
  runningTotals: true,
});

/** One record an interval, keyed by its start: intervals and totals side by side, times in whole seconds. */
export const loginRecord: OutputFormat = ({ start, end, result, total = result }) => ({
  key: String(start / 1000),
  value: {
    timestamp_start: start / 1000,
    timestamp_end: end / 1000,
    interval_messages_consumed: result.messages_consumed,
    total_messages_consumed: total.messages_consumed,
    interval_missing_field_count: result.missing_field_count,
    total_missing_field_count: total.missing_field_count,
    interval_device_type_count: result.device_type_count,
    total_device_type_count: total.device_type_count,
  },
});

/** The fields that a login lacks: missing, null or empty. */
export function missingFields(login: Login): readonly (keyof Login)[] {
  return loginFields.filter((field) => !login[field]);
}

/** Whole seconds up to the year 9999; anything else says nothing, and the record's own timestamp counts. */
function readableTime(text: string | null | undefined): EventTime | undefined {
  if (typeof text !== "string" || !/^\d{1,12}$/.test(text)) return undefined;
  const time = Number(text) * 1000;
  return time <= LAST_TIME ? eventTime(time) : undefined;
}

const LAST_TIME = Date.UTC(9999, 11, 31);
