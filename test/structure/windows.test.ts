// Every windowed declaration has an emitter: without one its results would stay in the store for ever.
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, it } from "vitest";
import { routes } from "../../functions/windows/routes.ts";
import { files, handlerFile, root, runtimeClosure, serviceFunctions } from "../support/source-tree.ts";

const modules = files("functions/**/*.ts").filter((path) => !/handler\.ts$/.test(path));
const declaredBy = await Promise.all(modules.map(async (path) => ({ path, windows: await declarationsIn(path) })));
const declared = declaredBy.flatMap(({ windows }) => windows);

async function declarationsIn(path: string): Promise<readonly Declaration[]> {
  const exported: Readonly<Record<string, unknown>> = await import(pathToFileURL(join(root, path)).href);
  return Object.values(exported).filter(isDeclaration);
}

interface Declaration {
  readonly name: string;
}

function isDeclaration(value: unknown): value is Declaration {
  return typeof value === "object" && value !== null && "aggregate" in value && "allowedLateness" in value;
}

describe("windowed pipelines", () => {
  it("are each served by a route of the emitter", async () => {
    const topics = new Proxy({}, { get: (_, name) => `topic of ${String(name)}` });
    const served = routes(topics as Parameters<typeof routes>[0]).map(({ window }) => window);
    expect(declared.length).toBeGreaterThan(0);
    const names = (windows: readonly Declaration[]) => windows.map(({ name }) => name).sort();
    expect(names(served), "functions/windows/routes.ts serves each windowed declaration").toEqual(names(declared));
    expect(served.every((window) => declared.includes(window))).toBe(true);
  });

  it("have an emitter that may read their sources and commit to their results' topics, which are compacted", () => {
    const { emitWindows: emitter, ...others } = serviceFunctions();
    const results = Object.entries(emitter?.environment ?? {}).filter(([name]) => name.endsWith("_TOPIC"));
    const windowed = declaredBy.filter(({ windows }) => windows.length > 0).map(({ path }) => path);
    const sources = Object.values(others)
      .filter((declaration) => windowed.some((path) => runtimeClosure(handlerFile(declaration)).has(path)))
      .flatMap(({ events }) => events.flatMap(({ kafka, msk }) => (kafka ?? msk)?.topic ?? []));
    expect(
      results.map(([, topic]) => topic),
      `functions/windows/functions.yml names a results' topic as …_TOPIC under environment for each of ${declared.map(({ name }) => name).join(", ")}`,
    ).toHaveLength(declared.length);
    expect(sources).toHaveLength(declared.length);
    const settings = Object.fromEntries([
      ...results.map(([, topic]) => [topic, { cleanupPolicy: "compact", access: "read-write" }]),
      ...sources.map((topic) => [topic, { access: "read" }]),
    ]);
    expect(emitter?.topics, "the emitter's topics in functions/windows/functions.yml").toEqual(settings);
  });

  it("have names of their own", async () => {
    const names = declared.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
  });
});
