// A pipeline's bill for people: by service, beside Managed Flink's, then over rates, and what neither holds.

import { figure } from "../console/figures.ts";
import { printHeading, type Screen } from "../console/screen.ts";
import { table } from "../console/table.ts";
import type { Bill, FlinkBill } from "./bill.ts";
import type { Point } from "./curve.ts";
import type { PricedPipeline } from "./pipelines.ts";
import { notCovered } from "./prices.ts";
import type { Load, Workload } from "./workload.ts";

const right = (title: string) => ({ title, align: "right" as const });

export function printBill(
  screen: Screen,
  load: Load,
  { bill, title }: { readonly bill: Bill; readonly title: string },
): void {
  printHeading(screen, title);
  const rows = bill.items
    .filter(({ usd }) => usd > 0)
    .map(({ service, what, units, unit, usd }) => [service, what, short(units), unit, dollars(usd)]);
  const columns = [{ title: "service" }, { title: "what" }, right("a month"), { title: "" }, right("USD")];
  screen.write(table(columns, [...rows, ["total", "", "", "", dollars(bill.usd)]], screen));
  const thousand = (load.recordsPerSecond * 730 * 3600) / 1e6;
  screen.write(`  ${dollars(bill.usd / thousand)} USD a million records\n`);
  for (const work of new Set(bill.workloads.map(workOf))) screen.write(screen.paint("dim", `  ${work}\n`));
}

export function printFlink(screen: Screen, { flink }: PricedPipeline, { kpus, usd }: FlinkBill): void {
  printHeading(screen, "Amazon Managed Service for Apache Flink, for the same records");
  screen.write(
    `  ${dollars(usd)} USD: ${kpus} KPUs, one of which leads, each other with 50 GB of storage\n` +
      screen.paint(
        "dim",
        `  taken: ${figure(Math.round(flink.recordsPerSecondPerKpu))} records/s a KPU (${flink.basis})\n`,
      ),
  );
}

export function printCurve(screen: Screen, points: readonly Point[]): void {
  printHeading(screen, "Over rates, USD a month");
  const columns = [
    right("records/s"),
    right("provisioned"),
    right("on-demand"),
    right("Managed Flink"),
    { title: "cheapest" },
  ];
  const rows = points.map((point) => [
    figure(Math.round(point.recordsPerSecond)),
    point.provisioned === undefined ? "–" : dollars(point.provisioned),
    point.onDemand === undefined ? "–" : dollars(point.onDemand),
    dollars(point.flink),
    cheapest(point),
  ]);
  screen.write(table(columns, rows, screen));
}

export function printNotCovered(screen: Screen): void {
  printHeading(screen, "Not in any of it");
  for (const what of notCovered) screen.write(`  ${what}\n`);
}

function workOf({ overload, invocations, recordsEach, msEach, pollers, concurrency }: Workload): string {
  if (overload !== undefined) return `can't be carried as it is set: ${overload}`;
  return (
    `${figure(invocations)} invocations/s of ${figure(Math.round(recordsEach))} records in ${figure(Math.round(msEach))} ms, ` +
    `${pollers} ${pollers === 1 ? "poller" : "pollers"}, ${figure(concurrency)} at once`
  );
}

function cheapest({ provisioned, onDemand, flink }: Point): string {
  const all = Object.entries({ provisioned, "on-demand": onDemand, "Managed Flink": flink });
  const known = all.filter((entry): entry is [string, number] => entry[1] !== undefined);
  return known.sort(([, a], [, b]) => a - b)[0]?.[0] ?? "";
}

function dollars(usd: number): string {
  const decimals = usd < 0.1 ? 4 : 2;
  return usd.toLocaleString("en-US", { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
}

function short(units: number): string {
  if (units >= 1e6) return `${figure(Math.round(units / 1e4) / 100)} M`;
  return figure(Math.round(units * 10) / 10);
}
