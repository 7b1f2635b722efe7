// The repository as tests of its structure see it: files, what they import, and the service's declaration.
import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";
import type { TopicSettings } from "../../lib/deploy/kafka-topics.ts";

export const root = fileURLToPath(new URL("../../", import.meta.url));

export interface Import {
  /** A path from the root for the repository's own files, else the package's name as written. */
  readonly target: string;
  /** Nothing of it is there at run time. */
  readonly typeOnly: boolean;
}

export interface FunctionDeclaration {
  readonly handler: string;
  readonly environment?: Readonly<Record<string, unknown>>;
  readonly topics?: Readonly<Record<string, TopicSettings>>;
  readonly uses?: Readonly<Record<string, readonly string[]>>;
  readonly events: readonly EventDeclaration[];
  /** Files that go into the zip beside the bundle. */
  readonly package?: { readonly patterns: readonly string[] };
}

export interface EventDeclaration {
  readonly kafka?: Readonly<Record<string, unknown>>;
  readonly msk?: Readonly<Record<string, unknown>>;
  readonly schedule?: unknown;
  readonly httpApi?: string;
}

/** Paths from the root that match, in order. */
export function files(...patterns: string[]): readonly string[] {
  return globSync(patterns, { cwd: root })
    .map((path) => path.replaceAll("\\", "/"))
    .sort();
}

export function read(path: string): string {
  return readFileSync(join(root, path), "utf8");
}

export function exists(path: string): boolean {
  return existsSync(join(root, path));
}

/** What a TypeScript file imports, exports from elsewhere, or loads when it is needed. */
export function importsOf(path: string): readonly Import[] {
  const code = read(path);
  const fixed = code.matchAll(/^(?:import|export)\s+(?<type>type\s)?(?<names>[^;"']*?\sfrom\s+)?"(?<from>[^"]+)"/gm);
  const loaded = code.matchAll(/\bimport\(\s*"(?<from>[^"]+)"\s*\)/g);
  return [...fixed, ...loaded].map(({ groups = {} }) => ({
    target: target(path, groups.from ?? ""),
    typeOnly: groups.type !== undefined || isEveryNameAType(groups.names),
  }));
}

/** Every file that is there at run time when this one is, by path, itself included; packages by name. */
export function runtimeClosure(path: string): ReadonlySet<string> {
  const found = new Set<string>();
  const visit = (file: string) => {
    if (found.has(file)) return;
    found.add(file);
    if (!exists(file) || !file.endsWith(".ts")) return;
    for (const { target, typeOnly } of importsOf(file)) if (!typeOnly) visit(target);
  };
  visit(path);
  return found;
}

/** The functions of serverless.yml, by name. */
export function serviceFunctions(): Readonly<Record<string, FunctionDeclaration>> {
  const includes: string[] = yaml("serverless.yml").functions;
  const paths = includes.map((include) => /^\$\{file\((?<path>[^)]+)\)\}$/.exec(include)?.groups?.path ?? include);
  return Object.assign({}, ...paths.map(yaml));
}

/** A YAML file as it stands: CloudFormation's tags are read as plain text, variables stay as written. */
export function yaml(path: string) {
  return parse(read(path), { logLevel: "error" });
}

/** The file that holds a function's handler. */
export function handlerFile({ handler }: FunctionDeclaration): string {
  return handler.replace(/\.\w+$/, ".ts");
}

function target(importer: string, from: string): string {
  if (!from.startsWith(".")) return from;
  return relative(root, resolve(root, dirname(importer), from)).replaceAll("\\", "/");
}

function isEveryNameAType(names: string | undefined): boolean {
  const listed = /^\{(?<names>[^}]*)\}/.exec(names?.trim() ?? "")?.groups?.names;
  if (listed === undefined) return false;
  return listed.split(",").every((name) => name.trim() === "" || name.trim().startsWith("type "));
}
