// `npm run template-diff -- BEFORE.json AFTER.json`: two compiled templates as a Markdown table of what differs.

import { readFileSync } from "node:fs";
import { templateDiffMarkdown } from "./template-diff.ts";

const [before, after] = process.argv.slice(2);
if (before === undefined || after === undefined) {
  process.stderr.write(
    "Two compiled templates are needed, as `serverless package` writes them: npm run template-diff -- BEFORE.json AFTER.json\n",
  );
  process.exit(1);
}
process.stdout.write(templateDiffMarkdown(read(before), read(after)));

function read(path: string) {
  return JSON.parse(readFileSync(path, "utf8"));
}
