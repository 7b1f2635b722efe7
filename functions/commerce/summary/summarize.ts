// When the summary looks whether its pictures are due: after every batch, and every five minutes whether anything came or not.

import type { Handler } from "../../../lib/kafka/consume.ts";
import { minutes } from "../../../lib/time.ts";
import type { ViewPolicy } from "../../../lib/windows/view.ts";

/** Every thousand events of the three topics together, or five minutes after the last drawing if anything is new. */
export const afterBatch: ViewPolicy = { records: 1_000, age: minutes(5) };

/** Whatever is new: an event is in the pictures five minutes after it was counted at the latest. */
export const onSchedule: ViewPolicy = { records: 1, age: minutes(5) };

export interface Summary<Context> {
  readonly consume: Handler;
  readonly refresh: (policy: ViewPolicy, context: Context) => Promise<void>;
}

/** The handler of a function that is bound to the topics and to a schedule. */
export function summarizing<Context>({ consume, refresh }: Summary<Context>) {
  return async (event: unknown, context: Context) => {
    if (isScheduled(event)) return void (await refresh(onSchedule, context));
    const answer = await consume(event, context);
    await refresh(afterBatch, context);
    return answer;
  };
}

/** https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-events-structure.html */
function isScheduled(event: unknown): boolean {
  return typeof event === "object" && event !== null && "source" in event && event.source === "aws.events";
}
