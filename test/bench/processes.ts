// What the processes below this one cost: CPU seconds and peak memory by role, read from /proc. Linux only.

import { readdirSync, readFileSync } from "node:fs";

export interface Cost {
  readonly cpuSeconds: number;
  /** Sum of the processes' peaks, MB. */
  readonly peakMb: number;
}

const roles: readonly (readonly [RegExp, string])[] = [
  [/kafka\.Kafka|kafka-\d/, "broker"],
  [/DynamoDBLocal/, "dynamodb"],
  [/event-source\/main\.ts/, "event source"],
  [/functions\/runtime/, "functions"],
];

const TICKS_PER_SECOND = 100;

/** Watches until it is stopped; what it answers is since it was started. */
export function watchProcesses(): { stop(): ReadonlyMap<string, Cost> } {
  const first = new Map<number, number>();
  const latest = new Map<number, { role: string; ticks: number; peakKb: number }>();
  const look = () => {
    for (const [pid, { role, ticks, peakKb }] of descendants()) {
      if (!first.has(pid)) first.set(pid, latest.size === 0 || startedBefore.has(pid) ? ticks : 0);
      latest.set(pid, { role, ticks, peakKb });
    }
  };
  const startedBefore = new Set(descendants().keys());
  look();
  const timer = setInterval(look, 200);
  return {
    stop() {
      clearInterval(timer);
      look();
      const costs = new Map<string, { cpuSeconds: number; peakMb: number }>();
      for (const [pid, { role, ticks, peakKb }] of latest) {
        const cost = costs.get(role) ?? { cpuSeconds: 0, peakMb: 0 };
        cost.cpuSeconds += (ticks - (first.get(pid) ?? 0)) / TICKS_PER_SECOND;
        cost.peakMb += peakKb / 1024;
        costs.set(role, cost);
      }
      return costs;
    },
  };
}

function descendants(): Map<number, { role: string; ticks: number; peakKb: number }> {
  const found = new Map<number, { parent: number; role: string; ticks: number; peakKb: number }>();
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const stat = readFileSync(`/proc/${name}/stat`, "latin1");
      const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      const command = readFileSync(`/proc/${name}/cmdline`, "latin1").replaceAll("\0", " ");
      const peak = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${name}/status`, "latin1"));
      found.set(Number(name), {
        parent: Number(fields[1]),
        role: roles.find(([pattern]) => pattern.test(command))?.[1] ?? "other",
        ticks: Number(fields[11]) + Number(fields[12]),
        peakKb: Number(peak?.[1] ?? 0),
      });
    } catch {
      // it ended while it was looked at
    }
  }
  const isOurs = (pid: number): boolean =>
    pid === process.pid || (found.has(pid) && isOurs(found.get(pid)?.parent ?? 0));
  return new Map([...found].filter(([pid]) => pid !== process.pid && isOurs(pid)));
}
