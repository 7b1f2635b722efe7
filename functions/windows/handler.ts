// The scheduled emitter of every windowed pipeline's results.

import { required } from "../../lib/config.ts";
import { emission } from "../../lib/windows/lambda.ts";
import { routes } from "./routes.ts";

export const handler = emission(
  routes({ transactions: required("TRANSACTIONS_TOPIC"), logins: required("LOGINS_TOPIC") }),
  {
    table: required("WINDOWS_TABLE"),
  },
);
