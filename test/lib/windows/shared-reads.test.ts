// Sharing is safe: nobody is given a read that began before they asked.
import fc from "fast-check";
import { expect, test } from "vitest";
import { sharedReads } from "../../../lib/windows/shared-reads.ts";

test("whoever asks gets what was there when they asked, or something newer", async () => {
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), fc.integer({ min: 1, max: 8 }), async (scheduler, writers) => {
      let stored = 0;
      let reads = 0;
      const read = sharedReads(async () => {
        reads += 1;
        const seen = stored;
        await scheduler.schedule(Promise.resolve(), "the answer's way");
        return seen;
      });
      const writer = async () => {
        await scheduler.schedule(Promise.resolve(), "a write");
        const written = ++stored;
        expect(await read()).toBeGreaterThanOrEqual(written);
      };
      await scheduler.waitFor(Promise.all(Array.from({ length: writers }, writer)));
      expect(reads).toBeLessThanOrEqual(writers);
    }),
  );
});

test("those who ask at once share one, and those who ask meanwhile the next", async () => {
  const answers = [Promise.withResolvers<number>(), Promise.withResolvers<number>()];
  let reads = 0;
  const read = sharedReads(() => answers[reads++]!.promise);
  const first = [read(), read()];
  await Promise.resolve();
  const second = [read(), read()];
  await Promise.resolve();
  expect(reads).toBe(1);
  for (const [n, { resolve }] of answers.entries()) resolve(n);
  expect(await Promise.all([...first, ...second])).toEqual([0, 0, 1, 1]);
  expect(reads).toBe(2);
});

test("a read that fails is told to those who shared it, and the next is another", async () => {
  let reads = 0;
  const read = sharedReads(async () => {
    reads += 1;
    if (reads === 1) throw new Error("throttled");
    return reads;
  });
  const [one, other] = await Promise.allSettled([read(), read()]);
  expect([one.status, other.status]).toEqual(["rejected", "rejected"]);
  expect(await read()).toBe(2);
});
