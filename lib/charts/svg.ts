// Draws a picture as SVG with echarts, without a browser: the panels side by side under the picture's title, or a sentence where there is nothing to draw.

import { BarChart, type BarSeriesOption } from "echarts/charts";
import {
  GridComponent,
  type GridComponentOption,
  LegendComponent,
  type LegendComponentOption,
  TitleComponent,
  type TitleComponentOption,
} from "echarts/components";
import { type ComposeOption, init, use } from "echarts/core";
import { SVGRenderer } from "echarts/renderers";
import { xAxis, yAxis } from "./axes.ts";
import { barsOf } from "./bars.ts";
import type { Panel, Picture } from "./picture.ts";
import { bars, fonts, gap, ink, margin, type Place, panelTop, room, size } from "./style.ts";

use([BarChart, GridComponent, LegendComponent, TitleComponent, SVGRenderer]);

type Option = ComposeOption<BarSeriesOption | GridComponentOption | LegendComponentOption | TitleComponentOption>;

/** The picture as an SVG document. */
export function drawSvg(picture: Picture): string {
  const chart = init(null, null, { renderer: "svg", ssr: true, ...size });
  try {
    chart.setOption(optionOf(picture));
    return chart.renderToSVGString();
  } finally {
    chart.dispose();
  }
}

function optionOf(picture: Picture): Option {
  const base = { animation: false, backgroundColor: "#ffffff", textStyle: { fontFamily: fonts, color: ink.text } };
  if (picture.empty !== undefined) return { ...base, title: [heading(picture), emptyState(picture.empty)] };
  const placed = placedPanels(picture.panels);
  return {
    ...base,
    title: [heading(picture), ...placed.map(({ panel, place }) => panelTitle(panel, place))],
    legend: placed.filter(({ panel }) => panel.series.length > 1).map(({ panel, place }) => legendOf(panel, place)),
    grid: placed.map(({ panel, place }) => gridOf(panel, place)),
    xAxis: placed.map(({ panel, place }) => xAxis(panel, place)),
    yAxis: placed.map(({ panel, place }) => yAxis(panel, place)),
    series: placed.flatMap(({ panel, place }) => barsOf(panel, place)),
  };
}

interface PlacedPanel {
  readonly panel: Panel;
  readonly place: Place;
}

/** The panels side by side, each as wide as its share. */
function placedPanels(panels: readonly Panel[]): readonly PlacedPanel[] {
  const shares = panels.reduce((total, { width }) => total + width, 0);
  const whole = size.width - 2 * margin - gap * (panels.length - 1);
  let left = margin;
  return panels.map((panel, index) => {
    const place = { index, left, width: (whole * panel.width) / shares };
    left += place.width + gap;
    return { panel, place };
  });
}

/** A picture's title and what stands under it, at its upper left. */
export function heading({ title, subtitle }: Pick<Picture, "title" | "subtitle">): TitleComponentOption {
  return {
    text: title,
    subtext: subtitle,
    left: margin,
    top: 28,
    padding: 0,
    itemGap: 12,
    textStyle: { fontSize: 30, fontWeight: "bold", color: ink.title },
    subtextStyle: { fontSize: 16, color: ink.quiet },
  };
}

function panelTitle({ title }: Panel, { left }: Place): TitleComponentOption {
  const textStyle = { fontSize: 19, fontWeight: "bold", color: ink.text } as const;
  return { text: title, left, top: panelTop, padding: 0, textStyle };
}

function emptyState(text: string): TitleComponentOption {
  const textStyle = { fontSize: 24, fontWeight: "normal", color: ink.quiet } as const;
  return { text, left: "center", top: "middle", textStyle };
}

function legendOf({ series }: Panel, { left, width }: Place): LegendComponentOption {
  return {
    data: series.map(({ name }) => name),
    right: size.width - left - width,
    top: panelTop,
    padding: 0,
    itemGap: 20,
    itemWidth: 16,
    itemHeight: 16,
    icon: "rect",
    textStyle: { fontSize: 15, color: ink.text },
    selectedMode: false,
  };
}

function gridOf({ layout }: Panel, { left, width }: Place): GridComponentOption {
  return { left: left + room[layout], width: width - room[layout], top: bars.top, bottom: bars.bottom };
}
