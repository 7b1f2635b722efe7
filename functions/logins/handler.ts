// Adds each batch of logins to the partials of their intervals; functions/windows emits the results.

import { required } from "../../lib/config.ts";
import { consume } from "../../lib/kafka/consume.ts";
import { deadLetterTo, lateTo } from "../../lib/kafka/dead-letter.ts";
import { aggregation } from "../../lib/windows/lambda.ts";
import { logins } from "./window.ts";

export const handler = consume({
  ...aggregation(logins, { table: required("WINDOWS_TABLE"), late: lateTo(required("LATE_TOPIC")) }),
  poison: deadLetterTo(required("DEAD_LETTER_TOPIC")),
});
