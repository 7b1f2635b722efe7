// A few lines that keep up with what is going on: redrawn in place on a terminal, one plain line a second anywhere else,
// while there is something new.
import type { Screen } from "./screen.ts";

export interface View {
  /** Lines for a terminal, the last one ended too. */
  block(): string;
  /** One line for a log. */
  line(): string;
}

export interface Live {
  /** Draws the last state and leaves it there. */
  stop(): void;
}

/** Shows the view until it is stopped. */
export function startLive(screen: Screen, view: View): Live {
  if (!screen.isTerminal) {
    let printed = "";
    const print = () => {
      const line = view.line();
      if (line !== printed) screen.write(`  ${line}\n`);
      printed = line;
    };
    const timer = setInterval(print, 1000);
    return {
      stop() {
        clearInterval(timer);
        print();
      },
    };
  }
  let drawnLines = 0;
  const draw = () => {
    const block = view.block();
    screen.write(`${drawnLines > 0 ? `\x1b[${drawnLines}A\x1b[0J` : ""}${block}`);
    drawnLines = block.split("\n").length - 1;
  };
  draw();
  const timer = setInterval(draw, 200);
  return {
    stop() {
      clearInterval(timer);
      draw();
    },
  };
}
