// Commits how far each partition is done, one request at a time: what gets done meanwhile goes with the next one.
import type { Observe } from "./observe/happening.ts";
import type { PartitionQueue } from "./queue.ts";

export interface CommitterOptions {
  /** The partitions that are ours now. */
  queues(): Iterable<PartitionQueue>;
  commit(offsets: ReadonlyMap<number, number>): Promise<void>;
  readonly observe: Observe;
  failed(error: Error): void;
}

/** Least time between two commits: small batches at a high rate would else commit a thousand times a second. */
const SPACING_MS = 50;
const RETRY_MS = 500;

export class Committer {
  private readonly options: CommitterOptions;
  private running: Promise<void> | undefined;
  private timer: NodeJS.Timeout | undefined;
  private lastAt = 0;
  private isStopped = false;
  /** Said once, not at every try while a broker is away. */
  private isFailing = false;

  constructor(options: CommitterOptions) {
    this.options = options;
  }

  /** What the group has for a partition that was just assigned. */
  knows(queue: PartitionQueue, offset: number): void {
    queue.committedTo = offset;
  }

  /** Something is done: commit soon. */
  schedule(delayMs = 0): void {
    if (this.isStopped || this.timer !== undefined || this.running !== undefined) return;
    const wait = Math.max(delayMs, this.lastAt + SPACING_MS - Date.now(), 0);
    this.timer = setTimeout(() => {
      this.timer = undefined;
      void this.run();
    }, wait);
  }

  /** Commits everything that is done by now; a failure is left to the next one. */
  async flush(): Promise<void> {
    await this.running;
    await this.run();
  }

  async stop(): Promise<void> {
    await this.flush();
    this.isStopped = true;
    clearTimeout(this.timer);
  }

  private run(): Promise<void> {
    this.running ??= this.commit().finally(() => {
      this.running = undefined;
    });
    return this.running;
  }

  private async commit(): Promise<void> {
    const done = this.uncommitted();
    if (done.length === 0) return;
    try {
      await this.options.commit(new Map(done.map(({ queue, offset }) => [queue.partition, offset])));
    } catch (error) {
      // A rebalance refuses commits for a moment; the offsets are still uncommitted and go with the next one.
      const failure = error instanceof Error ? error : new Error(String(error));
      this.options.observe({ kind: "commit-failed", error: failure });
      if (!this.isFailing) this.options.failed(failure);
      this.isFailing = true;
      setTimeout(() => this.schedule(), RETRY_MS).unref();
      return;
    } finally {
      this.lastAt = Date.now();
    }
    this.isFailing = false;
    const offsets = done.map(({ queue, offset }) => {
      const from = queue.committedTo ?? offset;
      queue.committedTo = offset;
      return [queue.partition, { from, to: offset }] as const;
    });
    this.options.observe({ kind: "committed", offsets: new Map(offsets) });
    if (this.uncommitted().length > 0) setTimeout(() => this.schedule(), 0);
  }

  private uncommitted(): { readonly queue: PartitionQueue; readonly offset: number }[] {
    const done: { readonly queue: PartitionQueue; readonly offset: number }[] = [];
    for (const queue of this.options.queues()) {
      if (queue.doneTo > (queue.committedTo ?? -1)) done.push({ queue, offset: queue.doneTo });
    }
    return done;
  }
}
