#!/usr/bin/env node
// Starts the program, or explains a record. Its compiled code is kept between runs, which halves the time until it is ready.
import module from "node:module";
import { quietWarnings } from "../quiet-warnings.ts";

const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
if (major < 22 || (major === 22 && minor < 15)) {
  console.error(`The event source needs Node 22.15 or newer: this is ${process.version}.`);
  process.exit(1);
}
quietWarnings();
module.enableCompileCache();
try {
  if (process.argv[2] === "explain") {
    const { runExplain } = await import("./observe/explain.ts");
    process.exitCode = runExplain(process.argv.slice(3));
  } else {
    const { runProgram } = await import("./program.ts");
    await runProgram();
  }
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}
