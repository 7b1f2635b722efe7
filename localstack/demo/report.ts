// What the demo shows in the end: the windows, the rides, and the verdict.

import { WINDOW_MS } from "../../events/generate/transactions.ts";
import { clockTime, duration, figure, perSecond } from "../console/figures.ts";
import { printHeading, type Screen } from "../console/screen.ts";
import { table } from "../console/table.ts";
import type { WindowResult } from "./check-windows.ts";
import { jsonObject, type Received } from "./records.ts";

const longestTable = 12;
const shownOfMany = 5;
const right = "right" as const;

/** The windows of the traffic that came out; of many the first and the last. `from` is where its event time begins. */
export function printWindows(screen: Screen, windows: readonly WindowResult[], from: number): void {
  const out = windows.filter(({ revision }) => revision > 0);
  const [before, during] = [
    out.filter(({ start }) => start + WINDOW_MS <= from),
    out.filter(({ start }) => start + WINDOW_MS > from),
  ];
  const results = out.reduce((sum, { revision }) => sum + revision, 0);
  printHeading(
    screen,
    `Windows: ${figure(out.length)} of ${WINDOW_MS / 1000} s, ${figure(results)} results with their revisions`,
  );
  const rows = during.map((window) => windowRow(screen, window));
  const omitted = [`… ${figure(rows.length - 2 * shownOfMany)} more`];
  const shown =
    rows.length <= longestTable ? rows : [...rows.slice(0, shownOfMany), omitted, ...rows.slice(-shownOfMany)];
  const columns = [
    { title: "event time (UTC)" },
    { title: "total paid", align: right },
    { title: "payments", align: right },
    { title: "average", align: right },
    { title: "revision", align: right },
    { title: "out after its end", align: right },
    { title: "too late", align: right },
    { title: "as sent" },
  ];
  screen.write(table(columns, shown, screen));
  for (const line of [delays(during), ofLateRecords(before)])
    if (line) screen.write(screen.paint("dim", `  ${line}\n`));
}

function windowRow(screen: Screen, window: WindowResult): string[] {
  const { start, total, count, average, revision, outAfterMs, tooLate, truth } = window;
  const isRight = total + tooLate.total === truth.total && count + tooLate.count === truth.count;
  return [
    `${clockTime(start)} – ${clockTime(start + WINDOW_MS)}`,
    figure(total),
    figure(count),
    average.toFixed(2),
    String(revision),
    duration(outAfterMs),
    figure(tooLate.count),
    isRight ? screen.paint("green", "✔") : screen.paint("red", "✘"),
  ];
}

function delays(windows: readonly WindowResult[]): string | undefined {
  const sorted = windows.map(({ outAfterMs }) => outAfterMs).sort((one, other) => one - other);
  if (sorted.length === 0) return undefined;
  const median = duration(sorted[Math.floor(sorted.length / 2)]!);
  return `out after its end: ${median} in the middle, ${duration(sorted.at(-1)!)} at most; 1 s of it waits for records out of order`;
}

function ofLateRecords(windows: readonly WindowResult[]): string | undefined {
  if (windows.length === 0) return undefined;
  const payments = windows.reduce((sum, { count }) => sum + count, 0);
  return `before these ${figure(windows.length)} windows of late records only, ${figure(payments)} payments`;
}

/** How many rides came out and how fast, with three of them. */
export function printRides(screen: Screen, rides: readonly Received[]): void {
  const times = rides.map(({ receivedAt }) => receivedAt);
  const took =
    times.reduce((most, time) => Math.max(most, time), 0) -
    times.reduce((least, time) => Math.min(least, time), Number.POSITIVE_INFINITY);
  printHeading(screen, `Rides: ${figure(rides.length)} enriched, ${perSecond(rides.length, took)}`);
  const rows = rides.slice(0, 3).map(({ value }) => {
    const { source, destination, distance, price, flag_dynamic_fare, event_time } = jsonObject(value) ?? {};
    const cost = price === null ? "no quote" : Number(price).toFixed(2);
    return [
      String(source),
      String(destination),
      Number(distance).toFixed(2),
      cost,
      flag_dynamic_fare ? "yes" : "no",
      String(event_time),
    ];
  });
  const columns = [
    { title: "source" },
    { title: "destination" },
    { title: "km", align: right },
    { title: "BRL", align: right },
    { title: "dynamic fare" },
    { title: "event time (UTC)" },
  ];
  screen.write(table(columns, rows, screen));
}

const shownDifferences = 10;

/** PASS, or exactly what differs. */
export function printVerdict(
  screen: Screen,
  checks: readonly (readonly [what: string, differences: readonly string[]])[],
): boolean {
  printHeading(screen, "Checked against what was sent");
  for (const [what, differences] of checks) {
    const mark = differences.length === 0 ? screen.paint("green", "✔") : screen.paint("red", "✘");
    screen.write(`  ${mark} ${what}\n`);
    for (const difference of differences.slice(0, shownDifferences)) screen.write(`      ${difference}\n`);
    const more = differences.length - shownDifferences;
    if (more > 0) screen.write(`      … and ${figure(more)} more\n`);
  }
  const wrong = checks.reduce((sum, [, differences]) => sum + differences.length, 0);
  screen.write(
    wrong === 0
      ? `\n${screen.paint("green", "PASS")}\n`
      : `\n${screen.paint("red", `FAIL: ${figure(wrong)} differences`)}\n`,
  );
  return wrong === 0;
}
