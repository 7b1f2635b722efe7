// How commands end that were typed wrong, asked for help, or are no longer read: as processes, for that is what a person sees.
import { spawnSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { runCommand } from "../../support/command.ts";
import { root } from "../../support/source-tree.ts";

const smoke = "lib/deploy/smoke/main.ts";
const templateDiff = "lib/deploy/print-template-diff.ts";
const bench = "test/bench/run.ts";
const ours = ["cost", "demo", "dev", "dlq", "gen", "prepare"].map((name) => `localstack/${name}.ts`);

async function outcome(program: string, ...args: string[]) {
  const { ended, output, errors } = runCommand(program, args);
  return { code: await ended, output: output(), errors: errors() };
}

describe.each([...ours, bench, smoke, templateDiff])("%s", (program) => {
  test("--help says how it is used", async () => {
    const { code, output, errors } = await outcome(program, "--help");
    expect(output).toMatch(/^npm run \S+/);
    expect(errors).toBe("");
    expect(code).toBe(0);
  });

  test("an option that it doesn't have is answered in words", async () => {
    const { code, output, errors } = await outcome(program, "--no-such-option");
    expect(errors).not.toMatch(/^ {4}at /m);
    expect(errors.trim()).not.toBe("");
    expect(output).toBe("");
    expect(code).toBe(1);
  });
});

test("a folder that may not be written to is said in a sentence", () => {
  const program = `
    import { runProgram } from "./localstack/console/program.ts";
    const refusal = { code: "EROFS", syscall: "mkdir", path: "/project/.local" };
    await runProgram(async () => {
      throw Object.assign(new Error("EROFS: read-only file system, mkdir '/project/.local'"), refusal);
    });`;
  const options = ["--input-type=module", "--eval", program];
  const { status, stderr } = spawnSync(process.execPath, options, { cwd: root, encoding: "utf8" });
  expect(stderr).toBe(
    "\nEROFS: read-only file system, mkdir '/project/.local'. Programs write under .local in the project's folder.\n",
  );
  expect(status).toBe(1);
});

test.each(ours)("%s ends in silence where nobody reads on", async (program) => {
  const { child, ended, errors } = runCommand(program, ["--help"]);
  child.stdout?.destroy();
  expect(await ended).toBe(141);
  expect(errors()).toBe("");
});

test.each([
  ["a file that is missing", ["no-such.json", "package.json"], /^no-such\.json is no compiled template: ENOENT/],
  ["a file that is no JSON", ["README.md", "package.json"], /^README\.md is no compiled template: Unexpected token/],
  ["one file", ["package.json"], /^Two compiled templates are needed: got 1\./],
])("template-diff refuses %s in a sentence", async (_, args, sentence) => {
  const { code, errors } = await outcome(templateDiff, ...args);
  expect(errors).toMatch(sentence);
  expect(errors).not.toMatch(/^ {4}at /m);
  expect(code).toBe(1);
});

test("words that mean nothing to it are refused by cost", async () => {
  const { code, errors } = await outcome("localstack/cost.ts", "extra");
  expect(errors).toContain("'extra' is no option. The options are: --pipeline NAME,");
  expect(code).toBe(1);
});
