// The curve as a picture: dollars a month over records a second, both by powers of ten, so that a straight line means a steady price a record.

import { LineChart, type LineSeriesOption } from "echarts/charts";
import {
  GridComponent,
  type GridComponentOption,
  LegendComponent,
  type LegendComponentOption,
  MarkLineComponent,
  type MarkLineComponentOption,
  TitleComponent,
  type TitleComponentOption,
} from "echarts/components";
import { type ComposeOption, init, use } from "echarts/core";
import { SVGRenderer } from "echarts/renderers";
import { colours, fonts, ink, margin, size } from "../../lib/charts/style.ts";
import { heading } from "../../lib/charts/svg.ts";
import type { Point } from "./curve.ts";

use([LineChart, GridComponent, LegendComponent, MarkLineComponent, TitleComponent, SVGRenderer]);

type Option = ComposeOption<
  LineSeriesOption | GridComponentOption | LegendComponentOption | MarkLineComponentOption | TitleComponentOption
>;

export interface CostChart {
  readonly title: string;
  readonly subtitle: string;
  readonly points: readonly Point[];
  /** Marked by a line. */
  readonly recordsPerSecond: number;
}

/** The chart as an SVG document. */
export function drawCostChart(chart: CostChart): string {
  const drawn = init(null, null, { renderer: "svg", ssr: true, ...size });
  try {
    drawn.setOption(optionOf(chart));
    return drawn.renderToSVGString();
  } finally {
    drawn.dispose();
  }
}

const lines = [
  { name: "This, provisioned pollers", colour: colours.blue, of: ({ provisioned }: Point) => provisioned },
  { name: "This, on-demand pollers", colour: colours.green, of: ({ onDemand }: Point) => onDemand },
  { name: "Managed Flink", colour: colours.orange, of: ({ flink }: Point) => flink },
];

function optionOf({ title, subtitle, points, recordsPerSecond }: CostChart): Option {
  const dollars = points.flatMap((point) => lines.map(({ of }) => of(point) ?? Number.NaN)).filter(Number.isFinite);
  return {
    animation: false,
    backgroundColor: "#ffffff",
    textStyle: { fontFamily: fonts, color: ink.text },
    title: heading({ title, subtitle }),
    legend: {
      left: margin,
      top: 118,
      padding: 0,
      itemGap: 64,
      icon: "rect",
      itemHeight: 4,
      textStyle: { fontSize: 16, color: ink.text },
    },
    grid: { left: margin + 64, right: margin + 24, top: 200, bottom: 92 },
    xAxis: {
      ...axis("records a second"),
      min: points[0]?.recordsPerSecond ?? 1,
      max: points.at(-1)?.recordsPerSecond ?? 10,
      nameLocation: "middle",
      nameGap: 44,
    },
    yAxis: {
      ...axis("US dollars a month"),
      min: 10 ** Math.floor(Math.log10(Math.min(...dollars))),
      max: 10 ** Math.ceil(Math.log10(Math.max(...dollars))),
      nameLocation: "end",
      nameGap: 18,
      nameTextStyle: { fontSize: 15, color: ink.quiet, align: "left", padding: [0, 0, 0, -64] },
    },
    series: lines.map(({ name, colour, of }, index) => ({
      type: "line",
      name,
      data: points.map((point) => [point.recordsPerSecond, of(point) ?? Number.NaN]),
      showSymbol: false,
      lineStyle: { width: 3, color: colour },
      itemStyle: { color: colour },
      ...(index === 0 ? { markLine: markAt(recordsPerSecond) } : {}),
    })),
  };
}

function axis(name: string) {
  return {
    type: "log" as const,
    name,
    nameTextStyle: { fontSize: 15, color: ink.quiet },
    axisLine: { show: true, lineStyle: { color: ink.line } },
    axisLabel: { fontSize: 15, color: ink.quiet, formatter: (value: number) => value.toLocaleString("en-US") },
    splitLine: { lineStyle: { color: ink.grid } },
  };
}

function markAt(recordsPerSecond: number): LineSeriesOption["markLine"] & object {
  return {
    silent: true,
    symbol: "none",
    lineStyle: { color: ink.quiet, type: "dashed", width: 1.5 },
    label: {
      formatter: `${recordsPerSecond.toLocaleString("en-US")}/s`,
      fontSize: 15,
      color: ink.text,
      position: "end",
    },
    data: [{ xAxis: recordsPerSecond }],
  };
}
