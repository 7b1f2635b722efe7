// Builds what others install: plain JavaScript with everything it needs in it, for Node runs no TypeScript from node_modules.
// `npm pack` runs it. kafkajs is in it too: three of its insides are replaced, so it must be that very version.
import { cpSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const folder = fileURLToPath(new URL(".", import.meta.url));
const dist = `${folder}dist`;

rmSync(dist, { recursive: true, force: true });
await build({
  absWorkingDir: folder,
  entryPoints: { main: "main.ts", plugin: "plugin.ts", runtime: "functions/runtime.ts" },
  outdir: dist,
  // What only some runs need, such as the AWS SDK, stays in files of its own and is loaded when it is asked for.
  splitting: true,
  bundle: true,
  format: "esm",
  platform: "node",
  target: "node22",
  mainFields: ["module", "main"],
  minifySyntax: true,
  minifyWhitespace: true,
  legalComments: "linked",
  // CommonJS packages ask for Node's own modules by `require`, which an ES module doesn't have.
  banner: {
    js: 'import { createRequire as requireFrom } from "node:module"; const require = requireFrom(import.meta.url);',
  },
  logLevel: "warning",
});
cpSync(`${folder}../../LICENSE`, `${dist}/LICENSE`);
