// Waits until a service answers, or says why that will not happen.
import { setTimeout as delay } from "node:timers/promises";

export interface Waiting {
  /** Settles when the process has ended, after which nothing will answer. */
  readonly exited: Promise<unknown>;
  readonly withinMs: number;
  readonly signal: AbortSignal;
}

export type Answer =
  | { readonly kind: "answers" }
  | { readonly kind: "exited" }
  | { readonly kind: "aborted" }
  | { readonly kind: "silent"; readonly lastError: unknown };

const pollMs = 50;

/** Asks again and again until the check passes, the process ends, the time is up or the signal aborts. */
export async function untilAnswers(check: () => Promise<void>, waiting: Waiting): Promise<Answer> {
  const deadline = performance.now() + waiting.withinMs;
  let hasExited = false;
  waiting.exited.then(() => {
    hasExited = true;
  });
  let lastError: unknown;
  while (performance.now() < deadline) {
    if (waiting.signal.aborted) return { kind: "aborted" };
    if (hasExited) return { kind: "exited" };
    try {
      await check();
      return { kind: "answers" };
    } catch (error) {
      lastError = error;
    }
    await delay(pollMs);
  }
  return { kind: "silent", lastError };
}
