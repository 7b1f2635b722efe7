// What a program does before it can begin: a line a step once it is done, with the time it took. A terminal's last line says meanwhile
// what is still going on.
import { duration } from "./figures.ts";
import type { Screen } from "./screen.ts";

export interface Steps {
  /** Prints the step when the work is done; steps may run side by side. `name` says what is going on, `describe` what came of it. */
  step<T>(name: string, work: Promise<T>, describe: (done: T) => string): Promise<T>;
  /** Prints a line of its own. */
  note(line: string): void;
}

const lineWidth = 64;

/** Steps that are printed to the screen. */
export function printSteps(screen: Screen): Steps {
  const goingOn = new Map<string, number>();
  let timer: NodeJS.Timeout | undefined;

  function print(text: string): void {
    const below = screen.paint("dim", lastLine().slice(0, screen.width - 1));
    screen.write(screen.isTerminal ? `\r\x1b[2K${text}${below}` : text);
  }

  function lastLine(): string {
    if (goingOn.size === 0) return "";
    const longest = Math.trunc((performance.now() - Math.min(...goingOn.values())) / 1000);
    return `  … ${duration(longest * 1000)}: ${[...goingOn.keys()].join(", ")}`;
  }

  function begin(name: string, now: number): void {
    goingOn.set(name, now);
    if (screen.isTerminal) timer ??= setInterval(print, 1000, "").unref();
  }

  function end(name: string): void {
    goingOn.delete(name);
    if (goingOn.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  }

  return {
    async step(name, work, describe) {
      const started = performance.now();
      begin(name, started);
      try {
        const done = await work;
        end(name);
        const took = duration(performance.now() - started).padStart(8);
        print(`  ${screen.paint("green", "✔")} ${describe(done).padEnd(lineWidth)}${screen.paint("dim", took)}\n`);
        return done;
      } catch (error) {
        end(name);
        if (screen.isTerminal) print("");
        throw error;
      }
    },
    note: (line) => print(`    ${screen.paint("dim", line)}\n`),
  };
}
