// Tells a record that was published twice from two records. A topic written by transactions holds, beside each committed record, what earlier
// attempts at the same transaction left behind, and whoever reads without regard to transactions is handed both: AWS doesn't say how its
// pollers read. Pure; what is remembered is one line a source partition, small enough to be committed with an offset.

/** Where a record comes from: a publisher hands on what comes from one source in ascending offsets, unless it begins anew. */
export interface Provenance {
  readonly source: string;
  readonly offset: number;
  /** Kafka's own timestamp of the record at the source. */
  readonly timestamp: number;
}

/** The greatest offset that was handed on from a source, and the greatest timestamp up to it. */
type Newest = readonly [offset: number, timestamp: number];

/** Below the 4,096 bytes that a broker takes beside an offset (offset.metadata.max.bytes), marks and quoting included. */
const MOST_REMEMBERED = 3_000;

/** Which sources have been read how far. */
export class Repeats {
  readonly #newest: Map<string, Newest>;

  /** Goes on from a memo; one that isn't ours counts as none. */
  constructor(memo: string | undefined) {
    this.#newest = new Map(entriesIn(memo));
  }

  /**
   * Whether this record has been here before; a new one is remembered. A lower offset with a newer timestamp is a new record:
   * its topic has been made anew.
   */
  isRepeat({ source, offset, timestamp }: Provenance): boolean {
    const newest = this.#newest.get(source);
    if (newest !== undefined && offset <= newest[0] && timestamp <= newest[1]) return true;
    const isFurther = newest !== undefined && offset > newest[0];
    this.#newest.delete(source); // the least recent comes first
    this.#newest.set(source, [offset, isFurther ? Math.max(timestamp, newest[1]) : timestamp]);
    return false;
  }

  /** What to remember; sources that have been silent for longest are forgotten when there are too many. */
  memo(): string {
    const entries = [...this.#newest];
    let text = JSON.stringify(entries);
    while (text.length > MOST_REMEMBERED) {
      entries.splice(0, Math.ceil(entries.length / 10));
      text = JSON.stringify(entries);
    }
    return text;
  }
}

function entriesIn(memo: string | undefined): [string, Newest][] {
  try {
    const read: unknown = JSON.parse(memo ?? "[]");
    return Array.isArray(read) ? read.filter(isEntry) : [];
  } catch {
    return [];
  }
}

function isEntry(entry: unknown): entry is [string, Newest] {
  if (!Array.isArray(entry) || typeof entry[0] !== "string" || !Array.isArray(entry[1])) return false;
  return typeof entry[1][0] === "number" && typeof entry[1][1] === "number";
}
