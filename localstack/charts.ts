// Where the summary's pictures are on this machine: the folder that its function is given in place of a bucket.
import { existsSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const project = fileURLToPath(new URL("..", import.meta.url));

export const chartsFolder = join(project, ".local", "charts");

const latest = join(chartsFolder, "commerce-summary", "latest");

/** A picture of the latest drawing, its paths from the project's folder. */
export interface Chart {
  readonly name: string;
  readonly png: string;
  readonly svg: string;
}

/** The latest pictures; none before the first drawing. */
export function latestCharts(): readonly Chart[] {
  return ["purchase", "order", "delivery"]
    .filter((name) => existsSync(join(latest, `${name}.png`)))
    .map((name) => {
      const path = relative(project, join(latest, name));
      return { name, png: `${path}.png`, svg: `${path}.svg` };
    });
}

/** What the latest pictures were drawn from; nothing before the first drawing. */
export function latestTotals(): Readonly<Record<string, unknown>> {
  const file = join(latest, "totals.json");
  return existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : {};
}
