// A number of places; who finds none waits for one, first come first served.
export class Slots {
  private readonly waiting: (() => void)[] = [];
  private readonly size: number;
  inUse = 0;

  constructor(size: number) {
    this.size = size;
  }

  /** Runs the task in a place of its own. */
  async run<T>(task: () => Promise<T>): Promise<T> {
    if (this.inUse < this.size) this.inUse += 1;
    else await new Promise<void>((resolve) => this.waiting.push(resolve));
    try {
      return await task();
    } finally {
      const next = this.waiting.shift();
      if (next === undefined) this.inUse -= 1;
      else next();
    }
  }
}
