// One poller of a mapping: a member of the consumer group that buffers records by partition, lets `batch` decide when to
// invoke, and commits what `deliver` has settled. One batch in flight a partition; a stuck partition holds up only itself.
import { type BatchLimits, decide, rollWindow } from "./batch.ts";
import { Committer } from "./committer.ts";
import { type DeliveryContext, type Discard, deliver, type Portions } from "./deliver.ts";
import type { FetchedBytes } from "./fetch-response.ts";
import { firstMatch } from "./filter.ts";
import { openSource, type Source, type SourceListener } from "./kafka-client.ts";
import type { PollerOptions } from "./poller-options.ts";
import { PartitionQueue } from "./queue.ts";
import { readRecords, type SourceRecord, valueBytes } from "./record-batch.ts";
import { Slots } from "./slots.ts";
import { type EventSourceIdentity, eventBytes, eventHead, MAX_EVENT_BYTES } from "./wire.ts";

/** A provisioned poller's concurrent invocations: https://docs.aws.amazon.com/lambda/latest/dg/kafka-scaling-modes.html */
const CONCURRENT_INVOCATIONS = 5;
/** Most that one partition buffers, in bytes of events: two full ones, so that the next is there when one is done. */
const PARTITION_BUFFER_BYTES = 2 * MAX_EVENT_BYTES;
const TOTAL_BUFFER_BYTES = 16 * MAX_EVENT_BYTES;
/** In-flight invocations are given this long before the group is joined again: the group waits for a member at most a minute. */
const DRAIN_MS = 20_000;
const HEARTBEAT_MS = 1000;

export class Poller implements SourceListener {
  private readonly options: PollerOptions;
  private readonly head: string;
  private readonly limits: BatchLimits;
  private readonly queues = new Map<number, PartitionQueue>();
  /** Keys of partitions with a batch in flight, also of those lost meanwhile: never two at once. */
  private readonly delivering = new Map<string, Promise<void>>();
  private readonly paused = new Set<number>();
  private readonly slots = new Slots(CONCURRENT_INVOCATIONS);
  /** Batches on their way to their first invocation. */
  private starting = 0;
  private readonly abort = new AbortController();
  private readonly committer: Committer;
  private source: Source | undefined;
  private windowStart: number;
  private cancelTimer: (() => void) | undefined;
  private isHeld = true;
  private roomMade = Promise.withResolvers<void>();

  constructor(options: PollerOptions) {
    const { mapping, brokers, clock, counters } = options;
    this.options = options;
    const identity: EventSourceIdentity = {
      kind: mapping.kind,
      ...(mapping.eventSourceArn === undefined ? {} : { eventSourceArn: mapping.eventSourceArn }),
      bootstrapServers: brokers.join(","),
    };
    this.head = eventHead(identity);
    const { batchSize, windowMs } = mapping;
    // Head and closing braces; the first partition has no comma.
    const maxBytes = MAX_EVENT_BYTES - this.head.length - 1;
    this.limits = { batchSize, windowMs, maxBytes, concurrency: CONCURRENT_INVOCATIONS };
    this.windowStart = clock.now();
    this.committer = new Committer({
      queues: () => this.queues.values(),
      commit: async (offsets) => this.source?.commit(offsets),
      counters,
      failed: (error) => options.log("commit failed, trying again", { error: error.message }),
    });
  }

  /** Joins the group; resolves once partitions are assigned. */
  async start(): Promise<void> {
    const { mapping, brokers, isolation, index } = this.options;
    this.source = await openSource(
      {
        brokers,
        clientId: `${mapping.id}-${index}`,
        groupId: mapping.consumerGroup,
        topic: mapping.topic,
        startingPosition: mapping.startingPosition,
        isolation,
        wantsLowLatency: mapping.windowMs === 0,
      },
      this,
    );
  }

  /** Lets what is in flight finish for at most `graceMs`, commits, leaves the group. */
  async stop(graceMs: number): Promise<void> {
    this.isHeld = true;
    this.abort.abort();
    this.roomMade.resolve();
    this.cancelTimer?.();
    await this.settled(graceMs);
    await this.committer.stop();
    await this.source?.stop();
  }

  get inFlight(): number {
    return this.slots.inUse;
  }

  get partitions(): readonly PartitionQueue[] {
    return [...this.queues.values()];
  }

  async beforeJoin(): Promise<void> {
    this.isHeld = true;
    await this.settled(DRAIN_MS);
    if (this.source !== undefined) await this.committer.flush();
  }

  assigned(groupOffsets: ReadonlyMap<number, number>): ReadonlyMap<number, number> {
    const { mapping } = this.options;
    for (const [partition, queue] of this.queues) {
      if (!groupOffsets.has(partition)) this.lose(queue);
    }
    for (const [partition, offset] of groupOffsets) {
      const held = this.queues.get(partition);
      // Further than we got ourselves: another member had the partition meanwhile.
      const isStale = held !== undefined && offset > held.doneTo;
      if (isStale) this.lose(held);
      if (held !== undefined && !isStale) continue;
      const queue = new PartitionQueue(mapping.topic, partition, offset);
      this.queues.set(partition, queue);
      this.committer.knows(queue, offset);
    }
    for (const partition of this.paused) this.source?.resume(partition);
    this.paused.clear();
    this.isHeld = this.abort.signal.aborted;
    this.committer.schedule();
    this.pump();
    return new Map([...this.queues].map(([partition, queue]) => [partition, queue.fetchedTo]));
  }

  async fetched(
    partition: number,
    bytes: FetchedBytes,
    { from, highWatermark }: { readonly from: number; readonly highWatermark: number },
  ): Promise<void> {
    const queue = this.queueAt(partition, from);
    if (queue === undefined) return;
    this.accept(queue, bytes, highWatermark);
    if (queue.bytes > this.bufferLimit()) {
      this.paused.add(partition);
      this.source?.pause(partition);
    }
    this.pump();
    await this.room();
  }

  failed(error: Error): void {
    this.options.counters.pollingErrorCount += 1;
    this.options.log("polling failed, trying again", { error: error.message });
  }

  private queueAt(partition: number, from: number): PartitionQueue | undefined {
    const queue = this.queues.get(partition);
    if (queue === undefined || from >= queue.fetchedTo) return queue;
    // The offset we asked for is gone, and the client went to where the mapping starts: a topic made anew, or retention.
    this.options.log("offsets start again: the topic was made anew", { partition, expected: queue.fetchedTo, from });
    this.lose(queue);
    const fresh = new PartitionQueue(this.options.mapping.topic, partition, from);
    this.queues.set(partition, fresh);
    return fresh;
  }

  private accept(queue: PartitionQueue, { slab, batches, lastOffset }: FetchedBytes, highWatermark: number): void {
    const { mapping, counters, clock } = this.options;
    const records: SourceRecord[] = [];
    for (const batch of batches) readRecords(slab, batch, queue.fetchedTo, records);
    counters.polledEventCount += records.length;
    const wanted =
      mapping.filters.length === 0 ? records : records.filter((r) => firstMatch(mapping.filters, valueBytes(r)) >= 0);
    counters.filteredOutEventCount += records.length - wanted.length;
    queue.fetchedTo = Math.max(queue.fetchedTo, lastOffset + 1);
    queue.highWatermark = highWatermark;
    if (this.ready().length === 0) this.windowStart = rollWindow(this.windowStart, this.limits.windowMs, clock.now());
    queue.push(wanted, clock.now());
    if (wanted.length === 0) this.committer.schedule();
  }

  /** Starts every batch that is due; comes back when the window closes or something changes. */
  private pump(): void {
    this.cancelTimer?.();
    this.cancelTimer = undefined;
    if (this.isHeld) return;
    const { clock } = this.options;
    for (;;) {
      const now = clock.now();
      const state = { ready: this.ready(), inFlight: this.slots.inUse + this.starting, windowStart: this.windowStart };
      const decision = decide(state, this.limits, now);
      if (decision.kind === "wait") {
        if (decision.until !== undefined) this.cancelTimer = clock.at(decision.until, () => this.pump());
        break;
      }
      this.windowStart = now;
      this.send(decision.takes);
    }
    this.makeRoom();
  }

  private ready(): PartitionQueue[] {
    return this.partitions.filter(
      (queue) => queue.count > 0 && !queue.isInFlight && !this.delivering.has(queue.text.key),
    );
  }

  private send(takes: readonly { readonly queue: PartitionQueue; readonly count: number }[]): void {
    const queues = new Map(takes.map(({ queue }) => [queue.text.key, queue]));
    const portions = takes.map(({ queue, count }) => ({ key: queue.text.key, records: queue.take(count) }));
    const delivery = deliver(portions, this.contextOf(queues)).catch(this.options.fatal);
    for (const key of queues.keys()) this.delivering.set(key, delivery);
  }

  private contextOf(queues: ReadonlyMap<string, PartitionQueue>): DeliveryContext {
    const { mapping, functionName, invoker, clock, counters, backOff, isDuplicated } = this.options;
    this.starting += 1;
    let isStarting = true;
    const started = () => {
      if (isStarting) this.starting -= 1;
      isStarting = false;
    };
    return {
      policy: mapping.policy,
      backOff,
      clock,
      counters,
      isDuplicated,
      signal: this.abort.signal,
      maxEventBytes: MAX_EVENT_BYTES,
      eventOf: (portions) => this.eventOf(portions, queues),
      invoke: async (payload, affinity) => {
        started();
        const result = await this.slots.run(() => invoker.invoke({ functionName, payload, affinity }));
        if (mapping.mode === "on-demand") this.windowStart = clock.now();
        return result;
      },
      isLost: (key) => queues.get(key)!.isLost,
      release: (key) => {
        started();
        queues.get(key)!.finish(clock.now());
        this.delivering.delete(key);
        this.committer.schedule();
        this.pump();
      },
      discard: (discard) => this.discard(discard, queues),
    };
  }

  private eventOf(portions: Portions, queues: ReadonlyMap<string, PartitionQueue>): Buffer {
    return eventBytes(
      this.head,
      portions.map(({ key, records }) => ({ text: queues.get(key)!.text, records })),
    );
  }

  private async discard(discard: Discard, queues: ReadonlyMap<string, PartitionQueue>): Promise<void> {
    const { counters, destination, log } = this.options;
    for (const portion of discard.portions) {
      const facts = {
        condition: discard.condition,
        partition: portion.key,
        firstOffset: portion.records[0]?.offset,
        lastOffset: portion.records.at(-1)?.offset,
        records: portion.records.length,
      };
      try {
        await destination?.deliver({ ...discard, portions: [portion] }, (key) => queues.get(key)!.text);
        if (destination === undefined) counters.droppedEventCount += portion.records.length;
        else counters.onFailureDestinationDeliveredEventCount += portion.records.length;
        log(destination === undefined ? "records dropped" : "records sent to the failure destination", facts);
      } catch (error) {
        counters.onFailureDestinationDeliveryErrorCount += 1;
        counters.droppedEventCount += portion.records.length;
        log("records dropped: the failure destination did not take them", { ...facts, error: String(error) });
      }
    }
  }

  private lose(queue: PartitionQueue): void {
    queue.isLost = true;
    this.queues.delete(queue.partition);
  }

  private bufferLimit(): number {
    return Math.min(PARTITION_BUFFER_BYTES, TOTAL_BUFFER_BYTES / Math.max(1, this.queues.size));
  }

  private makeRoom(): void {
    for (const partition of this.paused) {
      const queue = this.queues.get(partition);
      if (queue !== undefined && queue.bytes > this.bufferLimit() / 2) continue;
      this.paused.delete(partition);
      this.source?.resume(partition);
      this.roomMade.resolve();
      this.roomMade = Promise.withResolvers();
    }
  }

  // With every partition full there is nothing to fetch; kafkajs would sleep, this wakes up as soon as there is room.
  private async room(): Promise<void> {
    while (this.paused.size > 0 && this.paused.size === this.queues.size && !this.abort.signal.aborted) {
      const beat = Promise.withResolvers<void>();
      const timer = setTimeout(beat.resolve, HEARTBEAT_MS);
      await Promise.race([this.roomMade.promise, beat.promise]);
      clearTimeout(timer);
      await this.source?.heartbeat();
    }
  }

  private async settled(withinMs: number): Promise<void> {
    const deadline = Date.now() + withinMs;
    while (this.slots.inUse > 0 && Date.now() < deadline) {
      // Meanwhile heartbeats keep the membership; that the group rebalances is known.
      await this.source?.heartbeat().catch(() => {});
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }
}
