// About how wide a text is in DejaVu Sans, without a font at hand: what decides whether it fits.

const widths: readonly (readonly [RegExp, number])[] = [
  [/[MW@%…]/u, 1],
  [/\p{Lu}/u, 0.71],
  [/\p{N}/u, 0.64],
  [/[\u2e80-\u{10ffff}]/u, 1],
];

/** In the unit of the type's size. */
export function textWidth(text: string, fontSize: number): number {
  let width = 0;
  for (const character of text) width += widths.find(([pattern]) => pattern.test(character))?.[1] ?? 0.56;
  return width * fontSize;
}
