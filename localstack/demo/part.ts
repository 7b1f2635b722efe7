// A pipeline's part in the demo, for pipelines that bring theirs whole: what is sent, when all of it has come out, what is checked and shown.
import type { Screen } from "../console/screen.ts";
import type { Endpoints } from "../endpoints.ts";
import type { Reader } from "./reader.ts";

/** So long after a pipeline's last sign of life nothing more is waited for: a busy machine takes its time to start environments. */
export const PATIENCE_MS = 60_000;

export interface PartOptions {
  readonly endpoints: Endpoints;
  readonly reader: Reader;
  /** How many records, and how many a second. */
  readonly count: number;
  readonly rate: number;
  readonly seed: number;
}

export type Check = readonly [what: string, differences: readonly string[]];

export interface DemoPart {
  /** Settles when all has been sent. */
  readonly sending: Promise<unknown>;
  /** Waits until everything has come out and nothing follows it, or patience ends. */
  drain(signal: AbortSignal): Promise<void>;
  /** Its row of the table of traffic: pipeline, sent, of, came out, what came out, dead letters, too late. */
  row(): string[];
  /** Lays what came out beside what was sent. */
  checks(): Promise<readonly Check[]>;
  /** Shows what came out. */
  print(screen: Screen): void;
}
