// `npm run bench`: every figure of the README, and what `npm run cost` is told by, in one run on this machine. Takes some ten minutes;
// run nothing beside it.

import { spawnSync } from "node:child_process";
import { cpus, totalmem } from "node:os";
import { fileURLToPath } from "node:url";
import { explainOptions, onlyOptions, toggle } from "../../localstack/console/options.ts";
import { runProgram } from "../../localstack/console/program.ts";
import { screen } from "../../localstack/console/screen.ts";

const declared = { help: toggle("this text") };

const programs: readonly (readonly [program: string, ...args: readonly string[]])[] = [
  ["counting.ts", "--count", "1000000", "--profile"],
  ["throughput.ts", "rides", "--count", "1000000"],
  ["throughput.ts", "transactions", "--count", "1000000"],
  ["latency.ts", "--rate", "1000", "--seconds", "60"],
  ["decoding.ts"],
  ["bundles.ts"],
  ["cost-inputs.ts"],
];

await runProgram(async () => {
  const { help } = onlyOptions(process.argv.slice(2), declared);
  if (help) {
    return void screen.write(
      `npm run bench\n\nMeasures every figure of the README, and writes localstack/cost/measured.json: ten minutes, nothing beside it.\n\n${explainOptions(declared)}`,
    );
  }
  screen.write(
    `${cpus().length} × ${cpus()[0]?.model}, ${Math.round(totalmem() / 2 ** 30)} GB, Node ${process.version}\n`,
  );
  for (const [program, ...args] of programs) {
    const path = fileURLToPath(new URL(program, import.meta.url));
    const { status } = spawnSync(process.execPath, ["--disable-warning=TimeoutNegativeWarning", path, ...args], {
      stdio: "inherit",
    });
    if (status !== 0) process.exit(status ?? 1);
  }
});
