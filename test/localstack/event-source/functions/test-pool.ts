// A pool of environments for one function of a few lines, stopped after the test.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach } from "vitest";
import { type Pool, startPool } from "../../../../localstack/event-source/functions/pool.ts";
import { functionOf } from "../../../../localstack/event-source/template/function-definition.ts";
import { readTemplate } from "../../../../localstack/event-source/template/template.ts";
import { type FixtureFunction, writeFixture } from "../fixture.ts";

const pools = new Set<Pool>();

afterEach(async () => {
  await Promise.all([...pools].map((pool) => pool.stop()));
  pools.clear();
});

export interface TestPool {
  readonly pool: Pool;
  readonly log: () => string;
  invoke(event?: unknown, affinity?: string): ReturnType<Pool["invoke"]>;
  /** What a successful invocation answers. */
  answer(event?: unknown, affinity?: string): Promise<unknown>;
}

export function openPool(definition: FixtureFunction, inProcess = false): TestPool {
  const { template: file, folder } = writeFixture({ functions: { count: definition } });
  const template = readTemplate(file);
  const pool = startPool({
    functions: [functionOf(template, "CountLambdaFunction")],
    region: "us-east-1",
    localFolder: folder,
    inProcess,
  });
  pools.add(pool);
  const invoke: TestPool["invoke"] = (event = {}, affinity) =>
    pool.invoke({
      functionName: "fixture-dev-count",
      payload: Buffer.from(JSON.stringify(event)),
      ...(affinity === undefined ? {} : { affinity }),
    });
  const log = () => readFileSync(join(folder, "logs", "fixture-dev-count.log"), "utf8");
  const answer: TestPool["answer"] = async (event, affinity) => {
    const result = await invoke(event, affinity);
    if (result.kind !== "success") throw new Error(JSON.stringify(result));
    return result.response;
  };
  return { pool, log, invoke, answer };
}
