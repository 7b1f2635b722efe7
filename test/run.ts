// `npm test`: every check in turn, each by the npm script of its name, then what each took and how many tests passed.
// A step that fails does not hide the next ones; any failure makes the exit code 1.

import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync } from "node:fs";

interface Step {
  readonly script: string;
  /** Where vitest leaves its counts; absent for a step that is not vitest. */
  readonly results?: string;
}

interface Counts {
  readonly passed: number;
  readonly failed: number;
}

const RESULTS = ".local/test-results";

const steps: readonly Step[] = [
  { script: "lint" },
  { script: "types" },
  { script: "test:unit", results: `${RESULTS}/unit.json` },
  { script: "test:integration", results: `${RESULTS}/integration.json` },
  { script: "demo" },
];

rmSync(RESULTS, { recursive: true, force: true });
mkdirSync(RESULTS, { recursive: true });

const outcomes = steps.map((step, index) => {
  process.stdout.write(`\n[${index + 1}/${steps.length}] npm run ${step.script}\n`);
  const started = performance.now();
  const succeeded = run(step);
  return { ...step, succeeded, seconds: (performance.now() - started) / 1000, counts: countsOf(step, succeeded) };
});

process.stdout.write("\n");
for (const { script, succeeded, seconds } of outcomes) {
  process.stdout.write(
    `${succeeded ? "ok    " : "FAILED"}  ${script.padEnd(18)} ${seconds.toFixed(1).padStart(6)} s\n`,
  );
}
const passed = outcomes.reduce((sum, { counts }) => sum + counts.passed, 0);
const failed = outcomes.reduce((sum, { counts }) => sum + counts.failed, 0);
process.stdout.write(`\n${passed} passed, ${failed} failed\n`);
process.exitCode = outcomes.every(({ succeeded }) => succeeded) ? 0 : 1;

function run({ script, results }: Step): boolean {
  const reporters = results ? ["--", "--reporter=default", "--reporter=json", `--outputFile.json=${results}`] : [];
  return spawnSync("npm", ["run", "--silent", script, ...reporters], { stdio: "inherit" }).status === 0;
}

/** A run of tests that ends badly without a failed test (a file that can't be loaded, a crash) counts as one. */
function countsOf({ results }: Step, succeeded: boolean): Counts {
  if (results === undefined) return { passed: 0, failed: 0 };
  const { numPassedTests = 0, numFailedTests = 0 } = readResults(results);
  return { passed: numPassedTests, failed: succeeded ? numFailedTests : Math.max(1, numFailedTests) };
}

function readResults(path: string): { readonly numPassedTests?: number; readonly numFailedTests?: number } {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch {
    return {}; // vitest wrote none: it crashed, and the step has failed
  }
}
