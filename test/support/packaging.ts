// `serverless package` in a copy of the service, so that nothing meets the `.serverless` of whoever works here.
import { execFile } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { unzipSync, zipSync } from "fflate";
import { root } from "./source-tree.ts";

export interface Resource {
  readonly Type: string;
  // biome-ignore lint/suspicious/noExplicitAny: a compiled template is looked into by tests, property by property.
  readonly Properties: Readonly<Record<string, any>>;
  readonly DeletionPolicy?: string;
  readonly UpdateReplacePolicy?: string;
}

export interface Package {
  readonly directory: string;
  readonly templateFile: string;
  readonly template: {
    readonly Resources: Readonly<Record<string, Resource>>;
    readonly Metadata?: Readonly<Record<string, unknown>>;
  };
  /** What the command printed. */
  readonly output: string;
  zip(functionName: string): { readonly bytes: number; readonly files: Readonly<Record<string, Uint8Array>> };
}

const SERVICE = ["serverless.yml", "package.json", "tsconfig.json", "functions", "lib", "localstack", "events"];

/** A copy of the service, with `files` written over it. */
export function copyOfService(files: Readonly<Record<string, string>> = {}): string {
  const directory = mkdtempSync(join(tmpdir(), "serverless-kafka-streams-"));
  for (const name of SERVICE) cpSync(join(root, name), join(directory, name), { recursive: true });
  symlinkSync(join(root, "node_modules"), join(directory, "node_modules"));
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, path)), { recursive: true });
    writeFileSync(join(directory, path), content);
  }
  return directory;
}

/** Packages a copy of the service for a stage without any credentials, in the region that the environment names. */
export async function packageService(
  directory: string,
  params: Readonly<Record<string, string>> = {},
  stage = "local",
  environment: Readonly<Record<string, string>> = {},
): Promise<Package> {
  const told = Object.entries(params).map(([name, value]) => `--param=${name}=${value}`);
  const { code, output } = await serverless(directory, ["package", "--stage", stage, ...told], environment);
  if (code !== 0) throw new Error(`serverless package failed:\n${output}`);
  const built = join(directory, ".serverless");
  const templateFile = join(built, "cloudformation-template-update-stack.json");
  return {
    directory,
    templateFile,
    template: JSON.parse(readFileSync(templateFile, "utf8")),
    output,
    zip(functionName) {
      const content = readFileSync(join(built, `${functionName}.zip`));
      return { bytes: content.length, files: unzipSync(content) };
    },
  };
}

/** A copy of the service whose template is compiled without bundling any code, which takes a tenth of the time. */
export function copyWithoutBundles(): string {
  const declared = readFileSync(join(root, "serverless.yml"), "utf8");
  const bare = declared
    .replace("  - serverless-esbuild\n", "")
    .replace("  - serverless-offline\n", "")
    .replace("  individually: true\n", "  artifact: nothing.zip\n");
  const directory = copyOfService({ "serverless.yml": bare });
  writeFileSync(join(directory, "nothing.zip"), zipSync({ "nothing.txt": new Uint8Array() }));
  return directory;
}

/** Runs the Serverless command of this repository with an environment that names no account and no service. */
export function serverless(
  directory: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<{ readonly code: number; readonly output: string }> {
  const command = join(root, "node_modules/serverless/bin/serverless.js");
  const env = { PATH: process.env.PATH, HOME: directory, ...environment };
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [command, ...args],
      { cwd: directory, env, timeout: 600_000 },
      (error, stdout, stderr) => {
        resolve({ code: error === null ? 0 : Number(error.code ?? 1), output: stdout + stderr });
      },
    );
  });
}

export function remove(directory: string): void {
  rmSync(directory, { recursive: true, force: true });
}
