// esbuild plugin: a bundle's source map covers this repository's code and not its dependencies', whose maps are two thirds of a function's zip.

import { readFile } from "node:fs/promises";
import { extname } from "node:path";
import type { Loader, Plugin } from "esbuild";

const NOTHING_TO_MAP = Buffer.from(JSON.stringify({ version: 3, sources: [""], mappings: "AAAA" })).toString("base64");
const COMMENT = `\n//# sourceMappingURL=data:application/json;base64,${NOTHING_TO_MAP}`;

const plugin: Plugin = {
  name: "own-source-maps",
  setup(build) {
    build.onLoad({ filter: /[\\/]node_modules[\\/].*\.[cm]?js$/ }, async ({ path }) => ({
      contents: (await readFile(path, "utf8")) + COMMENT,
      loader: extname(path).slice(-2) as Loader,
    }));
  },
};

export default [plugin];
