// The compiled service that the local stack runs: what `serverless package` writes, made again only when something it is made of changed.
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { CannotStart } from "../services/cannot-start.ts";
import type { TemplateResource } from "../services/tables.ts";
import type { TopicSettings } from "../services/topics.ts";
import { runServerless } from "./serverless.ts";
import { inTurn } from "./turn.ts";

export interface PackagedService {
  /** The compiled template; the functions' zips are beside it. */
  readonly templateFile: string;
  readonly template: CompiledTemplate;
  /** Whether it was there already. */
  readonly wasThere: boolean;
}

/** The parts of the compiled template that the stack reads itself. */
export interface CompiledTemplate {
  readonly Metadata?: { readonly KafkaTopics?: Readonly<Record<string, TopicSettings>> };
  readonly Resources: Readonly<Record<string, TemplateResource>>;
}

const project = fileURLToPath(new URL("../..", import.meta.url));
const sources = ["functions", "lib", "serverless.yml", "package-lock.json", "tsconfig.json"];
const packages = join(project, ".local", "package");
/** Serverless has one working folder: two that package at once take it away from each other. */
const turnFile = join(project, ".local", "package.turn");
const KEPT_PACKAGES = 4;

/** Packages the service, or finds it packaged. */
export async function packageService(signal?: AbortSignal): Promise<PackagedService> {
  const target = join(packages, await hashOf(sources));
  const templateFile = join(target, "cloudformation-template-update-stack.json");
  const wasThere = existsSync(templateFile);
  if (!wasThere) {
    await mkdir(packages, { recursive: true });
    await inTurn(turnFile, async () => existsSync(templateFile) || makePackage(target, signal));
    await removeOld();
  }
  return { templateFile, template: JSON.parse(await readFile(templateFile, "utf8")), wasThere };
}

async function hashOf(paths: readonly string[]): Promise<string> {
  const hash = createHash("sha256");
  for (const path of await filesOf(paths))
    hash
      .update(`${path}\0`)
      .update(await readFile(join(project, path)))
      .update("\0");
  return hash.digest("hex").slice(0, 16);
}

async function filesOf(paths: readonly string[]): Promise<string[]> {
  const lists = paths.map(async (path) => {
    const full = join(project, path);
    if (!(await stat(full)).isDirectory()) return [path];
    const entries = await readdir(full, { recursive: true, withFileTypes: true });
    return entries
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(project.length));
  });
  return (await Promise.all(lists)).flat().sort();
}

/** Made aside and moved into place, so that a package is there whole or not at all. */
async function makePackage(target: string, signal: AbortSignal | undefined): Promise<void> {
  const making = await mkdtemp(join(packages, "making-"));
  try {
    // It is kept for the next one, who may have another AWS_REGION.
    const command = ["package", "--region", "us-east-1", "--package", making];
    const { isDone, output } = await runServerless(project, command, signal);
    signal?.throwIfAborted();
    if (!isDone) throw new CannotStart(`The service can't be packaged. 'npx serverless package' says:\n${output}`);
    await rename(making, target);
  } finally {
    await rm(making, { recursive: true, force: true });
  }
}

/** Older packages stay for a while: a stack that is up may still start functions from one. */
async function removeOld(): Promise<void> {
  const names = await readdir(packages);
  const ages = await Promise.all(
    names.map(async (name) => ({ name, made: (await stat(join(packages, name))).mtimeMs })),
  );
  const old = ages.sort((one, other) => other.made - one.made).slice(KEPT_PACKAGES);
  for (const { name } of old) await rm(join(packages, name), { recursive: true, force: true });
}
