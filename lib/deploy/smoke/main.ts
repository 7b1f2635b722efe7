// `npm run smoke -- --stage dev`: looks at a deployed stage and says what works. Exit code 1 when something doesn't.

import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { smoke } from "./smoke.ts";
import { deployedStage } from "./stage.ts";

const usage = `npm run smoke -- --stage STAGE | --stack NAME

  --stage STAGE  the deployed stage to look at
  --stack NAME   the same by the whole name of its stack
  --help         this text

AWS's own variables say where and as whom: AWS_REGION, AWS_PROFILE, and AWS_ENDPOINT_URL for an emulator.
`;

const values = read(process.argv.slice(2));
if (values.help) {
  process.stdout.write(usage);
  process.exit();
}
const { name } = JSON.parse(readFileSync(new URL("../../../package.json", import.meta.url), "utf8"));
const { stack = values.stage && `${name}-${values.stage}` } = values;
if (!stack) {
  process.stderr.write(
    "A stage is needed: npm run smoke -- --stage dev, or --stack with the whole name of the stack.\n",
  );
  process.exit(1);
}

const stage = deployedStage(stack);
try {
  const checks = await smoke(stage, { isEmulated: Boolean(process.env.AWS_ENDPOINT_URL) });
  for (const { name: what, faults } of checks) {
    process.stdout.write(faults.length === 0 ? `ok      ${what}\n` : `FAILED  ${what}: ${faults.join("; ")}\n`);
  }
  const failed = checks.filter(({ faults }) => faults.length > 0).length;
  process.stdout.write(`\n${stack}: ${checks.length - failed} ok, ${failed} failed\n`);
  // A stack without a function or a mapping is not this service.
  process.exitCode = failed > 0 || checks.length === 0 ? 1 : 0;
} catch (error) {
  process.stderr.write(`The stack '${stack}' can't be looked at: ${error instanceof Error ? error.message : error}\n`);
  process.exitCode = 1;
} finally {
  stage.close();
}

function read(args: readonly string[]) {
  const text = { type: "string" } as const;
  try {
    return parseArgs({ args: [...args], options: { stage: text, stack: text, help: { type: "boolean" } } }).values;
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n\n${usage}`);
    process.exit(1);
  }
}
