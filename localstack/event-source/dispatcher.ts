// Turns buffered records into invocations: asks `batch` what is due, has `deliver` carry it through, frees the partition.
import { type BatchLimits, decide, rollWindow } from "./batch.ts";
import { type DeliveryContext, type Discard, deliver, type Portions } from "./deliver.ts";
import { RefusedRecords } from "./destinations/failure-destination.ts";
import { Gate } from "./gate.ts";
import type { InvokeRequest } from "./invoke.ts";
import type { Discarded } from "./observe/happening.ts";
import type { PollerOptions } from "./poller-options.ts";
import type { PartitionQueue } from "./queue.ts";
import { keep } from "./settle.ts";
import { Slots } from "./slots.ts";
import { eventBytes, eventHead, MAX_EVENT_BYTES } from "./wire.ts";

/** A provisioned poller's concurrent invocations: https://docs.aws.amazon.com/lambda/latest/dg/kafka-scaling-modes.html */
const PROVISIONED_INVOCATIONS = 5;

/** Different ones that a poller makes on a function's answers: enough to see what is wrong. */
const MOST_REMARKS = 10;

/** What is said of a discard, by its outcome. */
const SAID = {
  delivered: "records sent to the failure destination",
  "no-destination": "records dropped: the mapping has no failure destination",
  refused: "records dropped: the failure destination did not take them",
} as const;

export interface DispatcherListener {
  /** Records left a partition's buffer. */
  taken(): void;
  /** A partition's batch is settled. */
  settled(): void;
}

/** What became of some of a discard's records. */
type Fate = Pick<Discarded, "portions" | "outcome">;

export class Dispatcher {
  private readonly options: PollerOptions;
  private readonly queues: () => Iterable<PartitionQueue>;
  private readonly listener: DispatcherListener;
  private readonly head: string;
  private readonly limits: BatchLimits;
  private readonly slots: Slots;
  private readonly gate = new Gate();
  private readonly abort = new AbortController();
  /** Partitions with a batch in flight, also those that were lost meanwhile: never two batches at once. */
  private readonly delivering = new Set<string>();
  /** Batches on their way to their first invocation. */
  private starting = 0;
  private batches = 0;
  private discarding = 0;
  private readonly remarks = new Set<string>();
  private windowStart: number;
  private cancelTimer: (() => void) | undefined;

  constructor(options: PollerOptions, queues: () => Iterable<PartitionQueue>, listener: DispatcherListener) {
    const { mapping, source, clock, switches } = options;
    this.options = options;
    this.queues = queues;
    this.listener = listener;
    this.head = eventHead(source);
    // Besides its records an event is its head and two braces; the first partition has no comma.
    const maxBytes = MAX_EVENT_BYTES - this.head.length - 1;
    this.limits = {
      batchSize: mapping.batchSize,
      windowMs: mapping.windowMs,
      maxBytes,
      concurrency: mapping.mode === "provisioned" ? PROVISIONED_INVOCATIONS : Number(switches["on-demand-invocations"]),
    };
    this.slots = new Slots(this.limits.concurrency);
    this.windowStart = clock.now();
    this.gate.close();
  }

  /** Invocations that run now. */
  get inFlight(): number {
    return this.slots.inUse;
  }

  /** Something is under way whose end should be waited for before the group is left: an invocation, or a write to the destination. */
  get isBusy(): boolean {
    return this.slots.inUse + this.discarding > 0;
  }

  /** Starts nothing more, neither a batch nor a retry, until `open`. */
  hold(): void {
    this.gate.close();
  }

  open(): void {
    this.gate.open();
    this.pump();
  }

  /** For good: what waits for a retry is given up, uncommitted. */
  stop(): void {
    this.gate.close();
    this.abort.abort();
    this.cancelTimer?.();
  }

  /** Records are about to be put into a queue: a window that nobody used may be over by now. */
  beforeArrival(): void {
    if (this.ready().length > 0) return;
    this.windowStart = rollWindow(this.windowStart, this.limits.windowMs, this.options.clock.now());
  }

  /** Starts every batch that is due; comes back when the window closes or something changes. */
  pump(): void {
    this.cancelTimer?.();
    this.cancelTimer = undefined;
    const { clock } = this.options;
    while (this.gate.isOpen) {
      const now = clock.now();
      const inFlight = this.slots.inUse + this.starting;
      const decision = decide({ ready: this.ready(), inFlight, windowStart: this.windowStart }, this.limits, now);
      if (decision.kind === "wait") {
        if (decision.until !== undefined) this.cancelTimer = clock.at(decision.until, () => this.pump());
        return;
      }
      this.windowStart = now;
      const queues = new Map(decision.takes.map(({ queue }) => [queue.text.key, queue]));
      const portions = decision.takes.map(({ queue, count }) => ({ key: queue.text.key, records: queue.take(count) }));
      for (const key of queues.keys()) this.delivering.add(key);
      this.batches += 1;
      const batch = `${this.options.index}.${this.batches}`;
      this.options.observe({ kind: "batched", batch, closedBy: decision.closedBy, portions });
      deliver(portions, this.contextOf(queues, batch)).catch(this.options.fatal);
      this.listener.taken();
    }
  }

  private ready(): PartitionQueue[] {
    const isReady = (queue: PartitionQueue) => queue.count > 0 && !this.delivering.has(queue.text.key);
    return [...this.queues()].filter(isReady);
  }

  private contextOf(queues: ReadonlyMap<string, PartitionQueue>, batch: string): DeliveryContext {
    const { mapping, clock, observe, backOff, faults, switches } = this.options;
    this.starting += 1;
    const hasStarted = once(() => {
      this.starting -= 1;
    });
    const textOf = (key: string) => queues.get(key)!.text;
    return {
      policy: mapping.policy,
      backOff,
      switches,
      clock,
      batch,
      observe,
      faults,
      signal: this.abort.signal,
      maxEventBytes: MAX_EVENT_BYTES,
      admitted: () => this.gate.passed,
      eventOf: (portions) =>
        eventBytes(
          this.head,
          portions.map(({ key, records }) => ({ text: textOf(key), records })),
        ),
      invoke: (request) => {
        hasStarted();
        return this.invoke(request);
      },
      isLost: (key) => queues.get(key)!.isLost,
      release: (key) => {
        hasStarted();
        this.release(queues.get(key)!);
      },
      discard: (discard) => this.discard({ ...discard, batch }, textOf),
      remark: (text) => this.remark(text),
    };
  }

  private remark(text: string): void {
    if (this.remarks.has(text) || this.remarks.size >= MOST_REMARKS) return;
    this.remarks.add(text);
    this.options.log(text, { function: this.options.functionName });
  }

  private async invoke(request: Omit<InvokeRequest, "functionName">) {
    const { mapping, functionName, invoker, clock } = this.options;
    const result = await this.slots.run(() => invoker.invoke({ functionName, ...request }));
    // On demand the next window starts when an invocation completes, else when a batch is closed.
    if (mapping.mode === "on-demand") this.windowStart = clock.now();
    return result;
  }

  private release(queue: PartitionQueue): void {
    queue.finish(this.options.clock.now());
    this.delivering.delete(queue.text.key);
    this.listener.settled();
    this.pump();
  }

  /** Hands records to the destination; what it does not take, or without one, is lost, as on AWS. */
  async discard(discard: Discard, textOf: (key: string) => PartitionQueue["text"]): Promise<void> {
    const { observe, log } = this.options;
    this.discarding += 1;
    const fates = await this.handOver(discard, textOf);
    this.discarding -= 1;
    const { condition, reason } = discard;
    const { functionError: _said, ...facts } = discard;
    for (const { portions, outcome } of fates) {
      observe({ kind: "discarded", ...facts, portions, outcome });
      for (const { key, records } of portions) {
        log(SAID[outcome.kind], {
          condition,
          ...(reason === undefined ? {} : { reason }),
          partition: key,
          firstOffset: records[0]?.offset,
          lastOffset: records.at(-1)?.offset,
          records: records.length,
          ...(outcome.kind === "refused" ? { error: outcome.error } : {}),
        });
      }
    }
  }

  private async handOver(discard: Discard, textOf: (key: string) => PartitionQueue["text"]): Promise<readonly Fate[]> {
    const { destination } = this.options;
    const { portions } = discard;
    if (destination === undefined) return [{ portions, outcome: { kind: "no-destination" } }];
    try {
      await destination.deliver(discard, textOf);
      return [{ portions, outcome: { kind: "delivered" } }];
    } catch (error) {
      const refused = (those: Portions): Fate => ({
        portions: those,
        outcome: { kind: "refused", error: String(error instanceof RefusedRecords ? error.cause : error) },
      });
      if (!(error instanceof RefusedRecords)) return [refused(portions)];
      const { records } = error;
      const taken = keep(portions, (_key, record) => !records.has(record));
      const rest = refused(keep(portions, (_key, record) => records.has(record)));
      return taken.length === 0 ? [rest] : [{ portions: taken, outcome: { kind: "delivered" } }, rest];
    }
  }
}

function once(run: () => void): () => void {
  let hasRun = false;
  return () => {
    if (!hasRun) run();
    hasRun = true;
  };
}
