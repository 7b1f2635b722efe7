import { basename } from "node:path";
import { expect, test } from "vitest";
import { registerSchemas } from "../../../localstack/services/schemas.ts";
import { schemaRegistryUrl } from "../../support/on-demand.ts";
import { files } from "../../support/source-tree.ts";

test("every contract is registered for its topic, and registering again changes nothing", async () => {
  const url = await schemaRegistryUrl();
  const ids = await registerSchemas(url);
  const subjects = files("functions/*/*.avsc.json").map((path) => `${basename(path, ".avsc.json")}-value`);
  expect(Object.keys(ids).sort()).toEqual(subjects.sort());
  expect(await registerSchemas(url)).toEqual(ids);
});
