import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { firstPollers, wantedPollers } from "../../../localstack/event-source/scaling.ts";

const bounds = { minimum: 1, maximum: 10, partitions: 6 };
const load = { pollers: 2, lag: 500, processed: 1000, throttles: 0 };

describe("scaling of provisioned pollers", () => {
  test.each([
    ["a backlog of more than a period's work: twice as many", { lag: 1001 }, bounds, 4],
    ["nothing was processed and something waits: twice as many", { lag: 1, processed: 0 }, bounds, 4],
    ["never more than partitions", { pollers: 5, lag: 9999 }, bounds, 6],
    ["never more than the maximum", { pollers: 2, lag: 9999 }, { ...bounds, maximum: 3 }, 3],
    ["keeping up: as many as before", {}, bounds, 2],
    ["next to nothing waits: one fewer", { lag: 100 }, bounds, 1],
    ["idle: one fewer", { lag: 0, processed: 0 }, bounds, 1],
    ["never fewer than the minimum", { pollers: 2, lag: 0 }, { ...bounds, minimum: 2 }, 2],
    ["throttled: one fewer, however much waits", { pollers: 4, lag: 9999, throttles: 1 }, bounds, 3],
    ["minimum and maximum the same: no scaling", { pollers: 3, lag: 9999 }, { ...bounds, minimum: 3, maximum: 3 }, 3],
    ["a minimum above the partitions: one a partition", { pollers: 6 }, { ...bounds, minimum: 9 }, 6],
  ])("%s", (_why, seen, within, wanted) => expect(wantedPollers({ ...load, ...seen }, within)).toBe(wanted));

  test("whatever is seen, the bounds hold", () => {
    const number = fc.nat({ max: 20 });
    fc.assert(
      fc.property(
        number,
        number,
        number,
        fc.nat(),
        fc.nat(),
        fc.nat({ max: 2 }),
        (a, b, partitions, lag, processed, throttles) => {
          const within = { minimum: Math.min(a, b) + 1, maximum: Math.max(a, b) + 1, partitions };
          const pollers = wantedPollers({ pollers: firstPollers(within), lag, processed, throttles }, within);
          expect(pollers).toBeGreaterThanOrEqual(Math.min(within.minimum, partitions));
          expect(pollers).toBeLessThanOrEqual(Math.min(within.maximum, partitions));
        },
      ),
    );
  });
});
