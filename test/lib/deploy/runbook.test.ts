// What a person pastes at night works: stages, functions, programs and log lines that it names are there.
import { describe, expect, it } from "vitest";
import { files, read, serviceFunctions } from "../../support/source-tree.ts";

const runbook = read("lib/deploy/RUNBOOK.md");
const sections = runbook
  .split(/^## /m)
  .slice(1)
  .map((text) => ({ title: text.split("\n")[0], text }));
const functions = Object.keys(serviceFunctions());
const code = files("lib/**/*.ts")
  .filter((path) => !path.startsWith("lib/deploy/"))
  .map(read)
  .join("\n");
const all = (pattern: RegExp) => Array.from(runbook.matchAll(pattern), ([, found = ""]) => found);

describe("the runbook", () => {
  it.each(sections)("$title says what it means, where to look, what to do and when it is over", ({ text }) => {
    for (const word of ["Means", "Look", "Do", "Over"]) expect(text).toMatch(new RegExp(`^\\*\\*${word}\\*\\* `, "m"));
  });

  it("names the stage wherever a command would take this machine's instead", () => {
    const commands = all(/((?:npx )?serverless (?:invoke|rollback|remove)[^`\n]*|npm run (?:dlq|smoke)[^`\n]*)/g);
    expect(commands.length).toBeGreaterThan(4);
    expect(commands.filter((command) => !/^np[xm] .*--stage \$STAGE/.test(command))).toEqual([]);
  });

  it("names functions that there are", () => {
    const named = [...all(/ -f (\w+)/g), ...all(/--only (\w+)/g)];
    expect(named.length).toBeGreaterThan(2);
    expect(named.filter((name) => !functions.includes(name))).toEqual([]);
  });

  it("asks logs for lines and fields that the code writes, in the query language's words", () => {
    const messages = all(/message = "([^"]+)"/g);
    expect(messages.length).toBeGreaterThan(6);
    expect(messages.filter((message) => !code.includes(`"${message}"`))).toEqual([]);
    const fields = all(/\| stats [^`]*? by ([^`|]+)/g).flatMap((list) => list.split(/,\s*/));
    const own = fields.map((field) => field.trim()).filter((field) => !field.startsWith("bin("));
    expect(own.filter((field) => !new RegExp(`\\b${field}\\b`).test(code))).toEqual([]);
    expect(all(/(sort by [^`]*)/g)).toEqual([]);
  });

  it("runs programs that there are", () => {
    const scripts = Object.keys(JSON.parse(read("package.json")).scripts);
    expect(all(/npm run ([\w:-]+)/g).filter((name) => !scripts.includes(name))).toEqual([]);
  });
});
