// `npm run bench`: every figure of the README, and what `npm run cost` is told by, in one run on this machine. Takes some ten minutes;
// run nothing beside it.

import { spawnSync } from "node:child_process";
import { cpus, totalmem } from "node:os";
import { fileURLToPath } from "node:url";

const programs: readonly (readonly [program: string, ...args: readonly string[]])[] = [
  ["counting.ts", "--count", "1000000", "--profile"],
  ["throughput.ts", "rides", "--count", "1000000"],
  ["throughput.ts", "transactions", "--count", "1000000"],
  ["latency.ts", "--rate", "1000", "--seconds", "60"],
  ["decoding.ts"],
  ["bundles.ts"],
  ["cost-inputs.ts"],
];

console.log(`${cpus().length} × ${cpus()[0]?.model}, ${Math.round(totalmem() / 2 ** 30)} GB, Node ${process.version}`);
for (const [program, ...args] of programs) {
  const path = fileURLToPath(new URL(program, import.meta.url));
  const { status } = spawnSync(process.execPath, ["--disable-warning=TimeoutNegativeWarning", path, ...args], {
    stdio: "inherit",
  });
  if (status !== 0) process.exit(status ?? 1);
}
