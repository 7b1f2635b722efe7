// Where given-up records go: a queue, topic or bucket of AWS or of what stands for it here, one message a discarded batch.
// https://docs.aws.amazon.com/lambda/latest/dg/kafka-on-failure.html
import type { Discard } from "../deliver.ts";
import { type EventPart, eventHead } from "../wire.ts";
import type { FailureDestination } from "./failure-destination.ts";
import type { FailureRecordContext } from "./failure-record.ts";

/** A discarded batch on its way to AWS. */
export interface DiscardedBatch {
  readonly discard: Discard;
  /** What an event of these records is made of. */
  readonly head: string;
  readonly parts: readonly EventPart[];
}

/** What is particular to a service. Calls end when the signal aborts. */
export interface AwsTarget {
  /** What it is called in messages: `queue`. */
  readonly noun: string;
  /** Rejects when it can't be written to; `isMissing` tells whether because it isn't there. */
  find(signal: AbortSignal): Promise<void>;
  isMissing(error: unknown): boolean;
  put(batch: DiscardedBatch, signal: AbortSignal): Promise<void>;
  destroy(): void;
}

/** How long a call may take with all its attempts. */
export interface TimeLimits {
  /** At start: long enough for what answers at all. */
  readonly foundWithinMs: number;
  /** Less than a partition is waited for in a rebalance. */
  readonly deliveredWithinMs: number;
}

/** The usual limits, or others where more patience is asked for. */
export function limitsFor(patienceMs: number | undefined): TimeLimits {
  return { foundWithinMs: patienceMs ?? 5_000, deliveredWithinMs: patienceMs ?? 15_000 };
}

export function awsDestination(
  target: AwsTarget,
  { source }: FailureRecordContext,
  { foundWithinMs, deliveredWithinMs }: TimeLimits,
): FailureDestination {
  const head = eventHead(source);
  return {
    async whyNot() {
      try {
        await target.find(AbortSignal.timeout(foundWithinMs));
        return undefined;
      } catch (error) {
        if (target.isMissing(error)) return `the failure destination's ${target.noun} does not exist`;
        return `the failure destination's ${target.noun} can't be reached (${String(error)})`;
      }
    },
    async deliver(discard, textOf) {
      const parts = discard.portions.map(({ key, records }) => ({ text: textOf(key), records }));
      await target.put({ discard, head, parts }, AbortSignal.timeout(deliveredWithinMs));
    },
    stop: async () => target.destroy(),
  };
}

/** Region, account and name that an ARN holds: `arn:aws:sqs:us-east-1:123456789012:failed`. */
export function arnParts(arn: string): { readonly region: string; readonly account: string; readonly name: string } {
  const [, , , region = "", account = "", ...rest] = arn.split(":");
  return { region, account, name: rest.join(":") };
}
