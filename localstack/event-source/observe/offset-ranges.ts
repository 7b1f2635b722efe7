// Offsets written as ranges, `3-7,9`: what stands in a row takes a few characters however long it is. Pure.

/** Of ascending offsets. */
export function rangesOf(offsets: Iterable<number>): string {
  const ranges: string[] = [];
  let first: number | undefined;
  let last = 0;
  const close = () => {
    if (first !== undefined) ranges.push(first === last ? String(first) : `${first}-${last}`);
  };
  for (const offset of offsets) {
    if (first !== undefined && offset === last + 1) {
      last = offset;
      continue;
    }
    close();
    first = offset;
    last = offset;
  }
  close();
  return ranges.join(",");
}

export function isInRanges(ranges: string, offset: number): boolean {
  if (ranges === "") return false;
  return ranges.split(",").some((range) => {
    const [first = Number.NaN, last = first] = range.split("-").map(Number);
    return offset >= first && offset <= last;
  });
}
