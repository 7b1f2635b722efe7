// Where the programs print: colours and moving lines on a terminal, plain lines anywhere else.
import { styleText } from "node:util";

/** A place to print; tests give one that remembers. */
export interface Screen {
  readonly isTerminal: boolean;
  /** Columns of a terminal. */
  readonly width: number;
  /** Its rows. */
  readonly height: number;
  write(text: string): void;
  paint(style: Style, text: string): string;
}

export type Style = "bold" | "dim" | "green" | "red" | "yellow" | "cyan";

/** Standard output. Colours follow NO_COLOR and FORCE_COLOR as Node does. */
export const screen: Screen = {
  isTerminal: process.stdout.isTTY === true,
  get width() {
    return process.stdout.columns ?? 120;
  },
  get height() {
    return process.stdout.rows ?? 40;
  },
  write: (text) => void process.stdout.write(text),
  paint: (style, text) => styleText(style, text, { stream: process.stdout }),
};

/** A screen without a terminal that keeps what is printed. */
export function memoryScreen(): Screen & { text(): string } {
  let printed = "";
  return {
    isTerminal: false,
    width: 120,
    height: 40,
    write: (text) => {
      printed += text;
    },
    paint: (_, text) => text,
    text: () => printed,
  };
}

/** Prints a heading with a blank line above it. */
export function printHeading(screen: Screen, text: string): void {
  screen.write(`\n${screen.paint("bold", text)}\n`);
}
