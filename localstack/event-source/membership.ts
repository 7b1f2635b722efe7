// Waiting for something without losing the membership of the consumer group: heartbeats go on meanwhile.

const HEARTBEAT_MS = 1000;

export interface KeepingOptions {
  /** Throws when the group rebalances. */
  heartbeat(): Promise<void>;
  /** Ends the waiting from outside. */
  readonly stopping: AbortSignal;
}

/** The work's result. Throws when the group rebalances; the work is then told to end, as it is when all is stopped. */
export async function keepingMembership<T>(
  work: (signal: AbortSignal) => Promise<T>,
  { heartbeat, stopping }: KeepingOptions,
): Promise<T> {
  const rebalance = new AbortController();
  const working = work(AbortSignal.any([rebalance.signal, stopping]));
  try {
    while (!(await endsWithin(HEARTBEAT_MS, working))) await heartbeat();
  } catch (error) {
    rebalance.abort(error);
    throw error;
  }
  return await working;
}

async function endsWithin(ms: number, working: Promise<unknown>): Promise<boolean> {
  const late = Promise.withResolvers<boolean>();
  const timer = setTimeout(() => late.resolve(false), ms);
  const ended = () => true;
  const hasEnded = await Promise.race([working.then(ended, ended), late.promise]);
  clearTimeout(timer);
  return hasEnded;
}
