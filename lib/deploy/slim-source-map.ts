// A source map cut down to what a stack trace needs of one's own code: where it stands, and no names. Pure.
// https://tc39.es/ecma426/

export interface SourceMap {
  readonly sources: readonly (string | null)[];
  readonly names: readonly string[];
  /** Lines separated by `;`, segments by `,`: differences to the segment before, in base 64. */
  readonly mappings: string;
}

/** Generated column; and for code that is mapped the source, its line and its column. */
type Segment =
  | readonly [column: number]
  | readonly [column: number, source: number, line: number, sourceColumn: number];

const UNMAPPED = 1;

/** The map with the segments of the sources that are kept; where other code begins is said, so that it isn't taken for theirs. */
export function slimSourceMap<T extends SourceMap>(map: T, isKept: (source: string) => boolean): T {
  const kept = map.sources.map((source) => source !== null && isKept(source));
  const lines = decoded(map.mappings).map((segments) => withoutOthers(segments, kept));
  return { ...map, names: [], mappings: encoded(lines) };
}

function withoutOthers(segments: readonly Segment[], kept: readonly boolean[]): readonly Segment[] {
  const shown = segments.map((segment): Segment => (isMapped(segment) && kept[segment[1]] ? segment : [segment[0]]));
  return shown.filter((segment, i) => isMapped(segment) || (i > 0 && isMapped(shown[i - 1]!)));
}

function isMapped(segment: Segment): segment is Extract<Segment, { length: 4 }> {
  return segment.length > UNMAPPED;
}

function decoded(mappings: string): Segment[][] {
  let [source, line, sourceColumn] = [0, 0, 0];
  return mappings.split(";").map((text) => {
    let column = 0;
    return text.split(",").flatMap((segment): Segment[] => {
      const [columnStep, sourceStep, lineStep = 0, sourceColumnStep = 0] = numbersIn(segment);
      if (columnStep === undefined) return [];
      column += columnStep;
      if (sourceStep === undefined) return [[column]];
      source += sourceStep;
      line += lineStep;
      sourceColumn += sourceColumnStep;
      return [[column, source, line, sourceColumn]];
    });
  });
}

function encoded(lines: readonly (readonly Segment[])[]): string {
  let before = [0, 0, 0];
  const rendered = lines.map((segments) => {
    let columnBefore = 0;
    return segments
      .map(([column, ...place]) => {
        const steps = [column - columnBefore, ...place.map((value, i) => value - before[i]!)];
        columnBefore = column;
        if (place.length > 0) before = place;
        return steps.map(base64Of).join("");
      })
      .join(",");
  });
  return rendered.join(";").replace(/;+$/, "");
}

const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const MORE = 32;

function numbersIn(segment: string): number[] {
  const numbers: number[] = [];
  let [value, shift] = [0, 0];
  for (const character of segment) {
    const digit = DIGITS.indexOf(character);
    value += (digit % MORE) * 2 ** shift;
    if (digit >= MORE) {
      shift += 5;
      continue;
    }
    numbers.push(value % 2 === 1 ? -(value - 1) / 2 : value / 2); // the lowest bit is the sign
    [value, shift] = [0, 0];
  }
  return numbers;
}

function base64Of(number: number): string {
  let left = number < 0 ? -number * 2 + 1 : number * 2;
  let text = "";
  do {
    const digit = left % MORE;
    left = (left - digit) / MORE;
    text += DIGITS[left > 0 ? digit + MORE : digit];
  } while (left > 0);
  return text;
}
