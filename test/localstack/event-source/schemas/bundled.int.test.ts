// What others install is one bundle: decoders find their packages in it as they do here.
import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { build } from "esbuild";
import { afterAll, beforeAll, expect, test } from "vitest";

const source = fileURLToPath(new URL("../../../../localstack/event-source/schemas/decoder.ts", import.meta.url));
const banner =
  'import { createRequire as requireFrom } from "node:module"; const require = requireFrom(import.meta.url);';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "bundled-"));
  // As build.ts does it.
  const options = { bundle: true, splitting: true, format: "esm", platform: "node", target: "node22" } as const;
  await build({
    ...options,
    entryPoints: [source],
    outdir: folder,
    mainFields: ["module", "main"],
    banner: { js: banner },
  });
});
afterAll(() => rm(folder, { recursive: true }));

const draft = (name: string) => ["JSON", JSON.stringify({ $schema: name, type: "object" }), "{}", "{}"] as const;

test.each([
  draft("http://json-schema.org/draft-04/schema#"),
  draft("http://json-schema.org/draft-07/schema#"),
  draft("https://json-schema.org/draft/2019-09/schema"),
  draft("https://json-schema.org/draft/2020-12/schema"),
  ["AVRO", '"long"', "\u0004", "2"],
  ["PROTOBUF", 'syntax = "proto3"; message M { int64 n = 1; }', "\0\b\u0001", '{"n":"1"}'],
] as const)("%s: %s", async (dataFormat, text, payload, json) => {
  const schema = JSON.stringify({ dataFormat, text, references: [] });
  const script = `const { decoderOf } = await import(process.argv[1]);
    const { toJson } = await decoderOf(${schema}, "confluent");
    process.stdout.write(toJson(Buffer.from(${JSON.stringify(payload)})));`;
  const args = ["--input-type=module", "--eval", script, join(folder, "decoder.js")];
  expect((await promisify(execFile)(process.execPath, args)).stdout).toBe(json);
});
