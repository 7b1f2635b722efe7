// What is deployed for each function: the size of its zip, as Lambda counts it.

import { readdirSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { packageService } from "../../localstack/stack/package-service.ts";

const { templateFile } = await packageService();
const folder = dirname(templateFile);
console.log("\nbundles, zipped, source maps included:");
for (const file of readdirSync(folder).filter((name) => name.endsWith(".zip"))) {
  const kilobytes = statSync(join(folder, file)).size / 1000;
  console.log(`  ${file.replace(/\.zip$/, "").padEnd(24)} ${kilobytes.toFixed(0).padStart(6)} kB`);
}
