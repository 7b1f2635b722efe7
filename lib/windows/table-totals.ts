// A global window and its view on AWS: edges made from the environment's Kafka connection and the windows' table.

import type { ZodType } from "zod";
import type { Consumer } from "../kafka/consume.ts";
import type { SideOutput } from "../kafka/side-output.ts";
import { measure } from "../telemetry.ts";
import { dynamoDbOrigins } from "./dynamodb-origins.ts";
import { dynamoDbViewStore } from "./dynamodb-view-store.ts";
import { type GlobalWindow, readTotals, shareKey, shareOf, type TotalsOf } from "./global-window.ts";
import { aggregation, type RemainingTime, tableOf, tableStore } from "./lambda.ts";
import { onceByOrigin } from "./origins.ts";
import type { Aggregates } from "./tumbling.ts";
import { refresh, type ViewPolicy } from "./view.ts";

export interface TotalsSettings<Totals> {
  /** The windows' DynamoDB table. */
  readonly table: string;
  /** The topics that feed the totals. */
  readonly topics: readonly string[];
  readonly recordsIn: (totals: Totals) => number;
  /** Makes the view; `at` grows from one view to the next. */
  readonly view: (totals: Totals, at: number) => Promise<void>;
}

export interface TableTotals<In> {
  /** The consuming side for one of the topics: `consume({ ...totals.share(topic, input), poison })`. */
  share(topic: string, input: ZodType<In>): Pick<Consumer<In>, "input" | "accept" | "process">;
  /** Makes the view if it is due, within the time that is left. */
  refresh(policy: ViewPolicy, context: RemainingTime): Promise<void>;
}

/** The totals that these topics feed, and the view of them. */
export function tableTotals<In, A extends Aggregates<In>>(
  window: GlobalWindow<In, A>,
  { table, topics, recordsIn, view }: TotalsSettings<TotalsOf<A>>,
): TableTotals<In> {
  const stores = topics.map((topic) => tableStore(table, shareKey(window, topic), { isKept: true }));
  const place = { ...tableOf(table), totals: window };
  const origins = dynamoDbOrigins(place);
  return {
    share(topic, input) {
      const share = aggregation(shareOf(window, topic, input), { table, late: nothingIsLate, isKept: true });
      return { ...share, process: onceByOrigin(share.process, origins) };
    },
    async refresh(policy, context) {
      const began = Date.now();
      const made = await refresh(policy, {
        store: dynamoDbViewStore(place),
        totals: () => readTotals(window, stores),
        recordsIn,
        make: view,
        now: Date.now,
        maker: crypto.randomUUID(),
        deadline: began + context.getRemainingTimeInMillis(),
      });
      if (made > 0) measure("view", { views: made, view_ms: Date.now() - began }, { window: window.name });
    },
  };
}

/** A window without end takes every record. */
const nothingIsLate: SideOutput = {
  topic: "",
  publish: () =>
    Promise.reject(new Error("A record is late for a window that has no end: this is a mistake in lib/windows")),
  refresh: async () => undefined,
};
