// README.md and the other documents say what is there: files, commands, code and tests.
import { describe, expect, it } from "vitest";
import { exists, files, read } from "../support/source-tree.ts";

const documents = files("README.md", "{functions,lib,localstack,events,test}/**/*.md");
const scripts = Object.keys(JSON.parse(read("package.json")).scripts);

describe.each(documents)("%s", (path) => {
  const text = read(path);
  const folder = path.includes("/") ? path.slice(0, path.lastIndexOf("/") + 1) : "";

  it("links to files that exist", () => {
    const links = [...text.matchAll(/\]\((?!https?:)(?<to>[^)#]+)/g)].map(({ groups }) => `${folder}${groups?.to}`);
    expect(links.filter((link) => !exists(link))).toEqual([]);
  });

  it("names files that exist", () => {
    const names = [...text.matchAll(/`(?<name>(?:functions|lib|localstack|events|test)\/[\w./-]*)`/g)];
    const missing = names
      .map(({ groups }) => groups?.name ?? "")
      .filter((name) => !exists(name) && !exists(`${folder}${name}`));
    expect(missing).toEqual([]);
  });

  it("gives commands that exist", () => {
    const commands = [...text.matchAll(/\bnpm (?:run )?(?<script>[a-z][\w:-]*)/g)].map(
      ({ groups }) => groups?.script ?? "",
    );
    const own = commands.filter((script) => !["ci", "run", "install", "pack", "audit"].includes(script));
    expect(own.filter((script) => !scripts.includes(script))).toEqual([]);
  });

  it("shows code as it stands in the file that it names", () => {
    const blocks = [...text.matchAll(/```ts\n\/\/ (?<file>\S+)\n(?<code>[\s\S]*?)```/g)];
    const named = blocks.map(({ groups }) => ({ file: groups?.file ?? "", code: groups?.code ?? "" }));
    expect(named.filter(({ file, code }) => !read(file).includes(code)).map(({ file }) => file)).toEqual([]);
    expect(named.length).toBe([...text.matchAll(/```ts\n/g)].length);
  });

  it("names tests that exist", () => {
    const named = [...text.matchAll(/\]\((?<file>test\/\S+\.test\.ts)\): "(?<name>[^"]+)"/g)];
    const missing = named.filter(({ groups }) => !read(groups?.file ?? "").includes(`"${groups?.name}"`));
    expect(missing.map(({ groups }) => groups?.name)).toEqual([]);
  });
});

describe("README.md", () => {
  it("proves each of its promises with a test", () => {
    const table = read("README.md").split("| Promise | Test |\n|---|---|\n")[1]?.split("\n\n")[0] ?? "";
    const rows = table.split("\n").filter((row) => row.startsWith("|"));
    expect(rows.length).toBeGreaterThan(10);
    expect(rows.filter((row) => !/\]\(test\/\S+\.test\.ts\): "[^"]+" \|$/.test(row))).toEqual([]);
  });
});
