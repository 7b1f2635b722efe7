import { expect, test } from "vitest";
import Migrate from "../../../lib/deploy/migrate.ts";

function deployed(
  answer: { FunctionError?: string; Payload?: Uint8Array } | Error,
  functions: Record<string, { name: string }> = { migrateDatabases: { name: "shop-dev-migrateDatabases" } },
) {
  const invoked: unknown[][] = [];
  const notices: string[] = [];
  const serverless = {
    service: { functions, provider: { stage: "dev" } },
    classes: { Error },
    getProvider: () => ({ getAwsSdkV3Config: async () => ({ region: "eu-west-1" }) }),
  };
  const plugin = new Migrate(
    serverless,
    {},
    { log: { notice: (message) => notices.push(message) } },
    async (...asked) => {
      invoked.push(asked);
      if (answer instanceof Error) throw answer;
      return answer;
    },
  );
  return { invoked, notices, run: () => plugin.hooks["after:deploy:deploy"]?.() };
}

test("after a deployment the databases are made ready, where the function can reach them", async () => {
  const { run, invoked, notices } = deployed({ Payload: Buffer.from('{"ready":["shop","trades"]}') });
  await run();
  expect(invoked).toEqual([["shop-dev-migrateDatabases", { region: "eu-west-1" }]]);
  expect(notices).toEqual(['Databases are ready: {"ready":["shop","trades"]}']);
});

test("when that fails the deployment says what the function said and what to do", async () => {
  const { run } = deployed({
    FunctionError: "Unhandled",
    Payload: Buffer.from('{"errorMessage":"connect ETIMEDOUT"}'),
  });
  await expect(run()).rejects.toThrow(/connect ETIMEDOUT.*\n.*npx serverless invoke --stage dev -f migrateDatabases/);
});

test("so it does when the function could not be invoked at all", async () => {
  const { run } = deployed(new Error("There is no engine here."));
  await expect(run()).rejects.toThrow(
    /^Everything is deployed, but 'shop-dev-migrateDatabases' could not .*: There is no engine here\.\nMend what it says/,
  );
});

test("a service without databases is deployed as it is", async () => {
  const { run, invoked } = deployed({}, {});
  await run();
  expect(invoked).toEqual([]);
});
