// Paid transactions in 3-second windows of event time: their sum, count and average.
//
//   [12:00:00.000 ---- 12:00:03.000)   a payment at 12:00:02.999 is in, one at 12:00:03.000 is in the next

import { seconds } from "../../lib/time.ts";
import { count, mean, sum } from "../../lib/windows/aggregators.ts";
import { windowed } from "../../lib/windows/tumbling.ts";
import { Transaction } from "./schema.ts";

export const paidTransactions = windowed(Transaction).tumbling({
  name: "transactions",
  version: 1,
  eventTime: (transaction) => transaction.event_timestamp,
  where: (transaction) => transaction.status === "Paid",
  size: seconds(3),
  maxOutOfOrderness: seconds(1),
  allowedLateness: seconds(10),
  aggregate: {
    total_paid: sum((transaction) => transaction.total_paid),
    total_transactions: count(),
    average_transaction_value: mean((transaction) => transaction.total_paid),
  },
});
