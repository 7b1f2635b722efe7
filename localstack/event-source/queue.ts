// One assigned partition: records that wait, what is in flight, and the offset up to which everything is done.
import type { ReadyRecords } from "./batch.ts";
import type { SourceRecord } from "./kafka/record-batch.ts";
import { measure, type PartitionText, partSize } from "./wire.ts";

export class PartitionQueue implements ReadyRecords {
  readonly text: PartitionText;
  readonly overhead: number;
  /** Offset after the last record or marker that was fetched. */
  fetchedTo: number;
  /** What the group has committed; absent until that is known. */
  committedTo: number | undefined;
  /** The end of the partition as the broker last told it. */
  highWatermark: number;
  /** Bytes of the waiting records as they will stand in events. */
  bytes = 0;
  /** When the oldest waiting record began to wait. */
  waitingSince = 0;
  /** Another member owns the partition now: results of what is in flight must not be committed. */
  isLost = false;
  private waiting: SourceRecord[] = [];
  private head = 0;
  private inFlightFrom: number | undefined;

  readonly partition: number;

  constructor(partition: number, text: PartitionText, startOffset: number) {
    this.partition = partition;
    this.text = text;
    this.overhead = partSize(this.text);
    this.fetchedTo = startOffset;
    this.highWatermark = startOffset;
  }

  /** Records that wait. */
  get count(): number {
    return this.waiting.length - this.head;
  }

  get isInFlight(): boolean {
    return this.inFlightFrom !== undefined;
  }

  sizeAt(index: number): number {
    return this.waiting[this.head + index]!.wireSize;
  }

  /** Everything below is done: the offset that may be committed. */
  get doneTo(): number {
    return this.inFlightFrom ?? this.waiting[this.head]?.offset ?? this.fetchedTo;
  }

  push(records: readonly SourceRecord[], now: number): void {
    if (this.count === 0 && !this.isInFlight) this.waitingSince = now;
    for (const record of records) {
      this.bytes += measure(this.text, record);
      this.waiting.push(record);
    }
  }

  /** Takes the first `count` records into flight; nothing more leaves until `finish`. */
  take(count: number): SourceRecord[] {
    const taken = this.waiting.slice(this.head, this.head + count);
    this.inFlightFrom = taken[0]!.offset;
    for (const record of taken) this.bytes -= record.wireSize;
    this.head += count;
    if (this.head === this.waiting.length || this.head > 65_536) {
      this.waiting = this.waiting.slice(this.head);
      this.head = 0;
    }
    return taken;
  }

  /** What was in flight is settled. */
  finish(now: number): void {
    this.inFlightFrom = undefined;
    this.waitingSince = now;
  }
}
