// Which deployments the plugin changes: those of stage `local`, and what is uploaded of them alone.
import { describe, expect, it } from "vitest";
import type { Template } from "../../../localstack/deploy/open-release.ts";
import DeployToLocalStack from "../../../localstack/deploy/plugin.ts";

const whole: Template = {
  Resources: {
    Orders: { Type: "AWS::Lambda::Function", Properties: { FunctionName: "orders" } },
    Mapping: { Type: "AWS::Lambda::EventSourceMapping", Properties: { Topics: ["orders"] } },
  },
};

/** A service whose template is compiled, in a stage, with osls's own plugin for removal. */
function serviceIn(stage: string) {
  const removal = { checkIfEcrRepositoryExists: async () => true };
  const service = { provider: { stage, compiledCloudFormationTemplate: whole } };
  const said: string[] = [];
  const log = { notice: (message: string) => said.push(message) };
  const { hooks } = new DeployToLocalStack({ service, pluginManager: { plugins: [{}, removal] } }, {}, { log });
  return { hooks, service, said, removal };
}

describe("a deployment", () => {
  it("of stage local is made for LocalStack, and says so", () => {
    const { hooks, service, said } = serviceIn("local");
    hooks["before:aws:deploy:deploy:createStack"]?.();
    expect(Object.keys(service.provider.compiledCloudFormationTemplate.Resources)).toEqual(["Orders"]);
    expect(said).toEqual([expect.stringMatching(/^LocalStack: Event source mappings of Kafka are left out/)]);
  });

  it.each(["dev", "staging", "prod", "localhost"])("of stage %s is what was packaged, without a word", (stage) => {
    const { hooks, service, said } = serviceIn(stage);
    hooks["before:aws:deploy:deploy:createStack"]?.();
    expect(service.provider.compiledCloudFormationTemplate).toBe(whole);
    expect(said).toEqual([]);
  });
});

describe("a removal", () => {
  it.each([
    ["local", false],
    ["dev", true],
  ])("of stage %s: images are looked for is %s", async (stage, isLookedFor) => {
    const { hooks, removal } = serviceIn(stage);
    hooks["before:remove:remove"]?.();
    expect(await removal.checkIfEcrRepositoryExists()).toBe(isLookedFor);
  });
});
