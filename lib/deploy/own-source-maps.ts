// esbuild plugin: a bundle's source map covers this repository's code and not its dependencies', whose maps are most of a function's zip.
// Dependencies stay listed among the sources: what is in a bundle can be read there.

import { readFile, writeFile } from "node:fs/promises";
import { extname, resolve } from "node:path";
import type { Loader, Plugin } from "esbuild";
import { slimSourceMap } from "./slim-source-map.ts";

const NOTHING_TO_MAP = Buffer.from(JSON.stringify({ version: 3, sources: [""], mappings: "AAAA" })).toString("base64");
const COMMENT = `\n//# sourceMappingURL=data:application/json;base64,${NOTHING_TO_MAP}`;

const isOwn = (source: string) => !source.includes("node_modules/");

const plugin: Plugin = {
  name: "own-source-maps",
  setup(build) {
    build.initialOptions.metafile = true; // which says where the maps are
    // Maps that packages bring are not even read.
    build.onLoad({ filter: /[\\/]node_modules[\\/].*\.[cm]?js$/ }, async ({ path }) => ({
      contents: (await readFile(path, "utf8")) + COMMENT,
      loader: extname(path).slice(-2) as Loader,
    }));
    build.onEnd(async ({ metafile }) => {
      const maps = Object.keys(metafile?.outputs ?? {}).filter((path) => path.endsWith(".map"));
      for (const path of maps) {
        const file = resolve(build.initialOptions.absWorkingDir ?? process.cwd(), path);
        const map = JSON.parse(await readFile(file, "utf8"));
        await writeFile(file, JSON.stringify(slimSourceMap(map, isOwn)));
      }
    });
  },
};

export default [plugin];
