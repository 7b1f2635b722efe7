#!/usr/bin/env node
// Starts the program, or explains a record. Its compiled code is kept between runs, which halves the time until it is ready.
import { enableCompileCache } from "node:module";
import { quietWarnings } from "../quiet-warnings.ts";

quietWarnings();
enableCompileCache();
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
