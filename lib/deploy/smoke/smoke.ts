// The smoke test of a stage: every function can be invoked and answers as it should, every Kafka mapping works and is what the template says.

import { mappingFaults } from "./mapping-faults.ts";
import { type Probe, probesOf } from "./probes.ts";
import type { Stage } from "./stage.ts";

export interface Check {
  /** What was looked at. */
  readonly name: string;
  /** Sentences; empty when nothing is wrong. */
  readonly faults: readonly string[];
}

export interface SmokeOptions {
  readonly isEmulated: boolean;
}

/** Of what a function that failed has logged last. */
const LINES_SHOWN = 5;

/** Everything is looked at, whatever is found: all at once, since an emitter answers only when its successor takes over. */
export async function smoke(stage: Stage, { isEmulated }: SmokeOptions): Promise<readonly Check[]> {
  const [template, ids] = await Promise.all([stage.template(), stage.resources()]);
  const mappings = Object.entries(template.Resources).filter(([, { Type }]) => /EventSourceMapping$/.test(Type));
  return Promise.all([
    ...mappings.map(([id, resource]) =>
      check(`mapping ${id}`, async () => mappingFaults(resource, await stage.mapping(idOf(ids, id)), { isEmulated })),
    ),
    ...probesOf(template).map((probe) =>
      check(`${probe.functionId} asked for ${probe.asks}`, () =>
        probeFaults(stage, idOf(ids, probe.functionId), probe),
      ),
    ),
  ]);
}

async function probeFaults(stage: Stage, functionName: string, probe: Probe): Promise<readonly string[]> {
  const trouble = await stage.trouble(functionName);
  if (trouble !== undefined) return [trouble];
  const answer = await stage.invoke(functionName, probe.event);
  if (answer.kind === "failed") return [`failed: ${answer.error}\n${tail(answer.lastLines)}`.trim()];
  return [probe.fault(answer.value) ?? []].flat();
}

function tail(lines: string): string {
  return lines.trimEnd().split("\n").slice(-LINES_SHOWN).join("\n");
}

function idOf(ids: ReadonlyMap<string, string>, logicalId: string): string {
  const id = ids.get(logicalId);
  if (id === undefined) throw new Error("is in the template and not in the stack: deploy again");
  return id;
}

async function check(name: string, look: () => Promise<readonly string[]>): Promise<Check> {
  try {
    return { name, faults: await look() };
  } catch (error) {
    return { name, faults: [error instanceof Error ? error.message : String(error)] };
  }
}
