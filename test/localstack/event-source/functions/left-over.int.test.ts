// What a function has started besides itself.
import { existsSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { until } from "../../../support/until.ts";
import { openPool } from "./test-pool.ts";

test("an environment that ends takes along what it has started, at its time limit too", async () => {
  const source = `exports.handler = async (event) => {
    const { pid } = require("node:child_process").spawn("sleep", ["1000"]);
    console.log("started " + pid);
    if (event.wait) await new Promise(() => {});
  };`;
  const { pool, invoke, log } = openPool({ source, timeoutSeconds: 1 });
  await invoke({ wait: true });
  await invoke();
  await pool.stop();
  const started = [...log().matchAll(/started (\d+)/g)].map(([, pid]) => Number(pid));
  expect(started).toHaveLength(2);
  await until(() => started.every(hasEnded), "the end of what was started");
});

/** Gone, or waiting for whoever adopted it to notice. */
function hasEnded(pid: number): boolean {
  return !existsSync(`/proc/${pid}`) || readFileSync(`/proc/${pid}/stat`, "utf8").includes(") Z ");
}
