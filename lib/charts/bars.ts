// A panel's bars, each with its number: at its end, and for stacked bars also in their parts where there is room.

import type { BarSeriesOption } from "echarts/charts";
import { formatted, lengthsOf, type Panel, type Series } from "./picture.ts";
import { colours, ink, type Place, room } from "./style.ts";
import { textWidth } from "./text-width.ts";

type Label = BarSeriesOption["label"] & object;

/** What echarts calls the panel's series. */
export function barsOf(panel: Panel, place: Place): BarSeriesOption[] {
  return panel.series.length > 1
    ? stackedBars(panel, place)
    : panel.series.map((series) => singleBars(panel, series, place));
}

function singleBars(panel: Panel, series: Series, { index }: Place): BarSeriesOption {
  const data = series.values.map((value, at) => bar(panel, value, colourOf(series, at)));
  return { ...style(index), name: series.name, data, label: endLabel(panel, series.values) };
}

function stackedBars(panel: Panel, { index, width }: Place): BarSeriesOption[] {
  const totals = lengthsOf(panel);
  const label = partLabel(panel, (width - room.rows) / Math.max(...totals, 1));
  const parts = panel.series.map((series) => ({
    ...style(index),
    stack: "total",
    name: series.name,
    data: [...series.values],
    itemStyle: { color: colourOf(series, 0) },
    label,
  }));
  // An empty bar at the end of the others carries their total.
  const total = {
    ...style(index),
    stack: "total",
    name: "",
    data: totals.map(() => 0),
    label: endLabel(panel, totals),
  };
  return [...parts, total];
}

function style(index: number): BarSeriesOption {
  return { type: "bar", xAxisIndex: index, yAxisIndex: index, barWidth: "62%", barMaxWidth: 96, silent: true };
}

/** A bar below zero has its number below it. */
function bar({ layout }: Panel, value: number, color: string) {
  const position = layout === "rows" ? ("left" as const) : ("bottom" as const);
  return { value, itemStyle: { color }, ...(value < 0 ? { label: { position } } : {}) };
}

function endLabel({ layout, values }: Panel, numbers: readonly number[]): Label {
  return {
    show: true,
    position: layout === "rows" ? "right" : "top",
    distance: 7,
    fontSize: 16,
    fontWeight: "bold",
    color: ink.title,
    formatter: ({ dataIndex }) => formatted(numbers[dataIndex] ?? 0, values),
  };
}

/** @param perUnit At least how long a bar of 1 is drawn; the axis goes on past the longest bar by up to a third of it. */
function partLabel({ values }: Panel, perUnit: number): Label {
  const fontSize = 14;
  const hasRoom = (value: number) => 0.7 * perUnit * value > textWidth(`${formatted(value, values)} `, fontSize);
  return {
    show: true,
    position: "inside",
    fontSize,
    color: "#ffffff",
    formatter: ({ value }) => (typeof value === "number" && hasRoom(value) ? formatted(value, values) : ""),
  };
}

function colourOf({ colour }: Series, index: number): string {
  return colours[typeof colour === "string" ? colour : (colour[index] ?? "grey")];
}
