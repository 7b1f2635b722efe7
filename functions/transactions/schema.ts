// A transaction as it comes from the topic `transactions`. Unknown extra fields are ignored.

import * as z from "zod";
import { type EventTime, parseEventTime } from "../../lib/time.ts";

/** More than any payment, and small enough that its cents are an exact integer. */
const MOST_PAID = 1e12;

export const Transaction = z.object({
  event_timestamp: z.string().transform((text, context): EventTime => {
    const time = parseEventTime(text);
    if (time !== undefined) return time;
    context.addIssue({ code: "custom", message: "must be a UTC time as YYYY-MM-DD HH:mm:ss.SSS" });
    return z.NEVER;
  }),
  user_id: z.guid(),
  transaction_id: z.int(),
  total_paid: z.number().min(0).max(MOST_PAID),
  status: z.string().transform((text, context): "Paid" | "Refused" => {
    const status = text.toLowerCase();
    if (status === "paid") return "Paid";
    if (status === "refused") return "Refused";
    context.addIssue({ code: "custom", message: "must be Paid or Refused" });
    return z.NEVER;
  }),
});

export type Transaction = z.output<typeof Transaction>;
