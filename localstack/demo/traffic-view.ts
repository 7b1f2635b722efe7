// The run as it goes: what was sent and what has come out, a row a pipeline.
import { duration, figure } from "../console/figures.ts";
import type { View } from "../console/live.ts";
import type { Screen } from "../console/screen.ts";
import { table } from "../console/table.ts";
import type { Outputs } from "./check.ts";
import type { DemoPart } from "./part.ts";
import type { Received } from "./records.ts";
import type { Run } from "./run.ts";

const right = "right" as const;

export interface TrafficViewOptions {
  /** How many transactions there will be; rides are twice as many. */
  readonly count: number;
  readonly parts: readonly DemoPart[];
  readonly screen: Screen;
}

export function trafficView(run: Run, { count, parts, screen }: TrafficViewOptions): View {
  const { sent, outputs } = run;
  const windowsIn = (results: readonly Received[]) => new Set(results.map(({ key }) => key)).size;
  return {
    block() {
      const now = outputs();
      const windows = windowsIn(now.windows);
      const columns = [
        { title: "pipeline" },
        { title: "sent", align: right },
        { title: "of", align: right },
        { title: "came out", align: right },
        { title: "" },
        { title: "dead letters", align: right },
        { title: "too late", align: right },
      ];
      const rows = [
        [
          "rides",
          figure(sent.rides.length),
          figure(2 * count),
          figure(now.rides.length),
          "rides",
          figure(now.ridesDead.length),
          "",
        ],
        [
          "transactions",
          figure(sent.transactions.length),
          figure(count),
          figure(windows),
          `windows, ${figure(now.windows.length - windows)} revised results`,
          figure(now.transactionsDead.length),
          figure(now.late.length),
        ],
        ...parts.map((part) => part.row()),
      ];
      return `${table(columns, rows, screen)}${firstResults(now)}`;
    },
    line() {
      const now = outputs();
      const own = [
        `rides ${figure(sent.rides.length)} sent, ${figure(now.rides.length)} enriched, dead letters ${figure(now.ridesDead.length)};`,
        `transactions ${figure(sent.transactions.length)} sent, ${figure(windowsIn(now.windows))} windows in ${figure(now.windows.length)} results,`,
        `dead letters ${figure(now.transactionsDead.length)}, too late ${figure(now.late.length)}`,
      ];
      return [own.join(" "), ...parts.map((part) => lineOf(part.row()))].join("; ");
    },
  };
}

function lineOf([pipeline, sent, , out, what, dead]: readonly string[]): string {
  return `${pipeline} ${sent} sent, ${out} ${what}, dead letters ${dead}`;
}

/** When the first results were read, counted from the start of this program. */
export function firstResults({ rides, windows }: Pick<Outputs, "rides" | "windows">): string {
  const after = ([first]: readonly Received[]) =>
    first ? `after ${duration(first.receivedAt - performance.timeOrigin)}` : "not yet";
  return `  first ride ${after(rides)}, first window ${after(windows)}, counted from the start of this program\n`;
}
