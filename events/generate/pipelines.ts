// The generators there are: one file each, and its line here.
import type { TrafficGenerator } from "./generator.ts";
import { rides } from "./rides.ts";
import { transactions } from "./transactions.ts";

export const generators = { rides, transactions } as const;

export type PipelineName = keyof typeof generators;

/** The generator of a pipeline; an unknown name is answered with the known ones. */
export function generatorOf(pipeline: string): TrafficGenerator {
  const known: Readonly<Record<string, TrafficGenerator>> = generators;
  const generator = Object.hasOwn(known, pipeline) ? known[pipeline] : undefined;
  if (generator) return generator;
  throw new Error(`There is no generator for '${pipeline}'. There is one for: ${Object.keys(known).join(", ")}.`);
}
