// Registers the Avro schemas that stand beside the functions, each for the topic its file is named after. Doing it again changes nothing.
import { globSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { CannotStart } from "./cannot-start.ts";

const project = fileURLToPath(new URL("../..", import.meta.url));
const ENDING = ".avsc.json";

/** Registers `functions/*\/<topic>.avsc.json` as `<topic>-value`. In the order of their names, so that a new registry's ids are the same everywhere. */
export async function registerSchemas(registryUrl: string, root = project): Promise<Readonly<Record<string, number>>> {
  const files = globSync(`functions/*/*${ENDING}`, { cwd: root }).sort((a, b) => (basename(a) < basename(b) ? -1 : 1));
  const ids: Record<string, number> = {};
  for (const file of files) {
    const subject = `${basename(file, ENDING)}-value`;
    const schema = JSON.stringify(JSON.parse(readFileSync(join(root, file), "utf8")));
    ids[subject] = await register(registryUrl, subject, { file, schema });
  }
  return ids;
}

async function register(
  registryUrl: string,
  subject: string,
  { file, schema }: { file: string; schema: string },
): Promise<number> {
  const response = await fetch(`${registryUrl}/subjects/${subject}/versions`, {
    method: "POST",
    headers: { "content-type": "application/vnd.schemaregistry.v1+json" },
    body: JSON.stringify({ schema }),
    signal: AbortSignal.timeout(60_000),
  });
  const text = await response.text();
  if (response.ok) return Number(JSON.parse(text).id);
  throw new CannotStart(`The schema registry refuses ${file} as '${subject}' (${response.status}): ${text}`);
}
