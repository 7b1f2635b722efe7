// Why Maven failed, from what it prints.
import { expect, test } from "vitest";
import { causeIn } from "../../../localstack/services/maven.ts";

test("the cause stands in Maven's first error, not in its last lines", () => {
  const output = [
    "Picked up JAVA_TOOL_OPTIONS: -Xmx1g",
    "\x1b[0m\x1b[0m[ERROR] Plugin maven-dependency-plugin:3.8.1 could not be resolved: Connection refused -> [Help 1]",
    "[ERROR] ",
    "[ERROR] To see the full stack trace of the errors, re-run Maven with the -e switch.",
    "[ERROR] [Help 1] http://cwiki.apache.org/confluence/display/MAVEN/PluginResolutionException",
    "\x1b[0m\x1b[0m",
  ];
  expect(causeIn(output.join("\n"))).toBe(
    "  Plugin maven-dependency-plugin:3.8.1 could not be resolved: Connection refused -> [Help 1]",
  );
});

test("where there is none, its last lines are shown", () => {
  expect(causeIn("Killed\n")).toBe("  Killed");
});
