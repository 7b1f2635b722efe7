// The global window: one window without end, so totals since a topic's first record. Nothing is late for it and nothing of it is emitted:
// who wants the totals reads them.
//
// It is carried out as a window whose records all have one event time and whose watermark nobody moves, so all that windows promise of counting
// holds here by the same code: one partial a source partition, changed by one conditional write that knows the last offset in it; a topic made
// anew is noticed; a change of shape without a new version is refused. Several topics may feed one global window: each has partials of its own.

import type { ZodType } from "zod";
import { eventTime, milliseconds } from "../time.ts";
import type { Aggregator } from "./aggregators.ts";
import { NO_GROUP } from "./fold.ts";
import type { PipelineKey, WindowStore } from "./store.ts";
import {
  type Aggregates,
  mergeStates,
  resultOf,
  type WindowDeclaration,
  type WindowState,
  windowed,
} from "./tumbling.ts";

/** A value of this form declares one: `export const totals = { name, version, aggregate } satisfies GlobalWindow<Event>`. */
export interface GlobalWindow<In, A extends Aggregates<In> = Aggregates<In>> extends PipelineKey {
  /** Names the totals in every state key, log line and metric. */
  readonly name: string;
  /** Part of every state key: raise it when the shape of the state changes. The totals then begin anew with the next record. */
  readonly version: number;
  readonly aggregate: A;
}

/** The results of aggregates, by field. */
export type TotalsOf<A extends Aggregates<never>> = {
  readonly [Field in keyof A]: A[Field] extends Aggregator<never, infer _, infer Result> ? Result : never;
};

/** Every record has this event time, and the window starts with it. */
const START = 0;

/** What one topic adds to a global window: the declaration that `aggregate` works by. */
export function shareOf<In, A extends Aggregates<In>>(
  window: GlobalWindow<In, A>,
  topic: string,
  input: ZodType<In>,
): WindowDeclaration<In, A> {
  return windowed(input).tumbling({
    ...shareKey(window, topic),
    aggregate: window.aggregate,
    eventTime: () => eventTime(START),
    size: milliseconds(1),
    maxOutOfOrderness: milliseconds(0),
    allowedLateness: milliseconds(0),
  });
}

/** The state of one topic's share. */
export function shareKey({ name, version }: PipelineKey, topic: string): PipelineKey {
  return { name: `${name}-${topic}`, version };
}

/** The totals over the shares in these stores, of every batch that was done before this was called. */
export async function readTotals<A extends Aggregates<never>>(
  { aggregate }: GlobalWindow<never, A>,
  stores: readonly WindowStore[],
): Promise<TotalsOf<A>> {
  const fields = Object.entries(aggregate);
  const shape = { aggregate: Object.fromEntries(fields.map(([field, { kind }]) => [field, kind])) };
  const zero: WindowState = Object.fromEntries(fields.map(([field, one]) => [field, one.zero()]));
  const states = (await Promise.all(stores.map(statesIn))).flat();
  const total = states.reduce((a, b) => mergeStates(shape, a, b), zero);
  return resultOf(shape, total) as TotalsOf<A>;
}

async function statesIn(store: WindowStore): Promise<readonly WindowState[]> {
  const { progress } = await store.control();
  const partials = await store.partialsOf({ start: START, group: NO_GROUP }, [...progress.keys()]);
  return partials.map(({ state }) => state).filter((state) => state !== undefined);
}
