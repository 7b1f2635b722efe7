// The README's table is what the cases declare; `npm run conformance:table` writes it.
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { switches } from "../../localstack/event-source/switches.ts";
import { files, read, root } from "../support/source-tree.ts";
import { behavioursOf } from "./behaviour.ts";
import { type Group, withTables } from "./table.ts";

const README = "localstack/event-source/README.md";

const groups: Group[] = [];
for (const file of files("test/conformance/[0-9]*.test.ts")) {
  groups.push({ file, behaviours: await behavioursOf(() => import(join(root, file))) });
}

describe("the conformance table", () => {
  test("in the README is what the cases declare, and what AWS leaves open what the switches do", async () => {
    const wanted = withTables(read(README), groups);
    await expect(wanted, "run `npm run conformance:table`").toMatchFileSnapshot(join(root, README));
  });

  test("names each behaviour once", () => {
    const names = groups.flatMap(({ behaviours }) => behaviours.map(({ behaviour }) => behaviour));
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
  });

  test("has a case for every switch", () => {
    const shown = groups.flatMap(({ behaviours }) =>
      behaviours.flatMap(({ emulated }) => (emulated !== undefined && "by" in emulated ? [emulated.by] : [])),
    );
    expect(Object.keys(switches).filter((name) => !shown.includes(name))).toEqual([]);
  });

  test("has every group", () => {
    expect(groups.filter(({ behaviours }) => behaviours.length === 0).map(({ file }) => file)).toEqual([]);
    expect(groups.length).toBeGreaterThan(10);
  });
});
