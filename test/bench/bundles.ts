// What a cold start costs each function: the size of its zip, as Lambda counts it, and the time its code takes to load, on this machine.

import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { unpack } from "../../localstack/event-source/functions/unpack.ts";
import { type FunctionDefinition, functionOf } from "../../localstack/event-source/template/function-definition.ts";
import { readTemplate, resourcesOfType } from "../../localstack/event-source/template/template.ts";
import { packageService } from "../../localstack/stack/package-service.ts";

const RUNS = 5;

const { templateFile } = await packageService();
const template = readTemplate(templateFile);
const folder = mkdtempSync(join(tmpdir(), "bundles-"));
const services = {
  KAFKA_BROKERS: "127.0.0.1:9092",
  DATABASE_URL: "postgres://postgres@127.0.0.1/postgres",
  SCHEMA_REGISTRY_URL: "http://127.0.0.1:8081",
};

console.log(`\ncold starts: zipped, source map included; init, median of ${RUNS} new processes:`);
for (const { logicalId } of resourcesOfType(template, "AWS::Lambda::Function")) {
  const definition = functionOf(template, logicalId, services);
  const zip = zipOf(definition);
  if (zip === undefined) continue;
  const key = logicalId.replace(/LambdaFunction$/, "");
  const kilobytes = statSync(zip).size / 1000;
  const init = median(Array.from({ length: RUNS }, () => initMs(definition, unpack(zip, folder, key))));
  console.log(`  ${key.padEnd(24)} ${kilobytes.toFixed(0).padStart(6)} kB ${init.toFixed(0).padStart(6)} ms`);
}
rmSync(folder, { recursive: true, force: true });

function zipOf({ code }: FunctionDefinition): string | undefined {
  return typeof code === "object" && "zip" in code ? code.zip : undefined;
}

/** How long the handler's module takes to load and run its top level. */
function initMs({ handler, environment, name }: FunctionDefinition, directory: string): number {
  const url = pathToFileURL(join(directory, handler.replace(/\.\w+$/, ".mjs"))).href;
  const script = `const began = performance.now(); await import(${JSON.stringify(url)}); process.stdout.write("\\n" + (performance.now() - began)); process.exit()`;
  const { stdout, stderr, status } = spawnSync(process.execPath, ["--input-type=module", "-e", script], {
    env: { ...environment, PATH: process.env.PATH, AWS_LAMBDA_FUNCTION_NAME: name, AWS_REGION: "us-east-1" },
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(`${name} does not load: ${stderr}`);
  return Number(stdout.split("\n").at(-1));
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0;
}
