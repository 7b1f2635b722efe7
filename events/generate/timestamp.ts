// Event times as the contracts write them, `YYYY-MM-DD HH:mm:ss.SSS` in UTC, fast enough for millions of records.

const milliseconds = Array.from({ length: 1000 }, (_, millisecond) => String(millisecond).padStart(3, "0"));

// Neighbouring records share a handful of seconds: the text of each is made once and kept in a slot of its own.
const slots = 64;
const secondOfSlot = new Float64Array(slots).fill(Number.NaN);
const textOfSlot: string[] = new Array(slots).fill("");

/** `time`, in whole milliseconds since the epoch, as `YYYY-MM-DD HH:mm:ss.SSS`. */
export function timestampText(time: number): string {
  const second = Math.floor(time / 1000);
  const slot = ((second % slots) + slots) % slots;
  if (secondOfSlot[slot] !== second) {
    secondOfSlot[slot] = second;
    textOfSlot[slot] = new Date(second * 1000).toISOString().slice(0, 20).replace("T", " ");
  }
  return `${textOfSlot[slot]}${milliseconds[time - second * 1000]}`;
}
