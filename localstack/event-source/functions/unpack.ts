// Puts on disk what environments run: a function's zip, the very one that would be deployed, and the runtime program.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { unzipSync } from "fflate";

/** Unpacks a zip once for each content it has had; answers the folder. */
export function unpack(zip: string, localFolder: string, name: string): string {
  let bytes: Buffer;
  try {
    bytes = readFileSync(zip);
  } catch (cause) {
    throw new Error(
      `Can't read ${zip}, the code of '${name}': run \`npx serverless package\` first, or give --code ${name}=FOLDER.`,
      { cause },
    );
  }
  const folder = join(resolve(localFolder), "functions", `${name}-${digest(bytes)}`);
  if (existsSync(folder)) return folder;
  return place(folder, (root) => {
    // Without it, the project's own package.json would decide what a .js file is.
    writeFileSync(join(root, "package.json"), "{}");
    for (const [path, content] of Object.entries(unzipSync(bytes))) {
      if (path.endsWith("/")) continue;
      const file = join(root, path);
      if (!file.startsWith(root)) throw new Error(`${zip} holds '${path}', which lies outside of it.`);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, content);
    }
  });
}

/** Code that stands in the template, as CloudFormation zips it; answers the folder. */
export function placeInline(source: string, localFolder: string, name: string): string {
  const folder = join(resolve(localFolder), "functions", `${name}-${digest(Buffer.from(source))}`);
  if (existsSync(folder)) return folder;
  return place(folder, (root) => {
    writeFileSync(join(root, "package.json"), "{}");
    writeFileSync(join(root, "index.js"), source);
  });
}

/** The runtime as plain JavaScript, so that an environment starts without a compiler in it. */
export function runtimeFileIn(localFolder: string): string {
  const built = fileURLToPath(new URL("./runtime.js", import.meta.url)); // in the package that others install
  if (existsSync(built)) return built;
  const source = readFileSync(new URL("./runtime.ts", import.meta.url), "utf8");
  const folder = join(resolve(localFolder), "functions", `runtime-${digest(Buffer.from(source))}`);
  if (!existsSync(folder)) {
    place(folder, (root) => writeFileSync(join(root, "runtime.mjs"), stripTypeScriptTypes(source)));
  }
  return join(folder, "runtime.mjs");
}

// Written beside its place and then moved there, so that two event sources don't read half of it.
function place(folder: string, write: (root: string) => void): string {
  const draft = `${folder}.${process.pid}`;
  mkdirSync(draft, { recursive: true });
  write(draft);
  try {
    renameSync(draft, folder);
  } catch (error) {
    rmSync(draft, { recursive: true });
    if (!existsSync(folder)) throw error;
  }
  return folder;
}

function digest(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex").slice(0, 16);
}
