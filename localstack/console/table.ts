// Aligned tables: words to the left, figures to the right.
import Table from "cli-table3";
import type { Screen } from "./screen.ts";

export interface Column {
  readonly title: string;
  readonly align?: "left" | "right";
}

/** The table as text, ending in a line break. Cells are text already: figures.ts writes numbers. */
export function table(columns: readonly Column[], rows: readonly (readonly string[])[], screen: Screen): string {
  const drawn = new Table({
    head: columns.map(({ title }) => screen.paint("dim", title)),
    colAligns: columns.map(({ align }) => align ?? "left"),
    style: { head: [], border: [], "padding-left": 0, "padding-right": 2 },
    chars: noLines,
  });
  drawn.push(...rows.map((row) => [...row]));
  const lines = drawn.toString().split("\n");
  return lines.map((line) => `  ${line.trimEnd()}\n`).join("");
}

// cli-table3 draws boxes unless each of its strokes is emptied.
const strokes = ["top", "bottom", "left", "right", "mid"];
const corners = ["top-mid", "top-left", "top-right", "bottom-mid", "bottom-left", "bottom-right"];
const crossings = ["left-mid", "mid-mid", "right-mid", "middle"];
const noLines = Object.fromEntries([...strokes, ...corners, ...crossings].map((name) => [name, ""]));
