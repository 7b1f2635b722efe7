// Trying again what a Kafka client calls retriable, from 5 ms up: the broker answers CONCURRENT_TRANSACTIONS for a few ms after a commit,
// and kafkajs's own waits start at 300 ms.

import { setTimeout as wait } from "node:timers/promises";
import type { RetryOptions } from "kafkajs";

/** About 7 s in all: a broker that restarts is waited for, one that stays away fails the batch, which the event source retries. */
export const retry = { initialRetryTime: 5, multiplier: 2, maxRetryTime: 1_000, retries: 14 } satisfies RetryOptions;

/** Runs `attempt` until it succeeds, fails for good, or has been tried as often as `retry` says. */
export async function retrying<T>(attempt: () => Promise<T>): Promise<T> {
  for (let tries = 0; ; tries++) {
    try {
      return await attempt();
    } catch (error) {
      if (!isRetriable(error) || tries >= retry.retries) throw error;
      await wait(Math.min(retry.initialRetryTime * retry.multiplier ** tries, retry.maxRetryTime));
    }
  }
}

function isRetriable(error: unknown): boolean {
  return error instanceof Error && "retriable" in error && error.retriable === true;
}
