import type { Clock } from "../../../localstack/event-source/clock.ts";

/** A clock that a test moves. What is due runs while it moves, at its own time. */
export class ManualClock implements Clock {
  private time: number;
  private readonly timers = new Set<{ readonly time: number; readonly run: () => void }>();

  constructor(time: number) {
    this.time = time;
  }

  now(): number {
    return this.time;
  }

  at(time: number, run: () => void): () => void {
    const timer = { time, run };
    this.timers.add(timer);
    return () => this.timers.delete(timer);
  }

  /** Whether something waits for exactly that long from now. */
  isDueIn(ms: number): boolean {
    return [...this.timers].some(({ time }) => time === this.time + ms);
  }

  async advance(ms: number): Promise<void> {
    const end = this.time + ms;
    for (;;) {
      await settled();
      const [next] = [...this.timers].filter(({ time }) => time <= end).sort((a, b) => a.time - b.time);
      if (next === undefined) break;
      this.timers.delete(next);
      this.time = Math.max(this.time, next.time);
      next.run();
    }
    this.time = end;
  }
}

/** Lets everything run that waits for nothing but its turn. */
export async function settled(): Promise<void> {
  for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
}
