// How pictures look: sizes, colours and type, on a light background.

import type { Colour } from "./picture.ts";

export const size = { width: 1280, height: 720 };

/** Around the picture, and between two panels. */
export const margin = 48;
export const gap = 64;

/** Where the panels' titles stand, and how far from the edges their bars begin and end. */
export const panelTop = 128;
export const bars = { top: 190, bottom: 86 };

/** Room on the left of the bars: for the categories' names, or for the values' axis. */
export const room = { rows: 190, columns: 72 };

export const colours: Readonly<Record<Colour, string>> = {
  blue: "#2b6cb0",
  orange: "#c05621",
  green: "#2f855a",
  grey: "#718096",
};
export const ink = { title: "#1a202c", text: "#2d3748", quiet: "#5a6778", line: "#cbd5e0", grid: "#edf2f7" };

/** DejaVu Sans is what a PNG is drawn with (png.ts); a browser that lacks it has the next one. */
export const fonts = "DejaVu Sans, Verdana, sans-serif";

/** Where a panel is, from the picture's left edge. */
export interface Place {
  /** Which panel it is, and so which of the axes. */
  readonly index: number;
  readonly left: number;
  readonly width: number;
}
