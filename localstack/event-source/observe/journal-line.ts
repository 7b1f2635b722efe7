// The journal's lines: what happened, a batch at a time, in JSON that is short and can be read by eye. Pure.
import type { InvokeResult } from "../invoke.ts";
import type { SourceRecord } from "../kafka/record-batch.ts";
import { countOf, type Portion } from "../settle.ts";
import type { Answered, Happening, Polled } from "./happening.ts";
import { rangesOf } from "./offset-ranges.ts";

/** First and last offset and number of records, by partition. */
export type Parts = Readonly<Record<string, readonly [first: number, last: number, records: number]>>;
/** Exactly these offsets, by partition. */
export type Offsets = Readonly<Record<string, string>>;

interface At {
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** One start of one mapping in one process. */
  readonly run: string;
}

export interface StartedLine extends At {
  readonly kind: "started";
  readonly mapping: string;
  readonly function: string;
  readonly topic: string;
  readonly group: string;
  readonly pid: number;
  readonly filters: readonly string[];
  readonly destination?: string;
  /** The span of a replay: records outside of it are not looked at. */
  readonly replay?: { readonly from: string; readonly to: string };
}

export interface AssignedLine extends At {
  readonly kind: "assigned";
  readonly poller: number;
  readonly member: string;
  readonly generation: number;
  readonly offsets: Readonly<Record<string, number>>;
}

export interface PolledLine extends At {
  readonly kind: "polled";
  readonly partition: number;
  readonly from: number;
  readonly to: number;
  /** Which of these offsets hold records; absent: all. */
  readonly read?: string;
  readonly filteredOut?: string;
}

export interface BatchedLine extends At {
  readonly kind: "batched";
  readonly batch: string;
  readonly closedBy: "size" | "bytes" | "window";
  readonly parts: Parts;
}

export interface FaultLine extends At {
  readonly kind: "fault";
  readonly fault: string;
  /** Absent for what befalls the group. */
  readonly batch?: string;
  readonly parts?: Parts;
}

export interface AnsweredLine extends At {
  readonly kind: "answered";
  readonly batch: string;
  readonly request: string;
  readonly ms: number;
  readonly answer:
    | { readonly kind: "success" }
    | { readonly kind: "function-error"; readonly type: string; readonly message: string }
    | { readonly kind: "not-delivered"; readonly reason: string };
  readonly next: "commit" | "retry" | "split" | "discard" | "repeat";
  readonly afterMs?: number;
  /** What failed, where it is not all that was sent. */
  readonly failed?: Offsets;
}

export interface DiscardedLine extends At {
  readonly kind: "discarded";
  readonly batch?: string;
  readonly offsets: Offsets;
  readonly condition: string;
  /** More of why, in words. */
  readonly reason?: string;
  readonly invokes: number;
  readonly request: string;
  readonly outcome: "delivered" | "no-destination" | "refused";
  readonly error?: string;
}

export type JournalLine =
  | StartedLine
  | AssignedLine
  | (At & { readonly kind: "lost"; readonly poller: number; readonly partition: number })
  | PolledLine
  | (At & { readonly kind: "polling-failed" | "registry-failed" | "commit-failed"; readonly error: string })
  | BatchedLine
  | FaultLine
  | (At & { readonly kind: "sent"; readonly batch: string; readonly parts: Parts; readonly bytes: number })
  | AnsweredLine
  | DiscardedLine
  | (At & { readonly kind: "committed"; readonly to: Readonly<Record<string, number>> })
  | (At & { readonly kind: "stopped"; readonly poller: number });

const LONGEST_TEXT = 500;

export function lineOf(happening: Happening, at: At): JournalLine {
  switch (happening.kind) {
    case "assigned": {
      const { kind, poller, membership, offsets } = happening;
      const { memberId: member, generation } = membership;
      return { ...at, kind, poller, member, generation, offsets: Object.fromEntries(offsets) };
    }
    case "polled":
      return { ...at, ...polledOf(happening) };
    case "polling-failed":
    case "registry-failed":
    case "commit-failed":
      return { ...at, kind: happening.kind, error: shortened(happening.error.message) };
    case "batched": {
      const { kind, batch, closedBy, portions } = happening;
      return { ...at, kind, batch, closedBy, parts: partsOf(portions) };
    }
    case "sent": {
      const { kind, batch, portions, payloadBytes } = happening;
      return { ...at, kind, batch, parts: partsOf(portions), bytes: payloadBytes };
    }
    case "fault": {
      const { kind, fault, batch, portions } = happening;
      const of = batch === undefined || portions === undefined ? {} : { batch, parts: partsOf(portions) };
      return { ...at, kind, fault, ...of };
    }
    case "answered":
      return { ...at, ...answeredOf(happening) };
    case "discarded": {
      const { kind, batch, portions, condition, reason, invokes, requestId, outcome } = happening;
      const of = {
        ...(batch === undefined ? {} : { batch }),
        ...(reason === undefined ? {} : { reason: shortened(reason) }),
      };
      const error = outcome.kind === "refused" ? { error: shortened(outcome.error) } : {};
      const facts = { condition, invokes, request: requestId, outcome: outcome.kind };
      return { ...at, kind, ...of, offsets: offsetsOf(portions), ...facts, ...error };
    }
    case "committed": {
      const to = [...happening.offsets].map(([partition, moved]) => [partition, moved.to]);
      return { ...at, kind: "committed", to: Object.fromEntries(to) };
    }
    case "lost":
    case "stopped":
      return { ...at, ...happening };
    default:
      return happening satisfies never;
  }
}

function polledOf({ kind, partition, from, to, records, filteredOut }: Polled): Omit<PolledLine, keyof At> {
  return {
    kind,
    partition,
    from,
    to,
    ...(records.length === to - from ? {} : { read: rangesOfRecords(records) }),
    ...(filteredOut.length === 0 ? {} : { filteredOut: rangesOfRecords(filteredOut) }),
  };
}

function answeredOf({ kind, batch, portions, result, decision }: Answered): Omit<AnsweredLine, keyof At> {
  const ofRest = decision.kind === "retry" || decision.kind === "discard" ? decision.delivery.portions : portions;
  return {
    kind,
    batch,
    request: result.requestId,
    ms: Math.round(result.durationMs),
    answer: answerOf(result),
    next: decision.kind,
    ...("afterMs" in decision ? { afterMs: decision.afterMs } : {}),
    ...(countOf(ofRest) === countOf(portions) ? {} : { failed: offsetsOf(ofRest) }),
  };
}

function answerOf(result: InvokeResult): AnsweredLine["answer"] {
  switch (result.kind) {
    case "success":
      return { kind: result.kind };
    case "not-delivered":
      return { kind: result.kind, reason: shortened(result.reason) };
    default:
      return {
        kind: result.kind,
        type: result.error.errorType,
        message: shortened(result.error.errorMessage),
      };
  }
}

function partsOf(portions: readonly Portion<SourceRecord>[]): Parts {
  const parts = portions.map(({ key, records }) => {
    const first = records[0]?.offset ?? 0;
    return [partitionOf(key), [first, records.at(-1)?.offset ?? first, records.length] as const];
  });
  return Object.fromEntries(parts);
}

function offsetsOf(portions: readonly Portion<SourceRecord>[]): Offsets {
  return Object.fromEntries(portions.map(({ key, records }) => [partitionOf(key), rangesOfRecords(records)]));
}

function rangesOfRecords(records: readonly SourceRecord[]): string {
  return rangesOf(records.map(({ offset }) => offset));
}

/** A portion's key is `topic-partition`. */
function partitionOf(key: string): string {
  return key.slice(key.lastIndexOf("-") + 1);
}

function shortened(text: string): string {
  return text.length > LONGEST_TEXT ? `${text.slice(0, LONGEST_TEXT)}…` : text;
}
