// Pictures under names that people find: those of one drawing together under its time, and beside them the latest under names that stay.
//
//   <prefix>2026-11-21T13-48-40.123Z/purchase.png .svg      each drawing, for good
//   <prefix>latest/purchase.png .svg  totals.json           the newest one, whoever else is still writing an older one

import type { ObjectStore, StoredObject } from "../objects/objects.ts";
import type { Picture } from "./picture.ts";
import { rasterizer } from "./png.ts";
import { size } from "./style.ts";
import { drawSvg } from "./svg.ts";

export interface Publication {
  /** Goes before every name. */
  readonly prefix: string;
  /** When it was drawn, epoch ms; later for every drawing. */
  readonly at: number;
  readonly pictures: Readonly<Record<string, Picture>>;
  /** The numbers themselves, for programs. */
  readonly totals: object;
}

/** Draws the pictures and publishes them; those of this time first, so that what is the latest is also there under its time. */
export async function publishPictures(
  objects: ObjectStore,
  { prefix, at, pictures, totals }: Publication,
): Promise<void> {
  const files = [
    ...(await drawn(pictures)),
    ["totals.json", json({ at: new Date(at).toISOString(), ...totals })] as const,
  ];
  const time = new Date(at).toISOString().replaceAll(":", "-");
  await Promise.all(files.map(([name, file]) => objects.put(`${prefix}${time}/${name}`, file)));
  await Promise.all(files.map(([name, file]) => objects.replace(`${prefix}latest/${name}`, file, at)));
}

type File = readonly [name: string, object: StoredObject];

async function drawn(pictures: Readonly<Record<string, Picture>>): Promise<readonly File[]> {
  const rasterize = await rasterizer();
  return Object.entries(pictures).flatMap(([name, picture]): File[] => {
    const svg = drawSvg(picture);
    return [
      [`${name}.svg`, { body: Buffer.from(svg), contentType: "image/svg+xml" }],
      [`${name}.png`, { body: rasterize(svg, size.width), contentType: "image/png" }],
    ];
  });
}

function json(content: unknown): StoredObject {
  return { body: Buffer.from(`${JSON.stringify(content, null, 2)}\n`), contentType: "application/json" };
}
