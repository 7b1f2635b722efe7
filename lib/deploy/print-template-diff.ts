// `npm run template-diff -- BEFORE.json AFTER.json`: two compiled templates as a Markdown table of what differs.

import { readFileSync } from "node:fs";
import { templateDiffMarkdown } from "./template-diff.ts";

const usage = `npm run template-diff -- BEFORE.json AFTER.json

Two compiled templates, as 'npx serverless package' writes them, as a Markdown table of what differs.
`;

const args = process.argv.slice(2);
if (args.includes("--help")) {
  process.stdout.write(usage);
  process.exit();
}
const [before, after, ...more] = args;
if (before === undefined || after === undefined || more.length > 0) {
  process.stderr.write(`Two compiled templates are needed: got ${args.length}.\n\n${usage}`);
  process.exit(1);
}
process.stdout.write(templateDiffMarkdown(read(before), read(after)));

function read(path: string) {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    process.stderr.write(`${path} is no compiled template: ${error instanceof Error ? error.message : error}\n`);
    process.exit(1);
  }
}
