// Makes the databases and tables of the functions, by running the function that a deployment runs for it.
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { CannotStart } from "./cannot-start.ts";
import { lastLines, run } from "./command.ts";
import { READY_WITHIN_MS } from "./service.ts";

const project = fileURLToPath(new URL("../..", import.meta.url));
const handlerFile = pathToFileURL(join(project, "functions/migrations/handler.ts")).href;
const program = `
  try {
    const { handler } = await import(${JSON.stringify(handlerFile)});
    process.stdout.write("\\n" + JSON.stringify(await handler()) + "\\n", () => process.exit());
  } catch (error) {
    process.stderr.write("\\n" + error.message + "\\n", () => process.exit(1));
  }
`;

/** Doing it again changes nothing. Returns the databases' names. */
export async function createDatabases(databaseUrl: string): Promise<readonly string[]> {
  // A process of its own: nothing here imports functions.
  const { kind, output } = await run(process.execPath, ["--input-type=module", "--eval", program], {
    timeoutMs: READY_WITHIN_MS,
    environment: { ...process.env, DATABASE_URL: databaseUrl, NAMESPACE: "" },
  });
  const answer = /^\{"ready":.*\}$/m.exec(output)?.[0];
  if (kind === "done" && answer !== undefined) return JSON.parse(answer).ready;
  throw new CannotStart(`The functions' databases can't be made:\n${lastLines(output)}`);
}
