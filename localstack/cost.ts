// `npm run cost -- --rate 10000 --partitions 30 --pipeline transactions`: what a pipeline costs a month on AWS, by service and over rates,
// beside Managed Flink. Prices are list prices (cost/prices.ts), what a batch takes was measured (cost/measured.json), the rest is the template's.

import { mkdirSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { rasterizer } from "../lib/charts/png.ts";
import { size } from "../lib/charts/style.ts";
import {
  explainOptions,
  onlyOptions,
  positiveNumber,
  text,
  toggle,
  UsageError,
  wholeNumber,
} from "./console/options.ts";
import { runProgram } from "./console/program.ts";
import { screen } from "./console/screen.ts";
import { billOf, flinkBillOf } from "./cost/bill.ts";
import { drawCostChart } from "./cost/chart.ts";
import { curveOf, ratesBetween } from "./cost/curve.ts";
import { deployedIn } from "./cost/deployed.ts";
import { readMeasurements } from "./cost/measured.ts";
import { pricedPipelines } from "./cost/pipelines.ts";
import { printBill, printCurve, printFlink, printNotCovered } from "./cost/print.ts";
import type { Pollers } from "./cost/workload.ts";
import { packageService } from "./stack/package-service.ts";

const project = fileURLToPath(new URL("..", import.meta.url));
const names = pricedPipelines.map(({ name }) => name);
const declared = {
  pipeline: text("NAME", `${names.join(", ")}; transactions unless told otherwise`),
  rate: positiveNumber("PER_SECOND", "records a second, day and night; 10,000 unless told otherwise", 10_000),
  partitions: wholeNumber("N", "of the pipeline's topic; 30 unless told otherwise", 30, 1),
  pollers: text("MODE", "provisioned or on-demand; provisioned unless told otherwise"),
  help: toggle("this text"),
};

await runProgram(async (signal) => {
  const options = onlyOptions(process.argv.slice(2), declared);
  if (options.help) return void screen.write(`npm run cost -- [options]\n\n${explainOptions(declared)}`);
  const pipeline = pricedPipelines.find(({ name }) => name === (options.pipeline ?? "transactions"));
  if (pipeline === undefined) throw new UsageError(`There is no pipeline '${options.pipeline}': ${names.join(", ")}.`);
  const load = { recordsPerSecond: options.rate, partitions: options.partitions, pollers: pollersOf(options.pollers) };

  const { templateFile } = await packageService(signal);
  const { runs, at, machine, note } = readMeasurements();
  const around = { deployed: deployedIn(templateFile), runs };
  const measuredOn = `measured ${at.slice(0, 10)}: ${machine}; ${note}`;
  const title = `${pipeline.name}: ${load.recordsPerSecond.toLocaleString("en-US")} records/s over ${load.partitions} partitions, ${load.pollers} pollers, us-east-1`;
  printBill(screen, load, { bill: billOf(pipeline, load, around), title });
  printFlink(screen, pipeline, flinkBillOf(pipeline, load.recordsPerSecond));
  const curve = (aDecade: number) =>
    curveOf(pipeline, { partitions: load.partitions, rates: ratesBetween(1, 100_000, aDecade) }, around);
  printCurve(screen, curve(1));
  printNotCovered(screen);
  screen.write(screen.paint("dim", `\n  ${measuredOn}\n`));

  const svg = drawCostChart({
    title: `What ${pipeline.name} cost a month`,
    subtitle: `${load.partitions} partitions  ·  list prices, us-east-1, without Kafka itself  ·  measured ${at.slice(0, 10)}`,
    points: curve(20),
    recordsPerSecond: load.recordsPerSecond,
  });
  const path = join(project, ".local", "cost", pipeline.name);
  mkdirSync(join(path, ".."), { recursive: true });
  writeFileSync(`${path}.svg`, svg);
  writeFileSync(`${path}.png`, (await rasterizer())(svg, size.width));
  screen.write(`  the curve: ${relative(project, path)}.png and .svg\n`);
});

function pollersOf(given = "provisioned"): Pollers {
  if (given === "provisioned" || given === "on-demand") return given;
  throw new UsageError(`--pollers ${given}: it is provisioned or on-demand.`);
}
