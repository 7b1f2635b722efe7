// One poller of a mapping: a member of the consumer group that buffers what it fetches by partition and commits what is
// settled. A partition that is stuck stops being fetched when its buffer is full; the others go on.
import { Committer } from "./committer.ts";
import { Dispatcher } from "./dispatcher.ts";
import { type Filter, firstMatch } from "./filter/filter.ts";
import { Gate } from "./gate.ts";
import type { FetchedBytes } from "./kafka/fetch-response.ts";
import { openSource, type Source, type SourceListener } from "./kafka/kafka-client.ts";
import { readRecords, type SourceRecord, valueBytes } from "./kafka/record-batch.ts";
import type { Membership } from "./observe/happening.ts";
import type { PollerOptions } from "./poller-options.ts";
import { PartitionQueue } from "./queue.ts";
import { isReplayed } from "./replay.ts";
import { MAX_EVENT_BYTES } from "./wire.ts";

/** Most that one partition buffers, in bytes of events: two full ones, so that the next is there when one is done. */
const PARTITION_BUFFER_BYTES = 2 * MAX_EVENT_BYTES;
/** Two batches are enough, unless they are so small that fetching would be all there is to do. */
const BUFFERED_BATCHES = 2;
const SMALL_BUFFER_BYTES = 2_097_152;
const TOTAL_BUFFER_BYTES = 16 * MAX_EVENT_BYTES;
/** In-flight invocations are given this long before the group is joined again: the group waits for a member at most a minute. */
const DRAIN_MS = 20_000;
const HEARTBEAT_MS = 1000;
const ALONE: Membership = { memberId: "", generation: 0 };

export class Poller implements SourceListener {
  private readonly options: PollerOptions;
  private readonly queues = new Map<number, PartitionQueue>();
  private readonly paused = new Set<number>();
  private readonly dispatcher: Dispatcher;
  private readonly committer: Committer;
  /** Open while at least one partition may be fetched. */
  private readonly room = new Gate(true);
  private source: Source | undefined;
  private isStopping = false;

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
    const { mapping, cluster, isolation, index } = this.options;
    const sourceOptions = {
      cluster,
      clientId: `${mapping.id}-${index}`,
      groupId: mapping.consumerGroup,
      topic: mapping.topic,
      startingPosition: mapping.startingPosition,
      isolation,
      wantsLowLatency: mapping.windowMs === 0,
    };
    this.source = await openSource(sourceOptions, this);
  }

  /** Lets what is in flight finish for at most `graceMs`, commits, leaves the group. */
  async stop(graceMs: number): Promise<void> {
    this.isStopping = true;
    this.dispatcher.stop();
    this.room.open();
    await this.idle(graceMs);
    await this.committer.stop();
    await this.source?.stop();
    this.options.observe({ kind: "stopped", poller: this.options.index });
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
    if (!this.isStopping) this.dispatcher.open();
    this.committer.schedule();
    return offsets;
  }

  fetched(
    partition: number,
    bytes: FetchedBytes,
    { from, highWatermark }: { readonly from: number; readonly highWatermark: number },
  ): void {
    const queue = this.queueAt(partition, from);
    if (queue === undefined) return;
    this.accept(queue, bytes);
    queue.highWatermark = highWatermark;
    if (this.isFull(queue)) {
      this.paused.add(partition);
      this.source?.pause(partition);
    }
    this.dispatcher.pump();
  }

  // With every partition full there is nothing to fetch; kafkajs would sleep, this wakes up as soon as there is room.
  async untilRoom(): Promise<void> {
    if (this.paused.size < this.queues.size || this.isStopping) return;
    this.room.close();
    while (!this.room.isOpen) {
      const beat = Promise.withResolvers<void>();
      const timer = setTimeout(beat.resolve, HEARTBEAT_MS);
      await Promise.race([this.room.passed, beat.promise]);
      clearTimeout(timer);
      await this.source?.heartbeat();
    }
  }

  failed(error: Error): void {
    this.options.observe({ kind: "polling-failed", poller: this.options.index, error });
    this.options.log("polling failed, trying again", { error: error.message });
  }

  private queueAt(partition: number, from: number): PartitionQueue | undefined {
    const queue = this.queues.get(partition);
    if (queue === undefined || from >= queue.fetchedTo) return queue;
    // The offset we asked for is gone, and the client went to where the mapping starts: a topic made anew, or retention.
    this.options.log("offsets start again: the topic was made anew", { partition, expected: queue.fetchedTo, from });
    this.lose(queue);
    return this.gain(partition, from);
  }

  private accept(queue: PartitionQueue, { slab, batches, lastOffset }: FetchedBytes): void {
    const { mapping, observe, clock, replay } = this.options;
    const { filters } = mapping;
    const all: SourceRecord[] = [];
    for (const batch of batches) readRecords(slab, batch, queue.fetchedTo, all);
    const records = replay === undefined ? all : all.filter((record) => isReplayed(replay, queue.partition, record));
    const from = queue.fetchedTo;
    queue.fetchedTo = Math.max(queue.fetchedTo, lastOffset + 1);
    const { wanted, filteredOut } = sort(records, filters);
    const { partition, fetchedTo: to } = queue;
    observe({ kind: "polled", partition, from, to, records, filteredOut, bytes: slab.length });
    this.dispatcher.beforeArrival();
    queue.push(wanted, clock.now());
    if (wanted.length === 0) this.committer.schedule();
  }

  private gain(partition: number, offset: number): PartitionQueue {
    const queue = new PartitionQueue(this.options.mapping.topic, partition, offset);
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

/** Which records some filter lets pass, and which none does. */
function sort(
  records: readonly SourceRecord[],
  filters: readonly Filter[],
): { readonly wanted: readonly SourceRecord[]; readonly filteredOut: readonly SourceRecord[] } {
  if (filters.length === 0) return { wanted: records, filteredOut: [] };
  const wanted: SourceRecord[] = [];
  const filteredOut: SourceRecord[] = [];
  for (const record of records) (firstMatch(filters, valueBytes(record)) >= 0 ? wanted : filteredOut).push(record);
  return { wanted, filteredOut };
}
