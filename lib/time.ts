// Time as it is passed around: when something happened (EventTime) and how long something lasts (Duration), both whole milliseconds.
// Text is `YYYY-MM-DD HH:mm:ss.SSS` in UTC, read strictly: a date that does not exist is refused, never moved to the next month.

declare const eventTimeBrand: unique symbol;
declare const durationBrand: unique symbol;

/** Milliseconds since the epoch at which something happened, as the record says. */
export type EventTime = number & { readonly [eventTimeBrand]: true };

/** A length of time in milliseconds. */
export type Duration = number & { readonly [durationBrand]: true };

export function milliseconds(count: number): Duration {
  return count as Duration;
}

export function seconds(count: number): Duration {
  return (count * 1_000) as Duration;
}

export function minutes(count: number): Duration {
  return (count * 60_000) as Duration;
}

export function hours(count: number): Duration {
  return (count * 3_600_000) as Duration;
}

/** Believes a number of epoch milliseconds: for edges that have validated it. */
export function eventTime(epochMs: number): EventTime {
  return epochMs as EventTime;
}

/** The time that `YYYY-MM-DD HH:mm:ss.SSS` names in UTC, or undefined where the text is anything else. */
export function parseEventTime(text: string): EventTime | undefined {
  if (text.length !== 23 || !hasSeparators(text)) return undefined;
  const year = twoDigits(text, 0) * 100 + twoDigits(text, 2);
  const month = twoDigits(text, 5);
  const day = twoDigits(text, 8);
  const hour = twoDigits(text, 11);
  const minute = twoDigits(text, 14);
  const second = twoDigits(text, 17);
  const millisecond = twoDigits(text, 20) * 10 + digit(text, 22);
  // Written so that NaN, which is what a character that is no digit becomes, is refused too.
  const exists =
    year >= 0 &&
    month >= 1 &&
    month <= 12 &&
    day >= 1 &&
    day <= daysInMonth(year, month) &&
    hour <= 23 &&
    minute <= 59 &&
    second <= 59 &&
    millisecond <= 999;
  if (!exists) return undefined;
  const time = ((daysSinceEpoch(year, month, day) * 24 + hour) * 60 + minute) * 60 + second;
  return eventTime(time * 1_000 + millisecond);
}

/** The time as `YYYY-MM-DD HH:mm:ss.SSS` in UTC, for years 0000 to 9999. */
export function formatEventTime(time: EventTime): string {
  const iso = new Date(time).toISOString();
  if (iso.length !== 24) throw new RangeError(`A year between 0000 and 9999 is needed: got ${iso}`);
  return `${iso.slice(0, 10)} ${iso.slice(11, 23)}`;
}

function hasSeparators(text: string): boolean {
  return (
    text.charCodeAt(4) === 45 && // -
    text.charCodeAt(7) === 45 &&
    text.charCodeAt(10) === 32 && // space
    text.charCodeAt(13) === 58 && // :
    text.charCodeAt(16) === 58 &&
    text.charCodeAt(19) === 46 // .
  );
}

function twoDigits(text: string, at: number): number {
  return digit(text, at) * 10 + digit(text, at + 1);
}

function digit(text: string, at: number): number {
  const value = text.charCodeAt(at) - 48;
  return value >= 0 && value <= 9 ? value : Number.NaN;
}

function daysInMonth(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

/** Days from 1970-01-01 in the Gregorian calendar, with years that start in March so that the leap day comes last. */
function daysSinceEpoch(year: number, month: number, day: number): number {
  const marchYear = month <= 2 ? year - 1 : year;
  const era = Math.floor(marchYear / 400);
  const yearOfEra = marchYear - era * 400;
  const dayOfYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146_097 + dayOfEra - 719_468;
}
