// How long a window's result takes from the watermark that passed its end to the output topic, at a steady rate.
// node test/bench/latency.ts [--rate 1000] [--seconds 60]      (npm run bench)

import { parseArgs } from "node:util";
import { send } from "../../events/generate/send.ts";
import { transactions } from "../../events/generate/transactions.ts";
import { startReader } from "../../localstack/demo/reader.ts";
import { startBenchStack } from "./bench-stack.ts";

const { values } = parseArgs({
  options: { rate: { type: "string", default: "1000" }, seconds: { type: "string", default: "60" } },
});
const rate = Number(values.rate);
const count = rate * Number(values.seconds);

const stack = await startBenchStack();
await stack.startEventSource(["aggregateTransactions", "emitWindows"]);
const reader = await startReader(stack.brokers, ["transactions_aggregate"]);
const plan = { seed: 1, start: Date.now() + 2000, count, rate, latePercent: 0, badPercent: 0 };
await send(transactions, plan, { brokers: stack.brokers.split(","), paceFrom: plan.start });
await new Promise((resolve) => setTimeout(resolve, 6000)); // the last windows close by the clock
const results = reader.of("transactions_aggregate").filter(({ headers }) => headers.revision === "1");
// The first windows meet a cold function; they are users' too, but said apart.
const delays = results.map(({ receivedAt, headers }) => receivedAt - Number(headers.due_at));
const warm = delays.slice(3).sort((a, b) => a - b);
console.log(
  `\n${results.length} windows at ${rate.toLocaleString("en")} records/s, from watermark to a reader of the result:`,
);
console.log(
  `  p50 ${percentile(warm, 50)} ms   p99 ${percentile(warm, 99)} ms   most ${warm.at(-1)} ms   the first three ${delays.slice(0, 3).join(", ")} ms`,
);
await reader.stop();
await stack.stop();
process.exit(0);

function percentile(sorted: readonly number[], percent: number): number {
  return sorted[Math.min(sorted.length - 1, Math.ceil((sorted.length * percent) / 100) - 1)] ?? Number.NaN;
}
