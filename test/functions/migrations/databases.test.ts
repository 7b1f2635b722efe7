// A table that only its own function knows would be missing until the first record: every pipeline's migrations are in the list.
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, test } from "vitest";
import { databases } from "../../../functions/migrations/databases.ts";
import { files, root } from "../../support/source-tree.ts";

const modules = files("functions/*/*.ts").filter((path) => !/handler\.ts$/.test(path));
const exported = await Promise.all(modules.map((path) => import(pathToFileURL(join(root, path)).href)));
const declared: readonly unknown[] = exported.flatMap(({ migrations }) =>
  migrations === undefined ? [] : [migrations],
);

test("every pipeline's migrations are made after a deployment", () => {
  expect(declared.length).toBeGreaterThan(0);
  expect(new Set(databases.map(({ migrations }) => migrations))).toEqual(new Set(declared));
});

test("each step has a name of its own", () => {
  const names = databases.flatMap(({ migrations }) => migrations.map(({ name }) => name));
  expect(new Set(names).size).toBe(names.length);
});
