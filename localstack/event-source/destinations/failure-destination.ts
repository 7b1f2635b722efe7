// What takes given-up records, whatever its kind.
import type { Discard } from "../deliver.ts";
import type { SourceRecord } from "../kafka/record-batch.ts";
import type { PartitionText } from "../wire.ts";

export interface FailureDestination {
  /** Why it can take nothing as things stand; undefined when it can. */
  whyNot(): Promise<string | undefined>;
  /** Resolves when every record is stored; rejects, within a limited time, when any could not be: with `RefusedRecords` where it is known which. */
  deliver(discard: Discard, textOf: (key: string) => PartitionText): Promise<void>;
  stop(): Promise<void>;
}

/** These were not stored; the discard's others were. */
export class RefusedRecords extends Error {
  readonly records: ReadonlySet<SourceRecord>;

  constructor(records: ReadonlySet<SourceRecord>, cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
    this.records = records;
  }
}
