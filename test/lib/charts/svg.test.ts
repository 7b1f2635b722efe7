// What is in a drawing: titles, axes with units, a bar and a number for every value; and that any text survives.

import { describe, expect, it } from "vitest";
import type { Panel, Picture } from "../../../lib/charts/picture.ts";
import { rasterizer } from "../../../lib/charts/png.ts";
import { drawSvg } from "../../../lib/charts/svg.ts";
import { sizeOf, textsIn } from "../../support/pictures.ts";

const columns: Panel = {
  title: "Revenue",
  unit: "USD",
  values: "amounts",
  category: "event name",
  categories: ["Added to cart", "Paid"],
  series: [{ name: "Revenue", colour: "green", values: [1234.5, 250] }],
  layout: "columns",
  width: 1,
};
const rows: Panel = {
  title: "Items by carrier",
  unit: "items",
  values: "counts",
  category: "carrier",
  categories: ["DHL", 'Müller & <Söhne> "2"'],
  series: [
    { name: "Delivered", colour: "blue", values: [300, 1] },
    { name: "In transit", colour: "orange", values: [120, 99] },
  ],
  layout: "rows",
  width: 2,
};
const picture: Picture = { title: "Purchases", subtitle: "2 events in all", panels: [columns, rows] };

describe("a drawing", () => {
  const svg = drawSvg(picture);
  const texts = textsIn(svg);

  it("says what it is, and what each panel and axis is, with units", () => {
    for (const text of ["Purchases", "2 events in all", "Revenue", "USD", "event name", "Items by carrier", "items"])
      expect(texts).toContain(text);
  });

  it("has a number on every bar", () => {
    for (const number of ["1,234.50", "250.00"]) expect(texts).toContain(number);
  });

  it("has a stacked bar's parts where there is room, and always its total", () => {
    for (const number of ["300", "120", "420", "100"]) expect(texts).toContain(number);
    expect(texts).not.toContain("1");
  });

  it("names the parts in a legend, and the total not", () => {
    for (const name of ["Delivered", "In transit"]) expect(texts).toContain(name);
    expect(texts).not.toContain("");
  });

  it("keeps names as they are spelt, whatever XML makes of them", () => {
    expect(texts).toContain('Müller & <Söhne> "2"');
  });

  it("is light and as large as a screen shows it", () => {
    expect(svg).toContain('fill="#ffffff"');
    expect(sizeOf(svg)).toEqual({ width: 1280, height: 720 });
  });

  it("is the same for the same picture, but for the names of its parts", () => {
    const plain = (text: string) => text.replaceAll(/zr\d+-[\w-]+/g, "zr");
    expect(plain(drawSvg(picture))).toBe(plain(svg));
  });

  it("says so where there is nothing to draw, without axes", () => {
    const empty = textsIn(drawSvg({ ...picture, empty: "No purchase events yet" }));
    expect(empty).toEqual(["Purchases", "2 events in all", "No purchase events yet"]);
  });
});

describe("a PNG", () => {
  it("is drawn from any drawing, in the width that is asked for", async () => {
    const png = (await rasterizer())(drawSvg(picture), 640);
    expect(Buffer.from(png.subarray(1, 4)).toString()).toBe("PNG");
    const header = Buffer.from(png);
    expect([header.readUInt32BE(16), header.readUInt32BE(20)]).toEqual([640, 360]);
  });

  it("has its text: without the font it silently would not", async () => {
    const rasterize = await rasterizer();
    const svg = drawSvg({ ...picture, empty: "No purchase events yet" });
    const blank = rasterize(svg.replaceAll(/<text[\s\S]*?<\/text>/g, ""), 640);
    expect(rasterize(svg, 640).length).toBeGreaterThan(blank.length + 2_000);
  });
});
