// Python environments for tests: shared by callers at once, made anew after a cut, and clear about what is missing.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { run } from "../../localstack/services/command.ts";
import { pythonEnvironment } from "./python-tool.ts";

const folder = mkdtempSync(join(tmpdir(), "python-tool-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Comes with every Python, so that nothing is fetched. */
const nothing: readonly string[] = ["pip"];

test("callers at once get the same environment, made once", async () => {
  const made = await Promise.all([pythonEnvironment(nothing, { folder }), pythonEnvironment(nothing, { folder })]);
  expect(new Set(made).size).toBe(1);
  const { kind } = await run(join(made[0], "pip"), ["--version"]);
  expect(kind).toBe("done");
});

test("one whose making was cut off is made anew", async () => {
  const bin = await pythonEnvironment(nothing, { folder });
  rmSync(join(bin, "..", "complete"));
  writeFileSync(join(bin, "pip"), "half a file");
  expect(await pythonEnvironment(nothing, { folder })).toBe(bin);
  const { kind } = await run(join(bin, "pip"), ["--version"]);
  expect(kind).toBe("done");
});

test("a package that can't be installed is named, and leaves nothing that looks complete", async () => {
  const wrong = ["=not-a-package="];
  await expect(pythonEnvironment(wrong, { folder })).rejects.toThrow(
    /Could not make a Python environment with =not-a-package=/,
  );
  await expect(pythonEnvironment(wrong, { folder })).rejects.toThrow(/Could not make/);
});

test("without Python it says which is needed and how to name one", async () => {
  await expect(pythonEnvironment(["other==1"], { folder, environment: { PATH: "" } })).rejects.toThrow(
    /^Python 3\.10 or newer is needed, and there is none on PATH: install it, or name it in the environment variable PYTHON\.$/,
  );
});

test("where one version alone will do, it is named, with what was found instead", async () => {
  await expect(pythonEnvironment(["other==2"], { folder, version: "3.99" })).rejects.toThrow(
    /^Python 3\.99 is needed, and there is none on PATH \(.*is 3\.\d+.*\): install it, or name it in the environment variable PYTHON\.$/,
  );
});
