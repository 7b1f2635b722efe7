// What a record costs the consuming function, stage by stage, in CPU time: `node test/bench/consume.ts`.
// With KAFKA_BROKERS set it also runs the whole rides handler against that broker, which is what the produce path costs on top.
import { randomUUID } from "node:crypto";
import { compile } from "zod";
import { enrich, microseconds } from "../../functions/rides/enrich.ts";
import { type EnrichedRide, RawRide } from "../../functions/rides/schema.ts";
import { openConnection } from "../../lib/kafka/client.ts";
import { consume } from "../../lib/kafka/consume.ts";
import { decoder, Refusal } from "../../lib/kafka/decode.ts";
import type { WireRecord } from "../../lib/kafka/event.ts";
import { partitionOfKey } from "../../lib/kafka/partitioner.ts";
import { transactionalOutput } from "../../lib/kafka/produce.ts";
import type { SideOutput } from "../../lib/kafka/side-output.ts";
import { createTopics } from "../../localstack/services/topics.ts";
import { rawRide } from "../functions/rides/ride.ts";
import { kafkaEvent, wireRecord } from "../support/kafka-event.ts";

const count = 10_000;
const rounds = Number(process.env.ROUNDS ?? 30);
const topic = "input-raw-rides";

const records = Array.from({ length: count }, (_, i) => {
  const ride = rawRide({ user_id: i, id: randomUUID(), price: i / 7, distance: (i % 500) / 100 });
  return wireRecord({ topic, partition: i % 3 }, { offset: i, value: ride, key: ride.id });
});
const print = process.stdout.write.bind(process.stdout);
const context = { brlPerUsd: 5.42, processingTime: microseconds(Date.now()) };
const nowhere: SideOutput = { topic: "none", publish: async () => undefined, refresh: async () => undefined };

/** CPU microseconds a record, of the best half of the rounds: the rest shares its core with others. */
async function cost(work: () => unknown): Promise<number> {
  for (let i = 0; i < 5; i++) await work();
  const costs: number[] = [];
  for (let i = 0; i < rounds; i++) {
    const before = process.cpuUsage();
    await work();
    const { user, system } = process.cpuUsage(before);
    costs.push((user + system) / count);
  }
  const best = costs.sort((a, b) => a - b).slice(0, Math.ceil(rounds / 2));
  return best.reduce((sum, one) => sum + one, 0) / best.length;
}

const texts = records.map(({ value }) => Buffer.from(value!, "base64").toString());
const parsed = texts.map((text) => JSON.parse(text));
const schema = compile(RawRide);
const decode = decoder(RawRide);
const rides = records.map(decode).filter((ride): ride is RawRide => !(ride instanceof Refusal));
const enriched = rides.map((ride) => enrich(ride, context));
const scratch = Buffer.alloc(65_536);

await report("base64 and UTF-8", () => {
  for (const { value } of records) scratch.toString("utf8", 0, scratch.write(value!, "base64"));
});
await report("JSON", () => texts.map((text) => JSON.parse(text)));
await report("schema", () => parsed.map((value) => schema.safeParse(value)));
await report("decode, all of that", () => records.map(decode));
await report("enrich", () => rides.map((ride) => enrich(ride, context)));
await report("JSON of the output", () => enriched.map((ride) => JSON.stringify(ride)));
await report("partition of the key", () => rides.map((ride) => partitionOfKey(ride.id, 3)));

const event = eventOf(records);
const handler = consume({ input: RawRide, poison: nowhere, process: async () => undefined });
await report("consume, without output", () => silently(() => handler(event)));

const brokers = process.env.KAFKA_BROKERS;
if (brokers !== undefined) {
  const output = `bench-${randomUUID().slice(0, 8)}`;
  await createTopics(brokers, { [topic]: {}, [output]: {} });
  const connection = openConnection({ brokers: brokers.split(","), owner: output });
  const out = transactionalOutput<RawRide, EnrichedRide>({ topic: output, key: (ride) => ride.id, connection });
  const whole = consume({
    input: RawRide,
    poison: nowhere,
    process: (batch) => out.publish(batch, ({ value }) => enrich(value, context)),
  });
  let next = 0;
  const began = performance.now();
  await report("the whole rides function", () => {
    const from = next;
    next += count;
    return silently(() => whole(eventOf(records.map((record) => ({ ...record, offset: record.offset + from })))));
  });
  print(`${Math.round((next / (performance.now() - began)) * 1_000)} rides/s through one instance\n`);
  await connection.close();
}

function eventOf(records: readonly WireRecord[]) {
  return kafkaEvent(...[0, 1, 2].map((partition) => records.filter((record) => record.partition === partition)));
}

async function silently(work: () => Promise<unknown>): Promise<void> {
  process.stdout.write = () => true;
  try {
    await work();
  } finally {
    process.stdout.write = print;
  }
}

async function report(stage: string, work: () => unknown): Promise<void> {
  const microsecondsEach = await cost(work);
  print(`${stage.padEnd(28)}${microsecondsEach.toFixed(2).padStart(7)} µs a record\n`);
}
