// A table that only its own function knows would be missing until the first record: every pipeline's migrations are in the list.
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, test } from "vitest";
import { databases } from "../../../functions/migrations/databases.ts";
import type { Migration } from "../../../lib/postgres/migrate.ts";
import { files, root } from "../../support/source-tree.ts";

const modules = files("functions/*/*.ts").filter((path) => !/handler\.ts$/.test(path));
const exported = await Promise.all(modules.map((path) => import(pathToFileURL(join(root, path)).href)));
const declared: readonly (readonly Migration[])[] = exported.flatMap(({ migrations }) =>
  migrations === undefined ? [] : [migrations],
);
const names = (all: readonly (readonly Migration[])[]) => all.flat().map(({ name }) => name);

test("every pipeline's migrations are made after a deployment", () => {
  expect(declared.length).toBeGreaterThan(0);
  const listed = databases.map(({ migrations }) => migrations);
  expect(names(listed).sort(), "functions/migrations/databases.ts lists each pipeline's migrations").toEqual(
    names(declared).sort(),
  );
});

test("each step has a name of its own", () => {
  const all = names(declared);
  expect(new Set(all).size).toBe(all.length);
});
