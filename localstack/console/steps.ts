// What a program does before it can begin: a line a step once it is done, with the time it took.
import { duration } from "./figures.ts";
import type { Screen } from "./screen.ts";

export interface Steps {
  /** Prints the step when the work is done; steps may run side by side. `describe` says what came of it. */
  step<T>(work: Promise<T>, describe: (done: T) => string): Promise<T>;
  /** Prints a line of its own. */
  note(line: string): void;
}

const lineWidth = 64;

/** Steps that are printed to the screen. */
export function printSteps(screen: Screen): Steps {
  return {
    async step(work, describe) {
      const started = performance.now();
      const done = await work;
      const took = duration(performance.now() - started).padStart(8);
      screen.write(`  ${screen.paint("green", "✔")} ${describe(done).padEnd(lineWidth)}${screen.paint("dim", took)}\n`);
      return done;
    },
    note: (line) => screen.write(`    ${screen.paint("dim", line)}\n`),
  };
}
