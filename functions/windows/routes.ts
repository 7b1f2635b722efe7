// Which windowed pipelines the emitter serves, and where their results go. A windowed declaration that is missing here fails a test.

import type { EmitRoute } from "../../lib/windows/emit-loop.ts";
import { loginRecord, logins } from "../logins/window.ts";
import { paidTransactions } from "../transactions/window.ts";

/** The routes, by the names of their output topics. */
export function routes(topics: { readonly transactions: string; readonly logins: string }): readonly EmitRoute[] {
  return [
    { window: paidTransactions, topic: topics.transactions },
    { window: logins, topic: topics.logins, format: loginRecord },
  ];
}
