// A panel's two axes: what the bars are, and how much they say.

import { formatted, lengthsOf, type Panel } from "./picture.ts";
import { scaleFor } from "./scale.ts";
import { ink, type Place, room } from "./style.ts";
import { textWidth } from "./text-width.ts";

/** The horizontal axis. */
export function xAxis(panel: Panel, place: Place) {
  return panel.layout === "rows" ? valueAxis(panel, place) : columnNames(panel, place);
}

/** The vertical axis. */
export function yAxis(panel: Panel, place: Place) {
  return panel.layout === "rows" ? rowNames(panel, place) : valueAxis(panel, place);
}

const name = { fontSize: 14, color: ink.quiet };
const namesSize = 15;

function columnNames({ category, categories }: Panel, { index, width }: Place) {
  const each = (width - room.columns) / categories.length - 8;
  const wraps = categories.some((text) => textWidth(text, namesSize) > each);
  return {
    ...categoryAxis(categories, index),
    name: category,
    nameLocation: "middle" as const,
    nameGap: wraps ? 58 : 40,
    nameTextStyle: name,
    axisLabel: {
      interval: 0,
      fontSize: namesSize,
      color: ink.text,
      margin: 10,
      width: each,
      overflow: "break" as const,
      lineHeight: 18,
    },
  };
}

function rowNames({ category, categories }: Panel, { index }: Place) {
  return {
    ...categoryAxis(categories, index),
    inverse: true,
    name: category,
    nameLocation: "start" as const,
    nameGap: 12,
    nameTextStyle: { ...name, align: "right" as const, padding: [0, 10, 0, 0] },
    axisLabel: {
      interval: 0,
      fontSize: namesSize,
      color: ink.text,
      margin: 10,
    },
  };
}

function categoryAxis(categories: readonly string[], gridIndex: number) {
  const axisLine = { lineStyle: { color: ink.line } };
  return { type: "category" as const, gridIndex, data: [...categories], axisTick: { show: false }, axisLine };
}

function valueAxis(panel: Panel, { index }: Place) {
  const { unit, layout, values } = panel;
  const isRows = layout === "rows";
  return {
    type: "value" as const,
    gridIndex: index,
    name: unit,
    ...(isRows ? belowAxis : aboveAxis),
    ...scaleFor(lengthsOf(panel), { steps: 5, beyond: isRows ? 0.14 : 0.09, isWhole: values === "counts" }),
    axisLabel: {
      fontSize: 13,
      color: ink.quiet,
      // Round numbers: their cents would be noise.
      formatter: (value: number) => formatted(value, values).replace(/\.00$/, ""),
    },
    splitLine: { lineStyle: { color: ink.grid } },
  };
}

const belowAxis = { nameLocation: "middle" as const, nameGap: 34, nameTextStyle: name };

/** Begins where the panel's title begins. */
const aboveAxis = {
  nameLocation: "end" as const,
  nameGap: 14,
  nameTextStyle: { ...name, align: "left" as const, padding: [0, 0, 0, -room.columns] },
};
