// How far a long job is: a bar on a terminal, a line a second anywhere else.
import { Presets, SingleBar } from "cli-progress";
import { duration, figure, percent, perSecond } from "./figures.ts";
import type { Screen } from "./screen.ts";

export interface Progress {
  advance(by: number): void;
  /** Draws the last state and leaves it there. */
  stop(): void;
}

/** Starts showing how much of `total` is done. */
export function startProgress(screen: Screen, label: string, total: number): Progress {
  return screen.isTerminal ? bar(label, total) : lines(screen, label, total);
}

function bar(label: string, total: number): Progress {
  const started = performance.now();
  let done = 0;
  const drawn = new SingleBar(
    {
      format: `  ${label}  {bar}  {percentage} %  {done} of ${figure(total)}  {speed}  {elapsed}`,
      hideCursor: true,
      fps: 10,
      barsize: 30,
      stream: process.stdout,
    },
    Presets.shades_classic,
  );
  const state = () => {
    const elapsed = performance.now() - started;
    return { done: figure(done), speed: perSecond(done, elapsed), elapsed: duration(elapsed) };
  };
  drawn.start(total, 0, state());
  return {
    advance(by) {
      done += by;
      drawn.update(done, state());
    },
    stop() {
      drawn.update(done, state());
      drawn.stop();
    },
  };
}

function lines(screen: Screen, label: string, total: number): Progress {
  const started = performance.now();
  let done = 0;
  const print = () => {
    const speed = perSecond(done, performance.now() - started);
    screen.write(`  ${label}  ${figure(done)} of ${figure(total)} (${percent(done, total)})  ${speed}\n`);
  };
  const timer = setInterval(print, 1000);
  return {
    advance(by) {
      done += by;
    },
    stop() {
      clearInterval(timer);
      print();
    },
  };
}
