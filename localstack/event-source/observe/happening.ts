// What an event source mapping does, told as it happens by whoever does it, a batch at a time. Counters, system logs and the
// journal are made of nothing else.
import type { FaultKind } from "../faults.ts";
import type { InvokeResult } from "../invoke.ts";
import type { SourceRecord } from "../kafka/record-batch.ts";
import type { Condition, Decision, Portion } from "../settle.ts";

export type Observe = (happening: Happening) => void;

type Portions = readonly Portion<SourceRecord>[];

/** A poller as the consumer group knows it. */
export interface Membership {
  readonly memberId: string;
  readonly generation: number;
}

export type Happening =
  /** A poller has these partitions from now on, no others, and reads on at these offsets. */
  | {
      readonly kind: "assigned";
      readonly poller: number;
      readonly membership: Membership;
      readonly offsets: ReadonlyMap<number, number>;
    }
  /** Another member's from now on, or the topic was made anew: nothing of it that is unsettled is settled here. */
  | { readonly kind: "lost"; readonly poller: number; readonly partition: number }
  | Polled
  | { readonly kind: "polling-failed"; readonly poller: number; readonly error: Error }
  /** The schema registry could not say what a schema id means. */
  | { readonly kind: "registry-failed"; readonly error: Error }
  | {
      readonly kind: "batched";
      readonly batch: string;
      readonly closedBy: "size" | "bytes" | "window";
      readonly portions: Portions;
    }
  /** An invocation begins. */
  | { readonly kind: "sent"; readonly batch: string; readonly portions: Portions; readonly payloadBytes: number }
  | Answered
  /** On purpose: to this attempt at a batch, or to the group when there is none. */
  | { readonly kind: "fault"; readonly fault: FaultKind; readonly batch?: string; readonly portions?: Portions }
  | Discarded
  /** How far the group's offsets moved, by partition. */
  | {
      readonly kind: "committed";
      readonly offsets: ReadonlyMap<number, { readonly from: number; readonly to: number }>;
    }
  | { readonly kind: "commit-failed"; readonly error: Error }
  | { readonly kind: "stopped"; readonly poller: number };

export interface Polled {
  readonly kind: "polled";
  readonly partition: number;
  /** The offsets that were read: from the first, to the one after the last. */
  readonly from: number;
  readonly to: number;
  readonly records: readonly SourceRecord[];
  /** Those of the records that match no filter. */
  readonly filteredOut: readonly SourceRecord[];
  /** As they came from the broker. */
  readonly bytes: number;
}

export interface Answered {
  readonly kind: "answered";
  readonly batch: string;
  /** What was sent. */
  readonly portions: Portions;
  readonly result: InvokeResult;
  /** What follows from it; `repeat`: a success that is invoked once more, on purpose. */
  readonly decision: Decision<SourceRecord> | { readonly kind: "repeat" };
}

export interface Discarded {
  readonly kind: "discarded";
  /** Absent for records that never were in a batch. */
  readonly batch?: string;
  readonly portions: Portions;
  readonly condition: Condition;
  /** More of why, in words. */
  readonly reason?: string;
  /** Invocations that carried them; AWS counts at least one. */
  readonly invokes: number;
  readonly requestId: string;
  readonly outcome:
    | { readonly kind: "delivered" }
    | { readonly kind: "no-destination" }
    | { readonly kind: "refused"; readonly error: string };
}
