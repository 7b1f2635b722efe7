// A view: something made from totals (pictures, a report), made again once enough records have come or enough time has passed.
// Any number of execution environments may look whether it is due, after every batch and on a schedule; one of them makes it.
//
//   look -- due --> claim (one conditional write) --> make --> done (another) --> look again
//
// What keeps it right:
//   - The claim is refused if anybody has claimed since the view was read; the totals are read after it, so a later view is never of fewer records.
//   - Who finds a view being made leaves: its maker looks again when it is done, and then finds the totals that made the other one look.
//   - A maker that died is replaced once its time limit has passed; one that failed says so, and the next look makes the view.
//   - `at` only ever grows, also when clocks differ: what is written under a name that stays is replaced by later views only (lib/objects).

import type { Duration } from "../time.ts";

/** How a view stands. */
export interface View {
  /** When it was claimed, epoch ms: later than every claim before it. */
  readonly at: number;
  /** How many records are in it, or will be. */
  readonly records: number;
  /** Who makes it or made it. */
  readonly maker: string;
  /** Being made, and until when its maker may live, epoch ms. Absent: it is made. */
  readonly until?: number;
}

/** A view is due once so many records have come that are not in it, or once some have and it is so old. */
export interface ViewPolicy {
  readonly records: number;
  readonly age: Duration;
}

export interface ViewStore {
  read(): Promise<View | undefined>;
  /** Replaces the view if it still is the expected one (undefined: absent); whether it was. */
  replace(expected: View | undefined, next: View): Promise<boolean>;
}

export interface ViewEdges<Totals> {
  readonly store: ViewStore;
  readonly totals: () => Promise<Totals>;
  readonly recordsIn: (totals: Totals) => number;
  readonly make: (totals: Totals, at: number) => Promise<void>;
  readonly now: () => number;
  /** Names this attempt, and no other one ever. */
  readonly maker: string;
  /** When this execution environment will be stopped, epoch ms. */
  readonly deadline: number;
}

/** A view is made within this time; an environment that has less left leaves it to the next. */
const ENOUGH_MS = 10_000;

/** Whether a view has to be made: enough is new, or its maker has died. */
export function isDue(view: View | undefined, records: number, policy: ViewPolicy, now: number): boolean {
  if (view === undefined) return records > 0;
  if (view.until !== undefined) return now >= view.until;
  const fresh = records - view.records;
  return fresh >= policy.records || (fresh > 0 && now - view.at >= policy.age);
}

/** Makes the view as long as it is due; answers how often it was made. */
export async function refresh<Totals>(policy: ViewPolicy, edges: ViewEdges<Totals>): Promise<number> {
  const { store, now, maker, deadline } = edges;
  for (let made = 0; ; made++) {
    if (now() > deadline - ENOUGH_MS) return made;
    const before = await store.read();
    const totals = await edges.totals();
    const records = edges.recordsIn(totals);
    if (!isDue(before, records, policy, now())) return made;
    const at = Math.max(now(), (before?.at ?? 0) + 1);
    const claim = { at, records, maker, until: deadline };
    if (!(await store.replace(before, claim))) return made;
    await make(edges, totals, claim);
    if (!(await store.replace(claim, { at, maker, records }))) return made + 1;
  }
}

/** A maker that fails gives its claim up: the view is due at once, for whoever looks next. */
async function make<Totals>({ store, make }: ViewEdges<Totals>, totals: Totals, claim: View): Promise<void> {
  try {
    await make(totals, claim.at);
  } catch (thrown) {
    await store.replace(claim, { ...claim, until: 0 });
    throw thrown;
  }
}

/** Whether two views are one and the same: what a conditional write on a view compares. */
export function isSameView(a: View | undefined, b: View | undefined): boolean {
  return a?.at === b?.at && a?.maker === b?.maker && a?.until === b?.until;
}

/** A view's state in memory. */
export function memoryViewStore(): ViewStore {
  let view: View | undefined;
  return {
    read: async () => view,
    async replace(expected, next) {
      if (!isSameView(view, expected)) return isSameView(view, next);
      view = { ...next };
      return true;
    },
  };
}
