// A month's bill of a pipeline, by service, and what Managed Flink would bill for the same records. Pure.

import { coefficientsOf, emitterCoefficientsOf, type Line } from "./coefficients.ts";
import type { Run } from "./measured.ts";
import type { PricedPipeline } from "./pipelines.ts";
import { HOURS_A_MONTH, prices, SECONDS_A_MONTH } from "./prices.ts";
import { type Load, type MappingFacts, type Workload, workloadOf } from "./workload.ts";

/** What the template says of a pipeline's functions, by their keys in serverless.yml. */
export interface Deployed {
  memoryMb(functionName: string): number;
  mapping(functionName: string): MappingFacts;
}

export interface Item {
  readonly service: "Lambda" | "Pollers" | "DynamoDB" | "Logs";
  readonly what: string;
  readonly units: number;
  readonly unit: string;
  readonly usd: number;
}

export interface Bill {
  readonly items: readonly Item[];
  readonly usd: number;
  /** The consuming functions' work, in the pipeline's order. */
  readonly workloads: readonly Workload[];
}

export interface Around {
  readonly deployed: Deployed;
  readonly runs: readonly Run[];
}

/** An environment is taken to live so long. */
const ENVIRONMENT_HOURS = 1;
/** EventBridge starts an emitter a minute; two overlap while one takes over, which is a second. */
const EMITTER_STARTS_A_MONTH = HOURS_A_MONTH * 60;
const EMITTER_SECONDS_EACH = 61;

export function billOf(pipeline: PricedPipeline, load: Load, around: Around): Bill {
  const consumed = pipeline.consumers.map((consumer) => consumerUsage(consumer, load, around));
  const usage = total([...consumed.map(({ usage }) => usage), emitterUsage(pipeline, load, around)]);
  const items = itemsOf(usage);
  return { items, usd: items.reduce((sum, { usd }) => sum + usd, 0), workloads: consumed.map(({ work }) => work) };
}

/** Of a month. */
interface Usage {
  readonly requests: number;
  readonly gbSeconds: number;
  readonly unitHours: number;
  readonly writeUnits: number;
  readonly readUnits: number;
  readonly logGigabytes: number;
}

function consumerUsage(
  consumer: PricedPipeline["consumers"][number],
  load: Load,
  { deployed, runs }: Around,
): { readonly work: Workload; readonly usage: Usage } {
  const takes = coefficientsOf(consumer.measuredAs, runs);
  const part = { ...load, recordsPerSecond: load.recordsPerSecond * consumer.part };
  const work = workloadOf(deployed.mapping(consumer.function), part, takes);
  const gigabytes = deployed.memoryMb(consumer.function) / 1024;
  const environments = Math.max(1, Math.ceil(work.concurrency));
  const coldSeconds = (environments * (HOURS_A_MONTH / ENVIRONMENT_HOURS) * takes.coldMs) / 1000;
  const requests = work.invocations * SECONDS_A_MONTH;
  const shares = work.shares * SECONDS_A_MONTH;
  return {
    work,
    usage: {
      requests,
      gbSeconds: gigabytes * ((requests * Math.ceil(work.msEach)) / 1000 + coldSeconds),
      unitHours: work.eventPollerUnits * HOURS_A_MONTH,
      writeUnits: shares * takes.shareWriteUnits,
      readUnits: shares * takes.shareReadUnits,
      logGigabytes: (requests * takes.batchLogBytes + shares * takes.shareLogBytes) / 1e9,
    },
  };
}

function emitterUsage({ emitter }: PricedPipeline, { partitions }: Load, { deployed, runs }: Around): Usage {
  if (emitter === undefined) return nothing;
  const takes = emitterCoefficientsOf(emitter.measuredAs, runs);
  const inAMonth = ({ fixed, perPartition }: Line) => (fixed + perPartition * partitions) * SECONDS_A_MONTH;
  return {
    requests: EMITTER_STARTS_A_MONTH,
    gbSeconds: (deployed.memoryMb(emitter.function) / 1024) * EMITTER_STARTS_A_MONTH * EMITTER_SECONDS_EACH,
    unitHours: 0,
    writeUnits: inAMonth(takes.writeUnits),
    readUnits: inAMonth(takes.readUnits),
    logGigabytes: inAMonth(takes.logBytes) / 1e9,
  };
}

const nothing: Usage = { requests: 0, gbSeconds: 0, unitHours: 0, writeUnits: 0, readUnits: 0, logGigabytes: 0 };

function total(usages: readonly Usage[]): Usage {
  const sum = (of: (usage: Usage) => number) => usages.reduce((all, usage) => all + of(usage), 0);
  return {
    requests: sum(({ requests }) => requests),
    gbSeconds: sum(({ gbSeconds }) => gbSeconds),
    unitHours: sum(({ unitHours }) => unitHours),
    writeUnits: sum(({ writeUnits }) => writeUnits),
    readUnits: sum(({ readUnits }) => readUnits),
    logGigabytes: sum(({ logGigabytes }) => logGigabytes),
  };
}

function itemsOf(usage: Usage): readonly Item[] {
  const item = (
    service: Item["service"],
    what: string,
    [units, unit]: readonly [number, string],
    usd: number,
  ): Item => ({
    service,
    what,
    units,
    unit,
    usd: units * usd,
  });
  const { requests, gbSeconds, unitHours, writeUnits, readUnits, logGigabytes } = usage;
  return [
    item("Lambda", "requests", [requests, "requests"], prices.lambdaRequest.usd),
    item("Lambda", "duration, Arm", [gbSeconds, "GB-s"], prices.lambdaArmGbSecond.usd),
    item("Pollers", "provisioned, ungrouped", [unitHours, "EPU-hours"], prices.eventPollerUnitHour.usd),
    item("DynamoDB", "writes, on demand", [writeUnits, "WRU"], prices.dynamodbWriteUnit.usd),
    item("DynamoDB", "reads, on demand", [readUnits, "RRU"], prices.dynamodbReadUnit.usd),
    item("Logs", "taken in by CloudWatch", [logGigabytes, "GB"], prices.logGigabyte.usd),
  ];
}

export interface FlinkBill {
  readonly kpus: number;
  readonly usd: number;
}

/** Every KPU has 50 GB of storage, and each application one more KPU that only leads the others. */
const STORAGE_GB_PER_KPU = 50;
const LEADING_KPUS = 1;

export function flinkBillOf({ flink }: PricedPipeline, recordsPerSecond: number): FlinkBill {
  const working = Math.max(1, Math.ceil(recordsPerSecond / flink.recordsPerSecondPerKpu));
  const kpus = working + LEADING_KPUS;
  const storage = working * STORAGE_GB_PER_KPU * prices.flinkStorageGbMonth.usd;
  return { kpus, usd: kpus * HOURS_A_MONTH * prices.flinkKpuHour.usd + storage };
}
