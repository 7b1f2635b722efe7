// A few lines that keep up with what is going on: redrawn in place on a terminal, one plain line a second anywhere else,
// while there is something new.
import { stripVTControlCharacters } from "node:util";
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
  let drawnRows = 0;
  const draw = (block: string) => {
    screen.write(`${drawnRows > 0 ? `\x1b[${drawnRows}A\x1b[0J` : ""}${block}`);
    drawnRows = rowsOf(block, screen.width);
  };
  draw(fitting(view.block(), screen));
  const timer = setInterval(() => draw(fitting(view.block(), screen)), 200);
  return {
    stop() {
      clearInterval(timer);
      draw(view.block());
    },
  };
}

/** A block's first lines, as far as the terminal has rows for them: what has scrolled out of it can't be drawn over. */
function fitting(block: string, { width, height }: Screen): string {
  if (rowsOf(block, width) < height) return block;
  let rows = 2; // the one that says that there is more, and the cursor's
  const shown = block.split("\n").filter((line) => {
    rows += rowsOf(`${line}\n`, width);
    return rows <= height;
  });
  return [...shown, "  …", ""].join("\n");
}

/** How many rows a block takes: a line that is wider than the terminal takes several. */
function rowsOf(block: string, width: number): number {
  const lines = stripVTControlCharacters(block).split("\n").slice(0, -1);
  return lines.reduce((rows, line) => rows + Math.max(1, Math.ceil(line.length / width)), 0);
}
