// Adds each batch of transactions to the partials of their windows; functions/windows emits the results.

import { required } from "../../lib/config.ts";
import { consume } from "../../lib/kafka/consume.ts";
import { deadLetterTo, lateTo } from "../../lib/kafka/dead-letter.ts";
import { aggregation } from "../../lib/windows/lambda.ts";
import { paidTransactions } from "./window.ts";

export const handler = consume({
  ...aggregation(paidTransactions, { table: required("WINDOWS_TABLE"), late: lateTo(required("LATE_TOPIC")) }),
  poison: deadLetterTo(required("DEAD_LETTER_TOPIC")),
});
