// Waiting for what real processes do: as long as it takes, for how fast a machine is decides no test.
import { setTimeout as wait } from "node:timers/promises";

/** Less than the tests' own limit, so that what did not come is named. */
const GIVEN_UP_AFTER_MS = 600_000;

/** Looks again until it holds. A look that throws has not found it, and is what the error tells in the end. */
export async function until(holds: () => boolean | Promise<boolean>, what = "what was expected"): Promise<void> {
  const deadline = Date.now() + GIVEN_UP_AFTER_MS;
  for (;;) {
    let cause: unknown;
    try {
      if (await holds()) return;
    } catch (error) {
      cause = error;
    }
    if (Date.now() > deadline) throw new Error(`${what} did not come within ${GIVEN_UP_AFTER_MS} ms`, { cause });
    await wait(20);
  }
}
