#!/usr/bin/env node
// Starts the program. Its compiled code is kept between runs, which halves the time until it is ready.
import { enableCompileCache } from "node:module";
import { quietWarnings } from "../quiet-warnings.ts";

quietWarnings();
enableCompileCache();
const { runProgram } = await import("./program.ts");
await runProgram().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
});
