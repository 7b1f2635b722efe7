// An SVG as a PNG, by resvg compiled to WebAssembly: the same on a laptop and on Lambda, whatever the processor.
// Text needs the font that is shipped with the function: without one a PNG silently has no text, and Lambda has none.

import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { initWasm, Resvg } from "@resvg/resvg-wasm";

/** The files that have to be packaged beside the bundle, where Node finds packages. */
const wasm = "@resvg/resvg-wasm/index_bg.wasm";
const fonts = ["dejavu-fonts-ttf/ttf/DejaVuSans.ttf", "dejavu-fonts-ttf/ttf/DejaVuSans-Bold.ttf"];
export const fontFamily = "DejaVu Sans";

/** Turns an SVG into a PNG of this width. */
export type Rasterizer = (svg: string, width: number) => Uint8Array;

let opened: Promise<Rasterizer> | undefined;

/** The rasterizer of this execution environment; what it needs is read once. */
export function rasterizer(): Promise<Rasterizer> {
  opened ??= open();
  return opened;
}

async function open(): Promise<Rasterizer> {
  const { resolve } = createRequire(import.meta.url);
  const [program, ...fontBuffers] = await Promise.all([wasm, ...fonts].map((name) => readFile(resolve(name))));
  await initWasm(program!);
  return (svg, width) => {
    const image = new Resvg(svg, {
      font: { fontBuffers, defaultFontFamily: fontFamily, loadSystemFonts: false },
      fitTo: { mode: "width", value: width },
    });
    try {
      return image.render().asPng();
    } finally {
      image.free();
    }
  };
}
