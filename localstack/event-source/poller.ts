// One poller of a mapping: a member of the consumer group that buffers what it fetches by partition and commits what is
// settled. A partition that is stuck stops being fetched when its buffer is full; the others go on.
import { problemOf } from "./access/problem.ts";
import { Committer } from "./committer.ts";
import { Dispatcher } from "./dispatcher.ts";
import { sift } from "./filter/sift.ts";
import { Gate } from "./gate.ts";
import type { FetchedBytes } from "./kafka/fetch-response.ts";
import { openSource, type Source, type SourceListener } from "./kafka/kafka-client.ts";
import { readRecords, type SourceRecord } from "./kafka/record-batch.ts";
import { keepingMembership } from "./membership.ts";
import type { Membership } from "./observe/happening.ts";
import type { PollerOptions } from "./poller-options.ts";
import { PartitionQueue } from "./queue.ts";
import { isReplayed } from "./replay.ts";
import type { Deserializer, Unreadable } from "./schemas/deserializer.ts";
import { MAX_EVENT_BYTES, measure, partitionText } from "./wire.ts";

/** Most that one partition buffers, in bytes of events: two full ones, so that the next is there when one is done. */
const PARTITION_BUFFER_BYTES = 2 * MAX_EVENT_BYTES;
/** Two batches are enough, unless they are so small that fetching would be all there is to do. */
const BUFFERED_BATCHES = 2;
const SMALL_BUFFER_BYTES = 2_097_152;
const TOTAL_BUFFER_BYTES = 16 * MAX_EVENT_BYTES;
/** In-flight invocations are given this long before the group is joined again: the group waits for a member at most a minute. */
const DRAIN_MS = 20_000;
const ALONE: Membership = { memberId: "", generation: 0 };

/** What a fetch brought of one partition. */
interface Arrival {
  readonly queue: PartitionQueue;
  readonly records: readonly SourceRecord[];
  readonly bytes: number;
  /** Offset after the last record or marker. */
  readonly to: number;
  readonly highWatermark: number;
}

export class Poller implements SourceListener {
  private readonly options: PollerOptions;
  private readonly queues = new Map<number, PartitionQueue>();
  private readonly paused = new Set<number>();
  private readonly dispatcher: Dispatcher;
  private readonly committer: Committer;
  /** Open while at least one partition may be fetched. */
  private readonly room = new Gate(true);
  private source: Source | undefined;
  private readonly stopping = new AbortController();

  constructor(options: PollerOptions) {
    this.options = options;
    this.dispatcher = new Dispatcher(options, () => this.queues.values(), {
      taken: () => this.makeRoom(),
      settled: () => this.committer.schedule(),
    });
    this.committer = new Committer({
      queues: () => this.queues.values(),
      commit: async (offsets) => this.source?.commit(offsets),
      observe: options.observe,
      failed: (error) => options.log("commit failed, trying again", { error: error.message }),
    });
  }

  /** Joins the group; resolves once partitions are assigned. */
  async start(): Promise<void> {
    const { mapping, cluster, isolation, index, patienceMs } = this.options;
    const sourceOptions = {
      cluster,
      clientId: `${mapping.id}-${index}`,
      groupId: mapping.consumerGroup,
      topic: mapping.topic,
      startingPosition: mapping.startingPosition,
      isolation,
      wantsLowLatency: mapping.windowMs === 0,
      ...(patienceMs === undefined ? {} : { sessionMs: patienceMs }),
    };
    this.source = await openSource(sourceOptions, this);
  }

  /** Lets what is in flight finish for at most `graceMs`, commits, leaves the group. */
  async stop(graceMs: number): Promise<void> {
    this.stopping.abort();
    this.dispatcher.stop();
    this.room.open();
    await this.idle(graceMs);
    await this.committer.stop();
    await this.source?.stop();
    this.options.observe({ kind: "stopped", poller: this.options.index });
  }

  get index(): number {
    return this.options.index;
  }

  get inFlight(): number {
    return this.dispatcher.inFlight;
  }

  get partitions(): readonly PartitionQueue[] {
    return [...this.queues.values()];
  }

  async beforeJoin(): Promise<void> {
    this.dispatcher.hold();
    await this.idle(DRAIN_MS);
    if (this.source !== undefined) await this.committer.flush();
  }

  assigned(groupOffsets: ReadonlyMap<number, number>, membership: Membership = ALONE): ReadonlyMap<number, number> {
    for (const [partition, queue] of this.queues) {
      if (!groupOffsets.has(partition)) this.lose(queue);
    }
    for (const [partition, offset] of groupOffsets) {
      const held = this.queues.get(partition);
      // Further than we got ourselves: another member had the partition meanwhile.
      if (held !== undefined && offset > held.doneTo) this.lose(held);
      if (!this.queues.has(partition)) this.committer.knows(this.gain(partition, offset), offset);
    }
    for (const partition of this.paused) this.resume(partition);
    const offsets = new Map([...this.queues].map(([partition, queue]) => [partition, queue.fetchedTo]));
    this.options.observe({ kind: "assigned", poller: this.options.index, membership, offsets });
    if (!this.stopping.signal.aborted) this.dispatcher.open();
    this.committer.schedule();
    return offsets;
  }

  fetched(
    partition: number,
    bytes: FetchedBytes,
    { from, highWatermark }: { readonly from: number; readonly highWatermark: number },
  ): void | Promise<void> {
    const queue = this.queueAt(partition, from);
    if (queue === undefined) return;
    const records = this.recordsIn(bytes, queue);
    const arrival: Arrival = { queue, records, bytes: bytes.slab.length, to: bytes.lastOffset + 1, highWatermark };
    if (this.options.deserializer === undefined) this.take(arrival, this.wantedOf(arrival, records));
    else return this.takeDeserialized(arrival, this.options.deserializer);
  }

  // With every partition full there is nothing to fetch; kafkajs would sleep, this wakes up as soon as there is room.
  async untilRoom(): Promise<void> {
    if (this.paused.size < this.queues.size || this.stopping.signal.aborted) return;
    this.room.close();
    await this.keeping(() => this.room.passed);
  }

  get wantsEnds(): boolean {
    return this.paused.size > 0;
  }

  // Else a partition's lag would stand still as long as its batch fails.
  ended(ends: ReadonlyMap<number, number>): void {
    for (const queue of this.queues.values()) {
      queue.highWatermark = Math.max(queue.highWatermark, ends.get(queue.partition) ?? 0);
    }
  }

  failed(error: Error): void {
    this.options.observe({ kind: "polling-failed", poller: this.options.index, error });
    this.options.log("polling failed, trying again", { error: error.message, ...problemOf(error) });
  }

  private queueAt(partition: number, from: number): PartitionQueue | undefined {
    const queue = this.queues.get(partition);
    if (queue === undefined || from >= queue.fetchedTo) return queue;
    // The offset we asked for is gone, and the client went to where the mapping starts: a topic made anew, or retention.
    this.options.log("offsets start again: the topic was made anew", { partition, expected: queue.fetchedTo, from });
    this.lose(queue);
    return this.gain(partition, from);
  }

  private recordsIn({ slab, batches }: FetchedBytes, { partition, fetchedTo }: PartitionQueue): SourceRecord[] {
    const { replay } = this.options;
    const records: SourceRecord[] = [];
    for (const batch of batches) readRecords(slab, batch, fetchedTo, records);
    return replay === undefined ? records : records.filter((record) => isReplayed(replay, partition, record));
  }

  // Nothing more is taken of any partition until this is done, so order is kept; offsets move on once what can't be read is stored.
  private async takeDeserialized(arrival: Arrival, deserializer: Deserializer): Promise<void> {
    const { queue, records } = arrival;
    const { fetchedTo } = queue;
    // Else it is another member's by now, or was fetched again: the records come there.
    const isStillDue = () => !queue.isLost && queue.fetchedTo === fetchedTo;
    try {
      const read = await this.keeping((signal) => deserializer.deserialize(records, signal));
      if (!isStillDue()) return;
      const wanted = this.wantedOf(arrival, read.records, read.filterValues);
      for (const unreadable of read.unreadable) await this.keeping(() => this.setAside(queue, unreadable));
      if (isStillDue()) this.take(arrival, wanted);
    } catch (error) {
      if (!this.stopping.signal.aborted) throw error;
    }
  }

  private async setAside(queue: PartitionQueue, { condition, reason, records }: Unreadable): Promise<void> {
    for (const record of records) measure(queue.text, record);
    const portions = [{ key: queue.text.key, records }];
    const discard = { portions, condition, reason, invokes: 1, requestId: crypto.randomUUID() };
    await this.dispatcher.discard(discard, () => queue.text);
  }

  /** What the filters let pass of the records that can be read. */
  private wantedOf(
    { queue, records, bytes, to }: Arrival,
    readable: readonly SourceRecord[],
    filterValues?: readonly (Buffer | null)[],
  ): readonly SourceRecord[] {
    const { partition, fetchedTo: from } = queue;
    const { wanted, filteredOut } = sift(readable, this.options.mapping.filters, filterValues);
    this.options.observe({ kind: "polled", partition, from, to: Math.max(from, to), records, filteredOut, bytes });
    return wanted;
  }

  private take({ queue, to, highWatermark }: Arrival, wanted: readonly SourceRecord[]): void {
    queue.fetchedTo = Math.max(queue.fetchedTo, to);
    this.dispatcher.beforeArrival();
    queue.push(wanted, this.options.clock.now());
    if (wanted.length === 0) this.committer.schedule();
    queue.highWatermark = highWatermark;
    if (this.isFull(queue)) {
      this.paused.add(queue.partition);
      this.source?.pause(queue.partition);
    }
    this.dispatcher.pump();
  }

  private keeping<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const heartbeat = async () => this.source?.heartbeat();
    return keepingMembership(work, { heartbeat, stopping: this.stopping.signal });
  }

  private gain(partition: number, offset: number): PartitionQueue {
    const { mapping, switches } = this.options;
    const text = partitionText(mapping.topic, partition, switches["null-headers"]);
    const queue = new PartitionQueue(partition, text, offset);
    this.queues.set(partition, queue);
    return queue;
  }

  private lose(queue: PartitionQueue): void {
    queue.isLost = true;
    this.options.observe({ kind: "lost", poller: this.options.index, partition: queue.partition });
    this.queues.delete(queue.partition);
  }

  private isFull({ count, bytes, partition, fetchedTo }: PartitionQueue): boolean {
    const { replay } = this.options;
    if (replay !== undefined && fetchedTo >= (replay.ends.get(partition) ?? 0)) return true; // nothing more is wanted
    if (bytes > Math.min(PARTITION_BUFFER_BYTES, TOTAL_BUFFER_BYTES / this.queues.size)) return true;
    return count > BUFFERED_BATCHES * this.options.mapping.batchSize && bytes > SMALL_BUFFER_BYTES;
  }

  private makeRoom(): void {
    for (const partition of this.paused) {
      const queue = this.queues.get(partition);
      if (queue === undefined || !this.isFull(queue)) this.resume(partition);
    }
  }

  private resume(partition: number): void {
    this.paused.delete(partition);
    this.source?.resume(partition);
    this.room.open();
  }

  private async idle(withinMs: number): Promise<void> {
    const deadline = Date.now() + withinMs;
    while (this.dispatcher.isBusy && Date.now() < deadline) {
      // Meanwhile heartbeats keep the membership; that the group rebalances is known.
      await this.source?.heartbeat().catch(() => {});
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }
}
