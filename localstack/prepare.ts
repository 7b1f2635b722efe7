// `npm run prepare-local`: the topics and schemas that a deployed stage presupposes and no template makes, on services that run already:
// those of KAFKA_BROKERS and SCHEMA_REGISTRY_URL, else of compose.yml. Doing it again changes nothing.
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { explainOptions, onlyOptions, toggle, UsageError } from "./console/options.ts";
import { runProgram } from "./console/program.ts";
import { screen } from "./console/screen.ts";
import { findBrokers, findSchemaRegistry } from "./endpoints.ts";
import { registry } from "./services/registry.ts";
import { registerSchemas } from "./services/schemas.ts";
import { createTopics } from "./services/topics.ts";
import type { CompiledTemplate } from "./stack/package-service.ts";

const templateFile = fileURLToPath(
  new URL("../.serverless/cloudformation-template-update-stack.json", import.meta.url),
);

const declared = { help: toggle("this text") };

const usage = `npm run prepare-local

Makes the topics and schemas that a deployed stage presupposes, at KAFKA_BROKERS and SCHEMA_REGISTRY_URL, else at localstack/compose.yml's
services. The topics are those of the template that 'npx serverless package' wrote last.

${explainOptions(declared)}`;

await runProgram(async () => {
  if (onlyOptions(process.argv.slice(2), declared).help) return void screen.write(usage);
  process.env.KAFKA_BROKERS ||= "127.0.0.1:9092";
  process.env.SCHEMA_REGISTRY_URL ||= registry.address(registry.container.usualPort);
  if (!existsSync(templateFile)) {
    throw new UsageError(
      `There is no ${templateFile}, which names the topics. Write it with 'npx serverless package'.`,
    );
  }
  const { Metadata }: CompiledTemplate = JSON.parse(readFileSync(templateFile, "utf8"));
  const [brokers, schemaRegistry] = await Promise.all([findBrokers(undefined), findSchemaRegistry(undefined)]);
  const { created, existing, differences } = await createTopics(brokers.join(","), Metadata?.KafkaTopics ?? {});
  await registry.afterStart(schemaRegistry);
  const schemas = Object.keys(await registerSchemas(schemaRegistry));
  const lines = [
    `Topics: ${created.length} made, ${existing.length} were there`,
    ...differences,
    `Schemas: ${schemas.join(", ")}`,
  ];
  screen.write(`${lines.join("\n")}\n`);
});
