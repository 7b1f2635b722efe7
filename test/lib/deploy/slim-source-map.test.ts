// A map that was cut down leads own code where it led before, and other code nowhere. Node's own reader of maps is the judge.
import { SourceMap } from "node:module";
import { build } from "esbuild";
import { expect, test } from "vitest";
import { slimSourceMap } from "../../../lib/deploy/slim-source-map.ts";

const own = "functions/a.ts";
const other = "node_modules/b/index.js";

/** Own and other code in turns on one line, as a minified bundle has them. */
async function bundle() {
  const text: Record<string, string> = {
    [own]:
      'import { twice } from "b";\nexport const a = () => {\n  const one = twice(1);\n  return one + twice(2);\n};\nexport const z = a;\n',
    [other]: "export function twice(value) {\n  return value * 2;\n}\nexport function unused() {}\n",
  };
  const { outputFiles } = await build({
    stdin: {
      contents: `export * from "${own}"; export * from "${other}"; import { z } from "${own}"; console.log(z());`,
    },
    ...{ bundle: true, minify: true, format: "esm", sourcemap: "external", sourcesContent: false, write: false },
    outfile: "out.js",
    plugins: [
      {
        name: "in-memory",
        setup(made) {
          made.onResolve({ filter: /./ }, ({ path }) => ({ path: path === "b" ? other : path, namespace: "memory" }));
          made.onLoad({ filter: /./, namespace: "memory" }, ({ path }) => ({
            contents: text[path] ?? "",
            loader: "ts",
          }));
        },
      },
    ],
  });
  const find = (end: string) => outputFiles.find(({ path }) => path.endsWith(end))?.text ?? "";
  return { code: find(".js"), map: JSON.parse(find(".map")) };
}

test("own code is found as before, other code is not", async () => {
  const { code, map } = await bundle();
  const slim = slimSourceMap(map, (source) => !source.includes("node_modules/"));
  const [whole, cut] = [new SourceMap(map), new SourceMap(slim)];
  const columns = code.split("\n").flatMap((line, row) => Array.from(line, (_, column) => [row, column] as const));
  expect(columns.length).toBeGreaterThan(50);
  for (const [row, column] of columns) {
    const before = whole.findEntry(row, column);
    const after = cut.findEntry(row, column);
    const isOwn = "originalSource" in before && !String(before.originalSource).includes("node_modules/");
    if (!isOwn) expect("originalSource" in after && after.originalSource !== undefined, `${row}:${column}`).toBe(false);
    else {
      expect(after).toMatchObject({
        originalSource: before.originalSource,
        originalLine: before.originalLine,
        originalColumn: before.originalColumn,
      });
    }
  }
  expect(slim.names).toEqual([]);
  expect(slim.mappings.length).toBeLessThan(map.mappings.length);
});

test("a map of which everything is kept loses its names only", () => {
  const map = { sources: ["a.ts"], names: ["one", "two"], mappings: "AAAAA,CAACC,gCAAGA;;AACHD,0BADGC" };
  const before = new SourceMap({ ...map, version: 3 } as never);
  const after = new SourceMap({ ...slimSourceMap(map, () => true), version: 3 } as never);
  for (const [row, column] of [
    [0, 0],
    [0, 1],
    [0, 40],
    [2, 0],
    [2, 30],
  ] as const) {
    const { name: _, ...place } = before.findEntry(row, column) as { name?: string };
    expect(after.findEntry(row, column)).toMatchObject(place);
  }
});
