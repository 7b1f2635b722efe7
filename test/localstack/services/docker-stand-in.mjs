#!/usr/bin/env node
// Stands in for `docker` in tests of machines that have an engine: notes each command line, and `compose up dynamodb` runs a server that
// lists no tables until it is told to end. Where the container itself would be killed from outside, a file says so.
import { appendFileSync, existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";

const folder = process.env.STAND_IN_FOLDER;
const args = process.argv.slice(2);
const running = `${folder}/running`;
const verb = args[0] === "compose" && args.length > 2 ? args[5] : args[0];
appendFileSync(`${folder}/calls`, `${verb}\n`);

if (verb === "up") {
  const server = createServer((_, response) => response.end(JSON.stringify({ TableNames: [] })));
  server.listen(Number(process.env.LOCALSTACK_PORT), "127.0.0.1");
  writeFileSync(running, String(process.pid));
  process.on("SIGTERM", () => process.exit(0));
} else if (verb === "kill") {
  process.kill(Number(readFileSync(running, "utf8")), "SIGKILL");
} else if (verb === "down") {
  if (existsSync(running)) rmSync(running);
} else if (verb === "pull" && existsSync(`${folder}/no-image`)) {
  console.error("manifest unknown");
  process.exit(1);
}
