// What windows keep, and the only ways to change it. Two stores carry it out, and both pass test/lib/windows/store-suite.ts:
// DynamoDB (dynamodb-store.ts) and memory (memory-store.ts, for the in-memory runner).
//
// Every change of a partial, a partition's progress or the emission head is ONE conditional write. A refused write brings the present value back,
// so that nothing is read first, nothing is locked, and partitions never contend. Reads are strongly consistent.

import type { WindowResult, WindowShape, WindowState } from "./tumbling.ts";
import type { Progress } from "./watermark.ts";

/** Names one windowed pipeline's state: everything below is kept by it. */
export interface PipelineKey {
  readonly name: string;
  readonly version: number;
}

/** What is known of a pipeline that has stored state: enough to finish its windows when its code has moved on to another version. */
export interface Definition extends PipelineKey {
  /** The topic its records come from. */
  readonly topic: string;
  readonly shape: WindowShape;
}

export interface PartialKey {
  readonly partition: number;
  readonly start: number;
  readonly group: string;
}

/** One source partition's share of one window. */
export interface Partial {
  /** Absent where no record was ever counted. */
  readonly state?: WindowState;
  /** The last offset that is in the state; -1 for none. */
  readonly lastOffset: number;
  /** Sealed: records of this window from this offset on are late, whoever reads them and whenever. */
  readonly lateFrom?: number;
}

export interface StoredPartial extends PartialKey, Partial {}

/** A window whose partial changed after its end had been published: its result may have to be sent again. */
export interface DirtyWindow extends PartialKey {
  /** Changes with every mark, so that a mark made while the window is looked at is not wiped out. */
  readonly token: string;
}

/** One result, as frozen: sent as it stands however often it takes. */
export interface FrozenResult {
  readonly start: number;
  readonly group: string;
  /** 1 for a window's first result. */
  readonly revision: number;
  /** What is in it: by source partition, the partial's last offset. */
  readonly offsets: Readonly<Record<string, number>>;
  readonly state: WindowState;
  readonly result: WindowResult;
  /** With running totals: the total of all windows before this one; absent for the first. */
  readonly before?: WindowState;
  /** When the watermark that made it due was stored, epoch ms. */
  readonly dueAt: number;
}

/** The total after the newest emitted window; kept where it never expires. */
export interface RunningTotal {
  readonly start: number;
  readonly state: WindowState;
}

/** Where the emissions of a pipeline stand. */
export interface Head {
  /** Number of the newest emission; 0 before the first. */
  readonly number: number;
  /** Frozen: results are fixed and may or may not be in Kafka; the ledger tells. Done: they are. */
  readonly status: "frozen" | "done";
  /** The emitter that may write; a newer one replaces it. */
  readonly owner: string;
  /** Where the frozen results are. */
  readonly payload?: string;
  /** When the ledger's offset was last committed, epoch ms: it expires unless it is refreshed. */
  readonly ledgerAt: number;
  /** Every window that ended by then has been looked at, epoch ms. */
  readonly emittedThrough?: number;
  /** With running totals: the total after the newest emitted window. */
  readonly total?: RunningTotal;
}

/** What changes in a head when its emission is done. */
export type FinishedHead = Pick<Head, "ledgerAt" | "emittedThrough" | "total">;

/** Everything small that an emitter reads at each tick, in one read. */
export interface Control {
  readonly progress: ReadonlyMap<number, Progress>;
  readonly frontier?: number;
  readonly head?: Head;
  readonly dirty: readonly DirtyWindow[];
}

export type Written<T> = { readonly kind: "stored" } | { readonly kind: "refused"; readonly present: T | undefined };

/** One pipeline's state. */
export interface WindowStore {
  /** Stores a definition unless the version has one; answers the one in force. */
  define(definition: Definition): Promise<Definition>;
  /** The definitions of every version of this pipeline that has stored state. */
  definitions(): Promise<readonly Definition[]>;

  /** Replaces a partial if it still is what was expected (by last offset and seal; undefined: absent). */
  putPartial(key: PartialKey, expected: Partial | undefined, next: Partial): Promise<Written<Partial>>;
  /** Replaces a partition's progress if it still stands at the expected offset (undefined: absent). */
  putProgress(partition: number, expected: Progress | undefined, next: Progress): Promise<Written<Progress>>;
  readProgress(partition: number): Promise<Progress | undefined>;
  markDirty(window: DirtyWindow): Promise<void>;
  readFrontier(): Promise<number | undefined>;

  control(): Promise<Control>;
  /** Moves the frontier forward; a lower one changes nothing. */
  publishFrontier(frontier: number): Promise<void>;
  /** A partition's partials of windows that start in `[from, to)`, in order of start. */
  partialsBetween(partition: number, from: number, to: number): Promise<readonly StoredPartial[]>;
  /** The partials of one window in these partitions; absent ones are left out. */
  partialsOf(
    window: Pick<PartialKey, "start" | "group">,
    partitions: readonly number[],
  ): Promise<readonly StoredPartial[]>;
  /** What was last emitted of windows that start in `[from, to)`, in order of start. */
  emittedBetween(from: number, to: number): Promise<readonly FrozenResult[]>;

  /** Makes this emitter the owner of the head, creating it where absent; answers the head. */
  takeOver(owner: string): Promise<Head>;
  /** Fixes the results of the next emission; refused if the head is no longer this one. */
  freeze(head: Head, results: readonly FrozenResult[]): Promise<Written<Head>>;
  frozen(head: Head): Promise<readonly FrozenResult[]>;
  /** Remembers what was emitted, then marks the head done; refused if another owner has taken over. */
  finish(head: Head, results: readonly FrozenResult[], next: FinishedHead): Promise<Written<Head>>;
  /** Wipes out the marks that still carry their token. */
  clearDirty(windows: readonly DirtyWindow[]): Promise<void>;
}

/** Whether two heads are one and the same: what a conditional write on the head compares. */
export function isSameHead(a: Head | undefined, b: Head): boolean {
  return a !== undefined && a.number === b.number && a.status === b.status && a.owner === b.owner;
}

/** Whether two partials are one and the same: what a conditional write on a partial compares. */
export function isSamePartial(a: Partial | undefined, b: Partial | undefined): boolean {
  return a?.lastOffset === b?.lastOffset && a?.lateFrom === b?.lateFrom;
}
