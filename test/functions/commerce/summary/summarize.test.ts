import { expect, it } from "vitest";
import { afterBatch, onSchedule, summarizing } from "../../../../functions/commerce/summary/summarize.ts";
import type { ViewPolicy } from "../../../../lib/windows/view.ts";

function summary(consume: () => Promise<undefined> = async () => undefined) {
  const done: (string | ViewPolicy)[] = [];
  const handler = summarizing({
    consume: async () => {
      await consume();
      done.push("counted");
      return { batchItemFailures: [] };
    },
    refresh: async (policy) => void done.push(policy),
  });
  return { done, handler };
}

it("a batch is counted, then the pictures are looked at, and the batch's answer is given", async () => {
  const { done, handler } = summary();
  expect(await handler({ eventSource: "aws:kafka", records: {} }, {})).toEqual({ batchItemFailures: [] });
  expect(done).toEqual(["counted", afterBatch]);
});

it("the schedule draws whatever is new", async () => {
  const { done, handler } = summary();
  expect(await handler({ source: "aws.events", "detail-type": "Scheduled Event" }, {})).toBeUndefined();
  expect(done).toEqual([onSchedule]);
});

it("a batch that fails is not followed by a look", async () => {
  const { done, handler } = summary(() => Promise.reject(new Error("table is gone")));
  await expect(handler({ records: {} }, {})).rejects.toThrow("table is gone");
  expect(done).toEqual([]);
});

it("pictures are as old as the contract allows at most: 1,000 events or 5 minutes", () => {
  expect(afterBatch).toEqual({ records: 1_000, age: 300_000 });
  expect(onSchedule.records).toBe(1);
});
