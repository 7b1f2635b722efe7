// An invoker with a stopwatch: what functions took, batch by batch, and what they logged meanwhile.

import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import type { KafkaEvent } from "../../lib/kafka/event.ts";
import { startPool } from "../../localstack/event-source/functions/pool.ts";
import type { Invoker } from "../../localstack/event-source/invoke.ts";
import type { FunctionDefinition } from "../../localstack/event-source/template/function-definition.ts";

export interface Meter {
  readonly invocations: number;
  readonly shares: number;
  readonly records: number;
  /** With those that went to cold environments. */
  readonly allRecords: number;
  readonly eventBytes: number;
  /** What each warm invocation took. */
  readonly took: readonly number[];
  readonly coldMs: number;
  /** Of all its environments. */
  readonly cpuMs: number;
  readonly logBytes: number;
}

export interface MeteredPool {
  readonly invoker: Invoker;
  /** Of one function, since its start. */
  read(functionName: string): Meter;
  stop(): Promise<void>;
}

export function meteredPool(functions: readonly FunctionDefinition[], localFolder: string): MeteredPool {
  const logsFolder = join(localFolder, "logs");
  const pool = startPool({ functions, region: "us-east-1", localFolder, logsFolder });
  const meters = new Map<string, Counted>();
  const environments = (name: string) => pool.environments().filter(({ functionName }) => functionName === name).length;
  const meterOf = (name: string) => {
    const meter = meters.get(name) ?? newMeter();
    meters.set(name, meter);
    return meter;
  };
  return {
    invoker: {
      async invoke(request) {
        const before = environments(request.functionName);
        const invoking = pool.invoke(request);
        const isCold = environments(request.functionName) > before;
        const result = await invoking;
        if (result.kind !== "success") throw new Error(`${request.functionName} failed: ${JSON.stringify(result)}`);
        const meter = meterOf(request.functionName);
        const { records = {} }: Partial<KafkaEvent> = JSON.parse(request.payload.toString("latin1"));
        const count = Object.values(records).reduce((sum, share) => sum + share.length, 0);
        meter.allRecords += count;
        if (isCold) meter.coldMs = Math.max(meter.coldMs, result.durationMs);
        else {
          meter.invocations += 1;
          meter.shares += Object.keys(records).length;
          meter.records += count;
          meter.eventBytes += request.payload.length;
          meter.took.push(result.durationMs);
        }
        return result;
      },
      stop: () => pool.stop(),
    },
    read: (name) => ({
      ...meterOf(name),
      took: [...meterOf(name).took],
      cpuMs: pool
        .environments()
        .filter(({ functionName }) => functionName === name)
        .reduce((sum, { pid }) => sum + cpuMsOf(pid), 0),
      logBytes: statSync(join(logsFolder, `${name}.log`)).size,
    }),
    stop: () => pool.stop(),
  };
}

const MS_PER_TICK = 10;

/** From /proc: Linux only. */
function cpuMsOf(pid: number | undefined): number {
  if (!existsSync(`/proc/${pid}/stat`)) return 0; // it ended while it was looked at
  const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * MS_PER_TICK;
}

type Counted = { -readonly [Name in keyof Omit<Meter, "took" | "cpuMs">]: Meter[Name] } & { readonly took: number[] };

function newMeter(): Counted {
  return { invocations: 0, shares: 0, records: 0, allRecords: 0, eventBytes: 0, took: [], coldMs: 0, logBytes: 0 };
}
