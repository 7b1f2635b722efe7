// `npm run demo`: the whole stack, fake traffic through the pipelines, and everything that came out checked against what was sent.
import { figure } from "./console/figures.ts";
import { startLive } from "./console/live.ts";
import { explainOptions, onlyOptions, positiveNumber, toggle, wholeNumber } from "./console/options.ts";
import { rejectWhenAborted, runProgram, untilAborted } from "./console/program.ts";
import { printHeading, screen } from "./console/screen.ts";
import { printSteps } from "./console/steps.ts";
import { check, onlyOurs, outputTopics } from "./demo/check.ts";
import { commerceFunctions, commerceTopics, startCommerce } from "./demo/commerce.ts";
import { loginTopics, startLogins } from "./demo/logins.ts";
import { type Reader, startReader } from "./demo/reader.ts";
import { printRides, printVerdict, printWindows } from "./demo/report.ts";
import { drain, startRun } from "./demo/run.ts";
import { startTrades, tradesTopics } from "./demo/trades.ts";
import { firstResults, trafficView } from "./demo/traffic-view.ts";
import { removeEndpoints, writeEndpoints } from "./endpoints.ts";
import type { CompiledTemplate } from "./stack/package-service.ts";
import { type Stack, startStack } from "./stack.ts";

const declared = {
  count: wholeNumber("N", "transactions to send, and twice as many rides; 5,000 unless told otherwise", 5_000, 1),
  rate: positiveNumber("PER_SECOND", "transactions a second, and twice as many rides; 500 unless told otherwise", 500),
  seed: wholeNumber("S", "same seed, same data; 1 unless told otherwise", 1),
  keep: toggle("leaves everything running afterwards, until Ctrl-C"),
  help: toggle("this text"),
};

const readTopics = [outputTopics, loginTopics, tradesTopics, commerceTopics].flatMap((topics) => Object.values(topics));

type Options = ReturnType<typeof onlyOptions<typeof declared>>;

await runProgram(async (signal) => {
  const options = onlyOptions(process.argv.slice(2), declared);
  if (options.help) return void screen.write(`npm run demo -- [options]\n\n${explainOptions(declared)}`);

  printHeading(screen, "Starting the stack");
  const reading = Promise.withResolvers<Reader>();
  const stack = await startStack({
    steps: printSteps(screen),
    signal,
    functions: [
      ...["enrichRides", "aggregateTransactions", "aggregateLogins", "emitWindows", "storeTrades"],
      ...commerceFunctions,
    ],
    whenTopicsExist: async (brokers) => reading.resolve(await startReader(brokers, readTopics)),
  });
  const reader = await reading.promise;
  try {
    process.exitCode = (await demonstrate({ stack, reader, signal }, options)) ? 0 : 1;
    if (options.keep) await keepRunning(stack, signal);
  } finally {
    await reader.stop().catch(() => {}); // where the broker has gone, that is what is to be said; the stack has to be ended anyhow
    await stack.stop();
  }
});

interface Edges {
  readonly stack: Stack;
  readonly reader: Reader;
  readonly signal: AbortSignal;
}

/** Sends, waits, and shows what came out. Answers whether it is what was sent. */
async function demonstrate({ stack, reader, signal }: Edges, { count, rate, seed }: Options): Promise<boolean> {
  printHeading(
    screen,
    `Sending ${figure(2 * count)} rides, ${figure(count)} transactions, logins and trades each, ${figure(commerceCount(count))} commerce events`,
  );
  const { endpoints } = stack;
  const run = startRun({ brokers: endpoints.kafkaBrokers, reader, count, rate, seed });
  const options = { endpoints, reader, count, rate, seed };
  const fewer = { ...options, count: commerceCount(count), rate: commerceCount(rate) };
  const parts = [startLogins(options), startTrades(options), startCommerce(fewer, stack)];
  const live = startLive(screen, trafficView(run, { count, parts, screen }));
  try {
    const drained = Promise.all([
      run.sending.then(() => drain(run, reader, signal)),
      ...parts.map((part) => part.sending.then(() => part.drain(signal))),
    ]);
    await Promise.race([drained, stack.failed, rejectWhenAborted(signal)]);
  } finally {
    live.stop();
  }
  const outputs = stack.isBrokerShared ? onlyOurs(run.sent, run.outputs()) : run.outputs();
  const { windows, checks } = check(run.sent, outputs, brlPerUsd(stack.template));
  const partChecks = await Promise.all(parts.map((part) => part.checks()));
  printWindows(screen, windows, run.start);
  printRides(screen, outputs.rides);
  for (const part of parts) part.print(screen);
  if (!screen.isTerminal) screen.write(`\n${firstResults(outputs)}`); // else it stands above
  return printVerdict(screen, [...checks, ...partChecks.flat()]);
}

/** A request and a row each, where the others are a thousand a batch: one in five. */
function commerceCount(count: number): number {
  return Math.ceil(count / 5);
}

/** The rate that the stack's functions were given. */
function brlPerUsd({ Resources }: CompiledTemplate): number {
  const environment = Resources.EnrichRidesLambdaFunction?.Properties?.Environment;
  const { BRL_PER_USD } = (environment as { Variables: Readonly<Record<string, string>> }).Variables;
  return Number(BRL_PER_USD);
}

async function keepRunning(stack: Stack, signal: AbortSignal): Promise<void> {
  writeEndpoints(stack.endpoints);
  try {
    screen.write("\nEverything keeps running: Ctrl-C ends it.\n");
    await Promise.race([untilAborted(signal), stack.failed]);
  } finally {
    removeEndpoints();
  }
}
