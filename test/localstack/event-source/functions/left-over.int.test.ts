// What a function has started besides itself.
import { expect, test } from "vitest";
import { isRunning } from "../../../support/processes.ts";
import { until } from "../../../support/until.ts";
import { openPool } from "./test-pool.ts";

test("an environment that ends takes along what it has started, at its time limit too", async () => {
  const source = `exports.handler = async (event) => {
    const { pid } = require("node:child_process").spawn("sleep", ["1000"]);
    console.log("started " + pid);
    if (event.wait) await new Promise(() => {});
  };`;
  const { pool, invoke, log } = openPool({ source, timeoutSeconds: 1 });
  const started = () => [...log().matchAll(/started (\d+)/g)].map(([, pid]) => Number(pid));
  await until(async () => (await invoke()).kind === "success"); // its start has a limit too
  await until(async () => {
    const before = started().length;
    await invoke({ wait: true });
    return started().length > before;
  });
  await until(() => !started().some(isRunning), "the end of what was started before its time limit");
  await until(async () => (await invoke()).kind === "success");
  await pool.stop();
  expect(started().length).toBeGreaterThanOrEqual(3);
  await until(() => !started().some(isRunning), "the end of what was started");
});
