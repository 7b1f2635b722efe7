// `npm run dev`: the whole stack until Ctrl-C, where everything listens, and what each function is doing.
import { startLive } from "./console/live.ts";
import { explainOptions, onlyOptions, toggle, UsageError } from "./console/options.ts";
import { runProgram, untilAborted } from "./console/program.ts";
import { printHeading, screen } from "./console/screen.ts";
import { printSteps } from "./console/steps.ts";
import { table } from "./console/table.ts";
import { functionsView } from "./dev/functions-view.ts";
import { readEndpoints, removeEndpoints, writeEndpoints } from "./endpoints.ts";
import { type Stack, startStack } from "./stack.ts";

const declared = { help: toggle("this text") };

await runProgram(async (signal) => {
  const options = onlyOptions(process.argv.slice(2), declared);
  if (options.help) return void screen.write(`npm run dev\n\n${explainOptions(declared)}`);
  const other = readEndpoints();
  if (other) {
    throw new UsageError(
      `The stack is up already, in process ${other.pid}, with Kafka at ${other.kafkaBrokers}. Use it as it is, or end it with Ctrl-C in its terminal.`,
    );
  }
  printHeading(screen, "Starting the stack");
  const stack = await startStack({ steps: printSteps(screen), signal });
  writeEndpoints(stack.endpoints);
  try {
    printAddresses(stack);
    const live = startLive(screen, functionsView(stack.eventSource, screen));
    try {
      await Promise.race([untilAborted(signal), stack.failed]);
    } finally {
      live.stop();
    }
  } finally {
    removeEndpoints();
    await stack.stop();
  }
});

function printAddresses({ endpoints, eventSource }: Stack): void {
  printHeading(screen, "It is up until Ctrl-C");
  const rows = [
    ["Kafka", endpoints.kafkaBrokers],
    ["DynamoDB", endpoints.dynamodbEndpoint],
    ["PostgreSQL", endpoints.databaseUrl],
    ["Schema registry", endpoints.schemaRegistryUrl],
    ["HTTP API", `${endpoints.httpUrl}/track, ${endpoints.httpUrl}/openapi.json`],
    ["charts", ".local/charts/"],
    ["logs", ".local/logs/"],
    ["event source", `process ${eventSource.pid}`],
  ];
  screen.write(table([{ title: "what" }, { title: "where" }], rows, screen));
  const hint = screen.paint("cyan", "npm run gen -- transactions --count 10000 --rate 1000");
  screen.write(`\n  Traffic, from a second terminal:  ${hint}\n\n`);
}
