// Where a process spent its time, from the profile that Node writes with --cpu-prof. Pure.
// https://chromedevtools.github.io/devtools-protocol/v8/Profiler/#type-Profile

export interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
  }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

export interface Hotspot {
  /** Function and file. */
  readonly name: string;
  /** Of the time that was not idle, without what it called. */
  readonly share: number;
}

/** The functions with the most time of their own. */
export function hotspots({ nodes, samples, timeDeltas }: CpuProfile, most = 15): readonly Hotspot[] {
  const names = new Map(nodes.map(({ id, callFrame }) => [id, nameOf(callFrame)]));
  const micros = new Map<string, number>();
  for (const [index, id] of samples.entries()) {
    const name = names.get(id) ?? "?";
    if (name !== "(idle)") micros.set(name, (micros.get(name) ?? 0) + (timeDeltas[index] ?? 0));
  }
  const total = [...micros.values()].reduce((sum, time) => sum + time, 0);
  const sorted = [...micros].sort((a, b) => b[1] - a[1]).slice(0, most);
  return sorted.map(([name, time]) => ({ name, share: time / total }));
}

function nameOf({ functionName, url, lineNumber }: CpuProfile["nodes"][number]["callFrame"]): string {
  const file = url.split("/").slice(-2).join("/");
  return file === "" ? functionName : `${functionName || "(anonymous)"}  ${file}:${lineNumber + 1}`;
}
