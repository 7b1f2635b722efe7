// What the cost model is told by: each consuming function under a steady load on 3 and on 12 partitions, and on a backlog.
// Writes localstack/cost/measured.json. node test/bench/cost-inputs.ts [--note "what else the machine did"]      (npm run bench)

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { cpus, tmpdir, totalmem } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { parseArgs } from "node:util";
import { send } from "../../events/generate/send.ts";
import { measuredFile, type Run } from "../../localstack/cost/measured.ts";
import { startEventSource } from "../../localstack/event-source/event-source.ts";
import { functionOf, selectFunctions } from "../../localstack/event-source/template/function-definition.ts";
import { mappingsOf } from "../../localstack/event-source/template/mappings.ts";
import { readTemplate } from "../../localstack/event-source/template/template.ts";
import { createDatabases } from "../../localstack/services/databases.ts";
import { registerSchemas } from "../../localstack/services/schemas.ts";
import { startServices } from "../../localstack/services/services.ts";
import { createTables } from "../../localstack/services/tables.ts";
import { createTopics } from "../../localstack/services/topics.ts";
import { packageService } from "../../localstack/stack/package-service.ts";
import { type Measured, measured } from "./cost-traffic.ts";
import { countingDynamodb, type Units } from "./counting-dynamodb.ts";
import { type Meter, meteredPool } from "./metered.ts";

const RATE = 500;
const WARM_UP_SECONDS = 3;
const SECONDS = 12;
const BACKLOG = 100_000;
const QUIET_MS = 3_000;

const { values } = parseArgs({ options: { note: { type: "string", default: "nothing else ran beside it" } } });
const { templateFile, template: compiled } = await packageService();
const template = readTemplate(templateFile);

const runs = [...(await measureAll(3)), ...(await measureAll(12))];
const { model } = cpus()[0]!;
const memory = `${Math.round(totalmem() / 2 ** 30)} GB`;
const machine = `${cpus().length} × ${model}, ${memory}, Node ${process.version}; services and functions beside each other`;
const found = { at: new Date().toISOString(), machine, note: values.note, runs };
writeFileSync(measuredFile, `${JSON.stringify(found, null, 2)}\n`);
process.exit(0);

type Services = Awaited<ReturnType<typeof start>>;

function start() {
  return startServices({ want: ["kafka", "dynamodb", "postgres", "registry"], environment: {} });
}

async function measureAll(partitions: number): Promise<readonly Run[]> {
  const services = await start();
  const topics = compiled.Metadata?.KafkaTopics ?? {};
  // The rest is written to, for which three are enough.
  const read = measured.map(({ generator: { topic } }) => [topic, { ...topics[topic], partitions }] as const);
  await Promise.all([
    createTopics(services.kafkaBrokers, { ...topics, ...Object.fromEntries(read) }),
    createTables(services.dynamodbEndpoint, compiled.Resources),
    createDatabases(services.databaseUrl),
    registerSchemas(services.schemaRegistryUrl),
  ]);
  const found: Run[] = [];
  for (const one of measured) found.push(...(await measure(one, services, partitions)));
  await services.stop();
  return found;
}

async function measure(one: Measured, services: Services, partitions: number): Promise<readonly Run[]> {
  const folder = mkdtempSync(join(tmpdir(), "bench-cost-"));
  const [consuming, emitting] = await Promise.all([0, 1].map(() => countingDynamodb(services.dynamodbEndpoint)));
  const environment = {
    KAFKA_BROKERS: services.kafkaBrokers,
    DATABASE_URL: services.databaseUrl,
    SCHEMA_REGISTRY_URL: services.schemaRegistryUrl,
    EMIT_SECONDS: "80",
    CHARTS_FOLDER: folder,
  };
  const named = (key: string, dynamodb: string) => {
    const [id = ""] = selectFunctions(template, [key]);
    return functionOf(template, id, { ...environment, AWS_ENDPOINT_URL_DYNAMODB: dynamodb });
  };
  const consumer = named(one.consumer, consuming!.url);
  const emitter = one.emitter === undefined ? undefined : named(one.emitter, emitting!.url);
  const pool = meteredPool(emitter === undefined ? [consumer] : [consumer, emitter], folder);
  const mappings = mappingsOf(template, { functions: [consumer.logicalId], access: "none" });
  const brokers = services.kafkaBrokers.split(",");
  const to = { brokers, schemaRegistryUrl: services.schemaRegistryUrl };
  const source = () =>
    startEventSource({ mappings, functions: [consumer], brokers, invoker: pool.invoker, localFolder: folder });
  const look = (): Look => ({
    at: performance.now(),
    consumer: pool.read(consumer.name),
    consumed: consuming!.units(),
    ...(emitter === undefined ? {} : { emitter: pool.read(emitter.name), emitted: emitting!.units() }),
  });
  const runOf = (load: Run["load"], before: Look, after: Look) =>
    runsBetween(before, after, { one, load, partitions, recordsPerSecond: load === "steady" ? RATE : 0 });

  // It serves until it is stopped; that it then fails is of no interest.
  if (emitter !== undefined) {
    pool.invoker.invoke({ functionName: emitter.name, payload: Buffer.from("{}") }).catch(() => undefined);
  }
  const paced = await source();
  // What another function's traffic has left on the topic is none of this load.
  for (let before = -1, now = 0; now > before; now = pool.read(consumer.name).allRecords) {
    before = now;
    await wait(QUIET_MS);
  }
  const plan = { seed: 1, start: Date.now() + 1000, rate: RATE, latePercent: 0, badPercent: 0 };
  const sending = send(
    one.generator,
    { ...plan, count: RATE * (WARM_UP_SECONDS + SECONDS) },
    { ...to, paceFrom: plan.start },
  );
  await wait(1000 + WARM_UP_SECONDS * 1000);
  const warm = look();
  await wait((SECONDS - 1) * 1000);
  const found = [...runOf("steady", warm, look())];
  await sending;
  await wait(2000);
  await paced.stop();

  if (partitions === 3) {
    await send(one.generator, { ...plan, start: Date.now(), rate: BACKLOG / 5, count: BACKLOG }, to);
    const full = look();
    const catching = await source();
    while (pool.read(consumer.name).allRecords - full.consumer.allRecords < BACKLOG) await wait(50);
    found.push(...runOf("backlog", full, look()).filter((run) => run.function === one.consumer));
    await catching.stop();
  }
  await pool.stop();
  for (const meter of [consuming, emitting]) meter!.stop();
  rmSync(folder, { recursive: true, force: true });
  console.log(found.map(describe).join("\n"));
  return found;
}

interface Look {
  readonly at: number;
  readonly consumer: Meter;
  readonly consumed: Units;
  readonly emitter?: Meter;
  readonly emitted?: Units;
}

interface Facts {
  readonly one: Measured;
  readonly load: Run["load"];
  readonly partitions: number;
  readonly recordsPerSecond: number;
}

function runsBetween(before: Look, after: Look, { one, ...facts }: Facts): readonly Run[] {
  const seconds = round((after.at - before.at) / 1000);
  const run = (name: string, meters: readonly [Meter, Meter], units: readonly [Units, Units]): Run => {
    const [was, is] = meters;
    return {
      function: name,
      ...facts,
      seconds,
      invocations: is.invocations - was.invocations,
      shares: is.shares - was.shares,
      records: is.records - was.records,
      eventBytes: is.eventBytes - was.eventBytes,
      cpuMs: round(is.cpuMs - was.cpuMs),
      fastestMs: round(is.invocations === was.invocations ? 0 : Math.min(...is.took.slice(was.took.length))),
      logBytes: is.logBytes - was.logBytes,
      writeUnits: round(units[1].writes - units[0].writes),
      readUnits: round(units[1].reads - units[0].reads),
      coldMs: round(is.coldMs),
    };
  };
  const found = [run(one.consumer, [before.consumer, after.consumer], [before.consumed, after.consumed])];
  if (one.emitter && before.emitter && after.emitter && before.emitted && after.emitted) {
    // Which pipeline's windows it served: two pipelines' emitters are one function.
    const name = `${one.emitter} for ${one.consumer}`;
    found.push(run(name, [before.emitter, after.emitter], [before.emitted, after.emitted]));
  }
  return found;
}

function describe({
  function: name,
  load,
  partitions,
  invocations,
  shares,
  records,
  cpuMs,
  fastestMs,
  seconds,
  ...rest
}: Run) {
  const each =
    invocations === 0
      ? ""
      : `, ${(cpuMs / invocations).toFixed(1)} ms of CPU (the fastest took ${fastestMs} ms) and ${Math.round(records / invocations)} records each`;
  return `${name}, ${load} on ${partitions}: ${invocations} invocations in ${seconds} s${each}; ${shares} shares, ${rest.writeUnits} write units, ${rest.readUnits} read units`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
