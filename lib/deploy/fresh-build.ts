// Serverless plugin: every package is built from an empty `.esbuild`.
// A run that was killed leaves its output there, and serverless-esbuild would zip that too.

import { rm } from "node:fs/promises";
import { join } from "node:path";

export default class FreshBuild {
  readonly hooks: Readonly<Record<string, () => Promise<void>>>;

  constructor({ serviceDir }: { readonly serviceDir: string }) {
    this.hooks = { "before:package:cleanup": () => rm(join(serviceDir, ".esbuild"), { recursive: true, force: true }) };
  }
}
