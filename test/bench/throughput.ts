// How fast a backlog is worked off, end to end: a topic is filled first, then the event source and the functions start on it.
// node test/bench/throughput.ts [rides|transactions] [--count 1000000]      (npm run bench)

import { parseArgs } from "node:util";
import { Kafka, logLevel } from "kafkajs";
import type { TrafficGenerator } from "../../events/generate/generator.ts";
import { generatorOf } from "../../events/generate/pipelines.ts";
import { send } from "../../events/generate/send.ts";
import { startBenchStack } from "./bench-stack.ts";
import { watchProcesses } from "./processes.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { count: { type: "string", default: "1000000" } },
});
/** What runs beside the consuming function: a window's results are part of its work. */
const functionsOf: Readonly<Record<string, readonly string[]>> = {
  rides: ["enrichRides"],
  transactions: ["aggregateTransactions", "emitWindows"],
};
const count = Number(values.count);
const pipelines = positionals.length > 0 ? positionals : ["rides", "transactions"];

for (const pipeline of pipelines) await measure(pipeline);
process.exit(0);

async function measure(pipeline: string): Promise<void> {
  const generator: TrafficGenerator | undefined = generatorOf(pipeline);
  if (generator === undefined) throw new Error(`There is no pipeline '${pipeline}'`);
  const stack = await startBenchStack();
  const { brokers } = stack;
  const plan = { seed: 1, start: Date.now() - count, count, rate: 1000, latePercent: 0, badPercent: 0 };
  await send(generator, plan, { brokers: brokers.split(",") });

  const costs = watchProcesses();
  await stack.startEventSource(functionsOf[pipeline] ?? []);
  const began = performance.now();
  const { first, seconds } = await untilCommitted(brokers, generator.topic, began);
  const spent = costs.stop();
  await stack.stop();

  const total = [...spent.values()].reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0);
  console.log(`\n${pipeline}: ${count.toLocaleString("en")} records from a backlog in ${seconds.toFixed(1)} s`);
  console.log(
    `  ${Math.round(count / seconds).toLocaleString("en")} records/s, the first committed after ${first.toFixed(1)} s`,
  );
  console.log(`  ${((total / count) * 1e6).toFixed(1)} µs of CPU a record`);
  for (const [role, { cpuSeconds, peakMb }] of spent) {
    console.log(
      `  ${role.padEnd(14)} ${cpuSeconds.toFixed(1).padStart(6)} CPU s  ${peakMb.toFixed(0).padStart(6)} MB peak`,
    );
  }
}

/** Waits until the event source's group has committed the whole topic; seconds since `began`. */
async function untilCommitted(brokers: string, topic: string, began: number) {
  const admin = new Kafka({ brokers: brokers.split(","), logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  const ends = new Map((await admin.fetchTopicOffsets(topic)).map(({ partition, high }) => [partition, Number(high)]));
  let first = 0;
  try {
    for (;;) {
      const committed = await committedOffsets(admin, topic);
      const seconds = (performance.now() - began) / 1000;
      if (first === 0 && committed.size > 0) first = seconds;
      if ([...ends].every(([partition, end]) => (committed.get(partition) ?? 0) >= end)) return { first, seconds };
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  } finally {
    await admin.disconnect();
  }
}

/** The furthest commit of any group that reads the topic and is not a shadow of a function. */
async function committedOffsets(admin: ReturnType<Kafka["admin"]>, topic: string): Promise<Map<number, number>> {
  const { groups } = await admin.listGroups();
  const committed = new Map<number, number>();
  for (const { groupId, protocolType } of groups) {
    if (protocolType !== "consumer") continue;
    const [offsets] = await admin.fetchOffsets({ groupId, topics: [topic] });
    for (const { partition, offset } of offsets?.partitions ?? []) {
      if (Number(offset) >= 0) committed.set(partition, Math.max(committed.get(partition) ?? 0, Number(offset)));
    }
  }
  return committed;
}
