// What GitHub's own parser says of a workflow: keys, names, expressions, and what it hands to workflows that it calls.
import { build } from "esbuild";
import { read } from "./source-tree.ts";

/** As much of the language service as is asked here. */
interface Service {
  validate(document: object, config: object): Promise<readonly Diagnostic[]>;
  create(uri: string, language: string, version: number, text: string): object;
}

interface Diagnostic {
  readonly message: string;
  readonly range: { readonly start: { readonly line: number } };
}

/** A line a complaint; the name is the file's own, under `.github/workflows`. */
export async function workflowComplaints(name: string, text: string): Promise<readonly string[]> {
  service ??= loadService();
  const { validate, create } = await service;
  asked += 1;
  // A document is known by its address: asked about twice, the first text would be answered for.
  const document = create(`file:///.github/workflows/${asked}/${name}`, "yaml", 1, text);
  const fileProvider = { getFileContent: async ({ path }: { path: string }) => ({ name: path, content: read(path) }) };
  const found = await validate(document, { fileProvider });
  return found.map(({ range, message }) => `${name}:${range.start.line + 1}: ${message}`);
}

let asked = 0;
let service: Promise<Service> | undefined;

/** Its packages import JSON as only bundlers do. */
async function loadService(): Promise<Service> {
  const contents =
    'export { validate } from "@actions/languageservice";\n' +
    'import { TextDocument } from "vscode-languageserver-textdocument";\n' +
    "export const { create } = TextDocument;\n";
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: import.meta.dirname },
    bundle: true,
    write: false,
    format: "esm",
    platform: "browser",
    logLevel: "error",
  });
  const code = Buffer.from(outputFiles[0]?.contents ?? []).toString("base64");
  return import(/* @vite-ignore */ `data:text/javascript;base64,${code}`);
}
