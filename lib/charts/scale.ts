// The range of an axis: round steps from zero (or below) to past the longest bar, so that the bar's number has room.

export interface Scale {
  readonly min: number;
  readonly max: number;
  /** From one line to the next. */
  readonly interval: number;
}

export interface ScaleOptions {
  /** About so many steps. */
  readonly steps: number;
  /** How far past the longest bar the axis goes at least, as a share of it. */
  readonly beyond: number;
  readonly isWhole: boolean;
}

/** The scale for bars of these lengths. */
export function scaleFor(lengths: readonly number[], { steps, beyond, isWhole }: ScaleOptions): Scale {
  const most = Math.max(0, ...lengths) * (1 + beyond);
  const least = Math.min(0, ...lengths) * (1 + beyond);
  const interval = roundStep((most - least) / steps, isWhole);
  const max = Math.ceil(most / interval) * interval;
  const min = Math.floor(least / interval) * interval;
  return max === min ? { min: 0, max: interval, interval } : { min, max, interval };
}

/** The next of 1, 2, 2.5, 5 times a power of ten. */
function roundStep(step: number, isWhole: boolean): number {
  if (!(step > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(step));
  const factors = isWhole && power <= 1 ? [1, 2, 5, 10] : [1, 2, 2.5, 5, 10];
  const round = (factors.find((factor) => factor * power >= step * 0.999) ?? 10) * power;
  return isWhole ? Math.max(1, round) : round;
}
