// The compiled template names secrets and holds none.
import { afterAll, expect, it } from "vitest";
import { literalSecrets } from "../../support/literal-secrets.ts";
import { copyOfService, packageService, remove } from "../../support/packaging.ts";

const directory = copyOfService();
afterAll(() => remove(directory));

const secret = (name: string) => `arn:aws:secretsmanager:eu-west-1:123456789012:secret:${name}-AbCdEf`;

it("every secret is there by its reference alone", async () => {
  const { template } = await packageService(directory, {
    bootstrapServers: "b-1.shop.example:9098",
    databaseUrl: secret("database"),
    schemaRegistryUrl: secret("schemas"),
    trackApiKey: secret("track"),
  });
  expect(literalSecrets(template)).toEqual([]);
  expect(JSON.stringify(template)).toContain(secret("database"));
});
