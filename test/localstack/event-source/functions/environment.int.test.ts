// The time limit of an execution environment is its function's, whatever holds up the event source meanwhile.
import { onTestFinished, test } from "vitest";
import { startPool } from "../../../../localstack/event-source/functions/pool.ts";
import { functionOf } from "../../../../localstack/event-source/template/function-definition.ts";
import { readTemplate } from "../../../../localstack/event-source/template/template.ts";
import { until } from "../../../support/until.ts";
import { writeFixture } from "../fixture.ts";

test.each([
  ["a process", false],
  ["a thread", true],
])("what %s answered in time counts, however late it is heard", async (_where, inProcess) => {
  const source = "exports.handler = async () => {};";
  const { template, folder } = writeFixture({ functions: { count: { source, timeoutSeconds: 1 } } });
  const functions = [functionOf(readTemplate(template), "CountLambdaFunction")];
  const pool = startPool({ functions, region: "us-east-1", localFolder: folder, inProcess });
  onTestFinished(() => pool.stop());
  const invoke = () => pool.invoke({ functionName: "fixture-dev-count", payload: Buffer.from("{}") });
  // Again where the function itself took longer than its limit.
  await until(async () => {
    if ((await invoke()).kind !== "success") return false;
    const result = invoke();
    for (let i = 0; i < 50; i++) await undefined; // the event is sent, nothing is heard yet
    for (const end = Date.now() + 1500; Date.now() < end; );
    return (await result).kind === "success";
  });
});
