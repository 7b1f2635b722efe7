// `npm test`: every check in turn, each by the npm script of its name, then what each took, which tests failed and how many passed.
// A step that fails does not hide the next ones; any failure makes the exit code 1.

import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { relative } from "node:path";

interface Step {
  readonly script: string;
  /** Where vitest leaves its counts; absent for a step that is not vitest. */
  readonly results?: string;
}

interface Counts {
  readonly passed: number;
  readonly failed: number;
  /** Each failed test by its file and name, with the first lines of why: what a log's end alone must tell. */
  readonly failures: readonly string[];
}

/** What is read of vitest's JSON report. */
interface Results {
  readonly numPassedTests?: number;
  readonly testResults?: readonly {
    readonly name: string;
    readonly status: string;
    readonly message?: string;
    readonly assertionResults: readonly {
      readonly fullName: string;
      readonly status: string;
      readonly failureMessages?: readonly string[] | null;
    }[];
  }[];
}

const RESULTS = ".local/test-results";

const steps: readonly Step[] = [
  { script: "lint" },
  { script: "types" },
  { script: "test:unit", results: `${RESULTS}/unit.json` },
  { script: "test:integration", results: `${RESULTS}/integration.json` },
  { script: "test:demo", results: `${RESULTS}/demo.json` },
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
for (const failure of outcomes.flatMap(({ counts }) => counts.failures)) {
  process.stdout.write(`\n${failure}\n`);
}
const passed = outcomes.reduce((sum, { counts }) => sum + counts.passed, 0);
const failed = outcomes.reduce((sum, { counts }) => sum + counts.failed, 0);
process.stdout.write(`\n${passed} passed, ${failed} failed\n`);
process.exitCode = outcomes.every(({ succeeded }) => succeeded) ? 0 : 1;

function run({ script, results }: Step): boolean {
  const reporters = results ? ["--", "--reporter=default", "--reporter=json", `--outputFile.json=${results}`] : [];
  return spawnSync("npm", ["run", "--silent", script, ...reporters], { stdio: "inherit" }).status === 0;
}

/** A file that can't be run counts as one failed test, and so does a run that ends badly without naming any. */
function countsOf({ results }: Step, succeeded: boolean): Counts {
  if (results === undefined) return { passed: 0, failed: 0, failures: [] };
  const read = readResults(results);
  const failures = failuresIn(read);
  return { passed: read.numPassedTests ?? 0, failed: Math.max(failures.length, succeeded ? 0 : 1), failures };
}

function readResults(path: string): Results {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch {
    return {}; // vitest wrote none: it crashed, and the step has failed
  }
}

function failuresIn({ testResults = [] }: Results): string[] {
  return testResults.flatMap(({ name, status, message, assertionResults }) => {
    const file = relative(process.cwd(), name);
    const failed = assertionResults.filter((test) => test.status === "failed");
    if (failed.length === 0 && status === "failed") return [describe(file, "could not be run", message)];
    return failed.map(({ fullName, failureMessages }) => describe(file, fullName, failureMessages?.[0]));
  });
}

function describe(file: string, what: string, why = ""): string {
  const lines = why.split("\n").slice(0, 4);
  return [`FAILED  ${file}: ${what}`, ...lines.map((line) => `        ${line.slice(0, 240)}`)].join("\n");
}
