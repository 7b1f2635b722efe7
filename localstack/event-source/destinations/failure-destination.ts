// What takes given-up records, whatever its kind.
import type { Discard } from "../deliver.ts";
import type { PartitionText } from "../wire.ts";

export interface FailureDestination {
  /** Why it can take nothing as things stand; undefined when it can. */
  whyNot(): Promise<string | undefined>;
  /** Resolves when every record is stored; rejects, within a limited time, when any could not be. */
  deliver(discard: Discard, textOf: (key: string) => PartitionText): Promise<void>;
  stop(): Promise<void>;
}
