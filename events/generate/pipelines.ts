// The generators there are: one file each, and its line here.
import { commerce } from "./commerce.ts";
import type { TrafficGenerator } from "./generator.ts";
import { logins } from "./logins.ts";
import { rides } from "./rides.ts";
import { trades } from "./trades.ts";
import { transactions } from "./transactions.ts";

export const generators = { rides, transactions, logins, trades, commerce } as const;

export type PipelineName = keyof typeof generators;

/** The generator of a pipeline, if there is one. */
export function generatorOf(pipeline: string): TrafficGenerator | undefined {
  const known: Readonly<Record<string, TrafficGenerator>> = generators;
  return Object.hasOwn(known, pipeline) ? known[pipeline] : undefined;
}
