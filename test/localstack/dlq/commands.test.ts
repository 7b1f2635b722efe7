import { expect, it } from "vitest";
import { functionOwner } from "../../../lib/kafka/client.ts";
import { correctionGroup } from "../../../localstack/dlq/commands.ts";
import { serviceFunctions, yaml } from "../../support/source-tree.ts";

it("letters wait for the correction of the stage that serverless.yml takes by itself", () => {
  const { service, provider } = yaml("serverless.yml");
  const stage = /^\$\{opt:stage, '(?<stage>\w+)'\}$/.exec(provider.stage)?.groups?.stage;
  expect(Object.keys(serviceFunctions())).toContain("correctEvents");
  expect(correctionGroup()).toBe(functionOwner(`${service}-${stage}-correctEvents`));
  expect(correctionGroup("prod")).toBe(functionOwner(`${service}-prod-correctEvents`));
});
