// MiniStack for tests: shared by all suites, or a suite's own, which ends with the process that started it.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { CreateQueueCommand, GetQueueUrlCommand, SQSClient } from "@aws-sdk/client-sqs";
import { expect, test } from "vitest";
import { isRunning } from "../../localstack/endpoints.ts";
import { awsClientSettings } from "../../localstack/event-source/aws/endpoint.ts";
import { ministackUrl } from "./on-demand.ts";
import { root } from "./source-tree.ts";
import { until } from "./until.ts";

test("all who ask get the same one, and it answers", async () => {
  const urls = await Promise.all([ministackUrl(), ministackUrl()]);
  expect(new Set(urls).size).toBe(1);
  const client = new SQSClient(awsClientSettings({ kind: "endpoint", url: urls[0] }, "us-east-1"));
  const made = await client.send(new CreateQueueCommand({ QueueName: "ministack-for-tests" }));
  const found = await client.send(new GetQueueUrlCommand({ QueueName: "ministack-for-tests" }));
  expect(found.QueueUrl).toBe(made.QueueUrl);
  expect(found.QueueUrl?.startsWith(urls[0])).toBe(true);
  client.destroy();
});

test("one whose parent is killed ends", async () => {
  const program = `
    const { startMinistack } = await import("./test/support/ministack.ts");
    const { pid, address } = await startMinistack();
    console.log(JSON.stringify({ pid, address }));
    setInterval(() => {}, 1000);`;
  const parent = spawn(process.execPath, ["--input-type=module", "-e", program], {
    cwd: root,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [line] = await once(createInterface({ input: parent.stdout }), "line");
  const { pid } = JSON.parse(line);
  expect(isRunning(pid)).toBe(true);
  parent.kill("SIGKILL");
  await until(() => !isRunning(pid), "the end of MiniStack");
});
