// How a case of the conformance suite is declared: what AWS's event source for Kafka does, who says so and how surely, and whether
// this one does it. The table in localstack/event-source/README.md is made of these declarations.
import { test } from "vitest";
import { stopAll } from "../localstack/event-source/running.ts";

/**
 * How certain it is: documented by AWS, in AWS's machine-readable model, observed on real AWS and recorded, seen by users of real AWS,
 * in the source of the framework that makes the template, from AWS's page but not read word for word again, inferred, not documented.
 */
export type Grade = "D" | "M" | "V" | "R" | "S" | "U" | "I" | "ND";

export interface Behaviour {
  /** What AWS does, as a fact; the name of the test. */
  readonly behaviour: string;
  /** Pages of the Lambda Developer Guide by slug, issues and pull requests as `owner/name#1`, anything else in words. */
  readonly source: string | readonly string[];
  readonly grade: Grade | `${Grade}/${Grade}`;
  /** Yes when absent. */
  readonly emulated?: Emulated;
}

export type Emulated =
  /** AWS leaves it open: a switch chooses, the test shows every value. */
  | { readonly by: string }
  /** Refused at start, with these words. */
  | { readonly refused: string }
  /** Not carried out, for this reason. */
  | { readonly not: string };

let collected: Behaviour[] | undefined;

/** Declares a case: a test by the behaviour's name. What it starts is stopped after it. */
export function behaves(behaviour: Behaviour, proof: () => Promise<void> | void): void {
  if (collected !== undefined) {
    collected.push(behaviour);
    return;
  }
  test(behaviour.behaviour, async () => {
    try {
      await proof();
    } finally {
      await stopAll();
    }
  });
}

/** Declares what AWS does and this event source does not: a row of the table without a test. */
export function lacks(behaviour: Behaviour & { readonly emulated: { readonly not: string } }): void {
  collected?.push(behaviour);
}

/** What a group's file declares, without running any of it. */
export async function behavioursOf(load: () => Promise<unknown>): Promise<readonly Behaviour[]> {
  const found: Behaviour[] = [];
  collected = found;
  try {
    await load();
  } finally {
    collected = undefined;
  }
  return found;
}
