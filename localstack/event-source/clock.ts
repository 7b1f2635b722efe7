// Time as the event source sees it: everything that waits goes through here, so that a test can move it.

export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Runs once `time` has come; the answer cancels it. */
  at(time: number, run: () => void): () => void;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  at(time, run) {
    const timer = setTimeout(run, Math.max(0, time - Date.now()));
    return () => clearTimeout(timer);
  },
};

/** Waits until `ms` have passed, or until the signal aborts; neither is an error. */
export function sleep(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const wake = () => {
      cancel();
      signal.removeEventListener("abort", wake);
      resolve();
    };
    const cancel = clock.at(clock.now() + ms, wake);
    signal.addEventListener("abort", wake);
  });
}
