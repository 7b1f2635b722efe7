// How many pollers a mapping needs, from what waits and what was done since the last look. Pure.
// AWS says that provisioned pollers follow the backlog between their bounds, three times as fast as on-demand ones, which are looked
// at once a minute; how, it does not say. https://docs.aws.amazon.com/lambda/latest/dg/kafka-scaling-modes.html

/** A third of on-demand's minute. */
export const SCALING_PERIOD_MS = 20_000;

export interface PollerBounds {
  readonly minimum: number;
  readonly maximum: number;
  /** A poller more than there are partitions would have nothing to read. */
  readonly partitions: number;
}

export interface Load {
  readonly pollers: number;
  /** Records that wait, over all partitions. */
  readonly lag: number;
  /** Records that were processed since the last look. */
  readonly processed: number;
  /** Invocations that were throttled since then: the function can't take what the pollers bring. */
  readonly throttles: number;
}

/** Below this share of a period's work, what waits is no backlog. */
const IDLE_SHARE = 0.1;

/** Twice as many for a backlog of more than a period's work, one fewer when throttled or with next to nothing waiting. */
export function wantedPollers({ pollers, lag, processed, throttles }: Load, bounds: PollerBounds): number {
  const wanted = throttles > 0 || lag <= processed * IDLE_SHARE ? pollers - 1 : lag > processed ? pollers * 2 : pollers;
  const { least, most } = limits(bounds);
  return Math.min(most, Math.max(least, wanted));
}

/** How many pollers there are at start. */
export function firstPollers(bounds: PollerBounds): number {
  return limits(bounds).least;
}

function limits({ minimum, maximum, partitions }: PollerBounds): { readonly least: number; readonly most: number } {
  return { least: Math.min(minimum, partitions), most: Math.min(maximum, partitions) };
}
