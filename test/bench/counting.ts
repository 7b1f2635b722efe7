// The event source by itself: a backlog through a handler that only counts. How fast, at what cost, and where its time goes.
// node test/bench/counting.ts [--count 1000000] [--profile]      (npm run bench)

import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { Kafka, logLevel } from "kafkajs";
import { startServices } from "../../localstack/services/services.ts";
import { createTopics } from "../../localstack/services/topics.ts";
import { kafkaMapping, writeFixture } from "../localstack/event-source/fixture.ts";
import { startKillable } from "../support/event-source-process.ts";
import { watchProcesses } from "./processes.ts";
import { type CpuProfile, hotspots } from "./profile.ts";

const TOPIC = "counted";
const GROUP = "counting";
const VALUE_BYTES = 280;
const PER_SEND = 5_000;

const { values } = parseArgs({
  options: { count: { type: "string", default: "1000000" }, profile: { type: "boolean", default: false } },
});
const count = Number(values.count);

const services = await startServices({ want: ["kafka"], tuning: "fast-start", kafkaHeapMb: 1024, environment: {} });
const brokers = services.kafkaBrokers;
const kafka = new Kafka({ brokers: brokers.split(","), logLevel: logLevel.NOTHING });
await createTopics(brokers, { [TOPIC]: { partitions: 3 } });
await fill();

const { template, folder } = writeFixture({
  functions: {
    count: {
      source: `let records = 0;
        exports.handler = async (event) => { for (const key in event.records) records += event.records[key].length; };`,
      memoryMb: 1024,
    },
  },
  resources: {
    M: kafkaMapping("count", TOPIC, {
      BatchSize: 10_000,
      SelfManagedKafkaEventSourceConfig: { ConsumerGroupId: GROUP },
    }),
  },
});
const profiles = mkdtempSync(join(tmpdir(), "profile-"));
const costs = watchProcesses();
const source = await startKillable(
  ["--template", template, "--brokers", brokers, "--local-folder", folder],
  values.profile ? ["--cpu-prof", `--cpu-prof-dir=${profiles}`] : [],
);
const began = performance.now();
await untilCommitted();
const seconds = (performance.now() - began) / 1000;
const spent = costs.stop();
await source.kill("SIGTERM");
await services.stop();

console.log(`\ncounting: ${count.toLocaleString("en")} records of 300 bytes from a backlog in ${seconds.toFixed(1)} s`);
console.log(`  ${Math.round(count / seconds).toLocaleString("en")} records/s`);
for (const [role, { cpuSeconds, peakMb }] of spent) {
  const micros = ((cpuSeconds / count) * 1e6).toFixed(1);
  console.log(
    `  ${role.padEnd(14)} ${micros.padStart(6)} µs of CPU a record  ${peakMb.toFixed(0).padStart(6)} MB peak`,
  );
}
if (values.profile) {
  const [file = ""] = readdirSync(profiles);
  console.log("  where the event source's time goes:");
  for (const { name, share } of hotspots(JSON.parse(readFileSync(join(profiles, file), "utf8")) as CpuProfile)) {
    console.log(`    ${(share * 100).toFixed(1).padStart(5)} %  ${name}`);
  }
}
rmSync(profiles, { recursive: true, force: true });
rmSync(folder, { recursive: true, force: true });
process.exit(0);

/** Keys and values make 300 bytes a record; acknowledged before the clock starts. */
async function fill(): Promise<void> {
  const producer = kafka.producer({ idempotent: true });
  await producer.connect();
  const value = Buffer.alloc(VALUE_BYTES, "x");
  for (let sent = 0; sent < count; sent += PER_SEND) {
    const messages = Array.from({ length: Math.min(PER_SEND, count - sent) }, (_, i) => ({
      key: String(sent + i).padStart(20, "0"),
      value,
      partition: (sent + i) % 3,
    }));
    await producer.send({ topic: TOPIC, messages });
  }
  await producer.disconnect();
}

async function untilCommitted(): Promise<void> {
  const admin = kafka.admin();
  await admin.connect();
  try {
    for (;;) {
      const [offsets] = await admin.fetchOffsets({ groupId: GROUP, topics: [TOPIC] });
      const done = (offsets?.partitions ?? []).reduce((sum, { offset }) => sum + Math.max(0, Number(offset)), 0);
      if (done >= count) return;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  } finally {
    await admin.disconnect();
  }
}
