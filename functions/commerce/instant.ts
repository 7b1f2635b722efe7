// Times as people send them, read as ISO 8601 where there is one way to read them. All times without a zone are UTC.

/** Epoch numbers by their size: seconds until the year 5138, milliseconds and microseconds from 1973 on. */
const units = [
  { from: 1e8, below: 1e11, perMillisecond: 1 / 1_000 },
  { from: 1e11, below: 1e14, perMillisecond: 1 },
  { from: 1e14, below: 1e17, perMillisecond: 1_000 },
] as const;

const epochText = /^\d{9,17}(\.\d{1,6})?$/;
const dateAndTime = /^(\d{4}-\d\d-\d\d)(?:[Tt]|\s+)(\d\d:\d\d)(:\d\d)?([.,]\d+)?\s*(z|utc|gmt|[+-]\d\d(?::?\d\d)?)?$/i;

/** The ISO text of an epoch number, of one sent as text, or of a date and a time apart; undefined for what is none of them. */
export function isoOf(value: unknown): string | undefined {
  if (typeof value === "number") return isoOfEpoch(value);
  if (typeof value !== "string") return undefined;
  const text = value.trim();
  if (epochText.test(text)) return isoOfEpoch(Number(text));
  const [, date, minutes, seconds = ":00", fraction = "", zone = "Z"] = dateAndTime.exec(text) ?? [];
  return date === undefined ? undefined : `${date}T${minutes}${seconds}${fraction.replace(",", ".")}${isoZone(zone)}`;
}

function isoOfEpoch(value: number): string | undefined {
  const unit = units.find(({ from, below }) => value >= from && value < below);
  if (unit === undefined) return undefined;
  return new Date(Math.round(value / unit.perMillisecond)).toISOString();
}

function isoZone(zone: string): string {
  if (/^[a-z]/i.test(zone)) return "Z";
  return `${zone.slice(0, 3)}:${zone.slice(3).replace(":", "") || "00"}`;
}
