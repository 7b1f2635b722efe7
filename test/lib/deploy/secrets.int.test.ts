// Packaged as a pull request's check packages it, for prod: the check's parameters are enough, and the template names secrets and holds none.
import { afterAll, beforeAll, expect, it } from "vitest";
import { literalSecrets } from "../../support/literal-secrets.ts";
import { copyWithoutBundles, type Package, packageService, remove } from "../../support/packaging.ts";
import { read } from "../../support/source-tree.ts";

const workflow = read(".github/workflows/pull-request.yml");
const parameters = Object.fromEntries(
  [...workflow.matchAll(/--param=(\w+)=(\S+)/g)].map(([, name = "", value = ""]) => [name, value]),
);
let made: Package;
beforeAll(async () => {
  made = await packageService(copyWithoutBundles(), parameters, "prod");
});
afterAll(() => remove(made.directory));

it("every secret is there by its reference alone", () => {
  const text = JSON.stringify(made.template);
  const references = Object.values(parameters).filter((value) => value.includes(":secret:"));
  expect(references.length).toBeGreaterThan(1);
  expect(references.filter((reference) => !text.includes(reference))).toEqual([]);
  expect(literalSecrets(made.template)).toEqual([]);
});
