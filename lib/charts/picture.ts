// A picture as data: what a chart says, without how it is drawn. Pipelines describe pictures, svg.ts draws them.

import { textWidth } from "./text-width.ts";

/** One picture: a title, what it is about and as of when, and panels side by side. */
export interface Picture {
  readonly title: string;
  readonly subtitle: string;
  readonly panels: readonly Panel[];
  /** Said in place of the panels where there is nothing to draw yet. */
  readonly empty?: string;
}

/** Bars over categories. */
export interface Panel {
  readonly title: string;
  /** The unit of the values, named on their axis. */
  readonly unit: string;
  /** What the categories are, named on their axis. */
  readonly category: string;
  readonly categories: readonly string[];
  readonly series: readonly Series[];
  /** Columns stand beside one another; rows lie below one another and have room for long names. Several series are stacked. */
  readonly layout: "columns" | "rows";
  readonly values: "counts" | "amounts";
  /** The panel's share of the picture's width, beside the other panels' shares. */
  readonly width: number;
}

/** One value a category. A panel with one series needs no legend; its bars may each have a colour. */
export interface Series {
  readonly name: string;
  readonly colour: Colour | readonly Colour[];
  readonly values: readonly number[];
}

/** Told apart by colour-blind readers too, and dark enough for white text. */
export type Colour = "blue" | "orange" | "green" | "grey";

/** How long each bar of a panel is: stacked series add up. */
export function lengthsOf({ categories, series }: Panel): readonly number[] {
  return categories.map((_, at) => series.reduce((sum, { values }) => sum + (values[at] ?? 0), 0));
}

/** A value as its bar says it. */
export function formatted(value: number, values: Panel["values"]): string {
  return values === "counts" ? wholeNumber(value) : amount(value);
}

/** A whole number: with separators while it is short, `1.23 M` from ten million on. */
export function wholeNumber(value: number): string {
  return Math.abs(value) < 1e7 ? separated(Math.round(value), 0) : abbreviated(value);
}

/** An amount of money: to the cent below 10,000, whole below ten million, `12.3 M` from there on. */
export function amount(value: number): string {
  if (Math.abs(value) >= 1e7) return abbreviated(value);
  return separated(value, Math.abs(value) < 1e4 ? 2 : 0);
}

/**
 * What a category is called on its axis: one line of printable characters, cut where it is too long.
 * echarts looks texts up in plain objects, where `__proto__` would have it write into every object there is: a name that objects know gets a
 * space that nobody sees. https://github.com/ecomfe/zrender/blob/master/src/core/LRU.ts
 */
export function label(text: string): string {
  const line = text
    .toWellFormed()
    .replace(/[\p{C}\p{Z}\s]+/gu, " ")
    .trim();
  if (line === "") return "(no name)";
  if (line in Object.prototype) return `${line}\u00a0`;
  return textWidth(line, 1) <= LONGEST_LABEL ? line : `${cut(line)}…`;
}

/** In parts of the type's size, so that rows' names have room. */
const LONGEST_LABEL = 12;

function cut(line: string): string {
  let width = 0;
  let kept = "";
  for (const character of line) {
    width += textWidth(character, 1);
    if (width > LONGEST_LABEL - 1) break;
    kept += character;
  }
  return kept.trimEnd();
}

const scales = [
  { from: 1e15, by: 1e15, letter: "Q" },
  { from: 1e12, by: 1e12, letter: "T" },
  { from: 1e9, by: 1e9, letter: "B" },
  { from: 0, by: 1e6, letter: "M" },
];

function abbreviated(value: number): string {
  const { by, letter } = scales.find(({ from }) => Math.abs(value) >= from)!;
  return `${new Intl.NumberFormat("en-US", { maximumSignificantDigits: 4 }).format(value / by)} ${letter}`;
}

function separated(value: number, decimals: number): string {
  return new Intl.NumberFormat("en-US", { minimumFractionDigits: decimals, maximumFractionDigits: decimals }).format(
    value,
  );
}
