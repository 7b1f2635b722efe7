// A mapping's pollers: as many as its load asks for, one added or let go at a time, each change a rebalance of the group.
import type { Clock } from "./clock.ts";
import type { Counters } from "./counters.ts";
import type { Observe } from "./observe/happening.ts";
import type { Poller } from "./poller.ts";
import { firstPollers, type PollerBounds, SCALING_PERIOD_MS, wantedPollers } from "./scaling.ts";

export interface PollerGroupOptions {
  readonly bounds: PollerBounds;
  readonly clock: Clock;
  readonly counters: Readonly<Counters>;
  /** A member joins and leaves again this often, on purpose. */
  readonly rebalanceEveryMs?: number;
  makePoller(index: number): Poller;
  readonly observe: Observe;
  log(message: string, facts: Readonly<Record<string, unknown>>): void;
}

/** What was seen at the last look. */
interface Look {
  readonly processed: number;
  readonly throttles: number;
}

const LEAVE_WITHIN_MS = 30_000;

export class PollerGroup {
  private readonly options: PollerGroupOptions;
  private readonly byIndex = new Map<number, Poller>();
  private readonly cancels = new Set<() => void>();
  private last: Look;
  /** Changes follow one another: each is a rebalance of its own. */
  private changing: Promise<void> = Promise.resolve();
  private isStopped = false;

  constructor(options: PollerGroupOptions) {
    this.options = options;
    this.last = this.look();
  }

  /** Resolves once the first pollers have joined. */
  async start(): Promise<void> {
    const { bounds, rebalanceEveryMs } = this.options;
    await Promise.all(Array.from({ length: firstPollers(bounds) }, () => this.add()));
    if (bounds.minimum < Math.min(bounds.maximum, bounds.partitions)) this.every(SCALING_PERIOD_MS, () => this.scale());
    if (rebalanceEveryMs !== undefined) this.every(rebalanceEveryMs, () => this.comeAndGo());
  }

  /** Lets each finish what it has in flight, for at most `graceMs`. */
  async stop(graceMs: number): Promise<void> {
    this.isStopped = true;
    for (const cancel of this.cancels) cancel();
    await Promise.all(this.pollers.map((poller) => poller.stop(graceMs)));
  }

  get pollers(): readonly Poller[] {
    return [...this.byIndex.values()];
  }

  private async scale(): Promise<void> {
    const { bounds, log } = this.options;
    const now = this.look();
    const load = {
      pollers: this.byIndex.size,
      lag: this.lag(),
      processed: now.processed - this.last.processed,
      throttles: now.throttles - this.last.throttles,
    };
    this.last = now;
    const wanted = wantedPollers(load, bounds);
    if (wanted === load.pollers) return;
    log("pollers are scaled", { from: load.pollers, to: wanted, lag: load.lag });
    while (this.byIndex.size < wanted && !this.isStopped) await this.add();
    while (this.byIndex.size > wanted && !this.isStopped) await this.letGo();
  }

  private async comeAndGo(): Promise<void> {
    this.options.observe({ kind: "fault", fault: "rebalance" });
    await this.add();
    await this.letGo();
  }

  private async add(): Promise<void> {
    let index = 0;
    while (this.byIndex.has(index)) index += 1;
    const poller = this.options.makePoller(index);
    this.byIndex.set(index, poller);
    try {
      await poller.start();
    } catch (error) {
      this.byIndex.delete(index);
      throw error;
    }
    if (this.isStopped) await poller.stop(0);
  }

  private async letGo(): Promise<void> {
    const index = Math.max(...this.byIndex.keys());
    const poller = this.byIndex.get(index);
    await poller?.stop(LEAVE_WITHIN_MS);
    this.byIndex.delete(index);
  }

  private look(): Look {
    const { committedEventCount, throttles } = this.options.counters;
    return { processed: committedEventCount, throttles };
  }

  private lag(): number {
    const partitions = this.pollers.flatMap((poller) => poller.partitions);
    return partitions.reduce((sum, { highWatermark, doneTo }) => sum + Math.max(0, highWatermark - doneTo), 0);
  }

  private every(periodMs: number, run: () => Promise<void>): void {
    const { clock, log } = this.options;
    let cancel = () => {};
    const again = () => {
      cancel = clock.at(clock.now() + periodMs, () => {
        this.changing = this.changing
          .then(() => (this.isStopped ? undefined : run()))
          .catch((error: unknown) => log("pollers could not be changed, trying again", { error: String(error) }))
          .finally(() => {
            if (!this.isStopped) again();
          });
      });
    };
    this.cancels.add(() => cancel());
    again();
  }
}
