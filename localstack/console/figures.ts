// Numbers as people read them: thousands apart, units beside them.

/** `12345` as `12,345`. */
export function figure(value: number): string {
  return value.toLocaleString("en-US", { maximumFractionDigits: 2 });
}

/** A part of a whole as `12 %`; nothing of nothing is all of it. */
export function percent(part: number, whole: number): string {
  return `${whole === 0 ? 100 : Math.floor((part / whole) * 100)} %`;
}

/** `1,234/s`, from what was counted and how long that took in milliseconds. */
export function perSecond(count: number, elapsedMs: number): string {
  return `${figure(elapsedMs > 0 ? Math.round((count * 1000) / elapsedMs) : 0)}/s`;
}

/** Milliseconds as `850 ms`, `12.3 s` or `2 min 05 s`. */
export function duration(elapsedMs: number): string {
  if (Math.abs(elapsedMs) < 1000) return `${Math.round(elapsedMs)} ms`;
  if (Math.abs(elapsedMs) < 60_000) return `${(elapsedMs / 1000).toFixed(1)} s`;
  const seconds = Math.round(elapsedMs / 1000);
  return `${Math.floor(seconds / 60)} min ${String(seconds % 60).padStart(2, "0")} s`;
}

/** A time of day in UTC, `12:34:56`, from milliseconds since the epoch. */
export function clockTime(time: number): string {
  return new Date(time).toISOString().slice(11, 19);
}
