// The consuming side of a windowed aggregation: one partition's batch into partials, late records and the partition's progress.
//
// The order of writes is what makes a crash between any two of them harmless:
//   1. partials (conditional: each record at most once)   2. late topic (exactly-once)   3. marks on windows that may have been emitted already
//   4. the partition's progress (moves the watermark)     5. the answer, on which the event source commits its offset
// A redelivered batch runs through them again; what is done already is refused, skipped or overwritten with the same.

import { ConfigError } from "../errors.ts";
import type { Consumer } from "../kafka/consume.ts";
import type { SideOutput } from "../kafka/side-output.ts";
import type { Batch, Decoded } from "../kafka/source.ts";
import { fold, type LateShare, refold, type WindowShare } from "./fold.ts";
import { inParallel } from "./in-parallel.ts";
import { sharedReads } from "./shared-reads.ts";
import type { Partial, PartialKey, WindowStore } from "./store.ts";
import { type Aggregates, mergeStates, shapeOf, type WindowDeclaration, type WindowShape } from "./tumbling.ts";
import { heardAt, isDue, type Progress } from "./watermark.ts";

/** What an aggregation works on. */
export interface AggregateEdges {
  readonly store: WindowStore;
  /** Where records go that come after their window has been closed for good. */
  readonly late: SideOutput;
  /** Makes sure that offsets below the stored ones are a redelivery and not a topic made anew; throws where they are not. */
  readonly checkRedelivery: (batch: Batch<unknown>, done: Progress) => Promise<void>;
  /** Told of late records once they are in the late topic. */
  readonly onLate: (batch: Pick<Batch<unknown>, "topic" | "partition">, count: number) => void;
  readonly now: () => number;
}

/** The consumer of a windowed aggregation: `consume({ ...aggregate(window, edges), poison })`. */
export function aggregate<In, A extends Aggregates<In>>(
  window: WindowDeclaration<In, A>,
  edges: AggregateEdges,
): Pick<Consumer<In>, "input" | "accept" | "process"> {
  const partitions = new Map<string, PartitionWriter<In>>();
  const readFrontier = sharedReads(() => edges.store.readFrontier());
  return {
    input: window.input,
    accept(value, record) {
      const ahead = window.eventTime(value, record) - record.timestamp;
      if (!(ahead <= window.maxFuture)) {
        return {
          reason: "far-future",
          message: `the event time is ${ahead} ms past the record's own timestamp: at most ${window.maxFuture} ms is taken`,
        };
      }
      if (window.groupBy === undefined || window.where?.(value) === false) return undefined;
      if (isNameable(window.groupBy(value))) return undefined;
      return { reason: "schema", message: `the group is no text of at most ${LONGEST_GROUP} bytes in UTF-8` };
    },
    async process(batch) {
      const name = `${batch.topic}-${batch.partition}`;
      let writer = partitions.get(name);
      if (writer === undefined) {
        writer = await openPartition(window, { ...edges, readFrontier }, batch);
        partitions.set(name, writer);
      }
      await writer(batch);
    },
  };
}

/** A group is part of keys in DynamoDB, which have at most 1,024 bytes, with the window and the partition. */
const LONGEST_GROUP = 900;

/** What can't be written as it is would come again for ever, or be taken for another group. */
function isNameable(group: string): boolean {
  return group.isWellFormed() && Buffer.byteLength(group) <= LONGEST_GROUP;
}

type PartitionWriter<In> = (batch: Batch<In>) => Promise<void>;

/** What this execution environment remembers of a partition. It may be outdated: every write says what it expects, so a stale memory costs a write and no more. */
async function openPartition<In, A extends Aggregates<In>>(
  window: WindowDeclaration<In, A>,
  edges: AggregateEdges & Pick<WindowStore, "readFrontier">,
  { topic, partition }: Batch<In>,
): Promise<PartitionWriter<In>> {
  const { store } = edges;
  const shape = shapeOf(window);
  await checkShape(window, store, topic);
  const partials = new Map<string, Partial>();
  let [progress, frontier] = await Promise.all([store.readProgress(partition), edges.readFrontier()]);

  return async function write(batch) {
    const records = await freshRecords(batch);
    const folded = fold(window, records, frontier);
    const late = [
      ...(await inParallel(folded.shares, (share) => addShare(share, records))),
      ...(await inParallel(folded.late, sealShare)),
    ].flat();
    // A record of several windows that another delivery has sealed is late once.
    if (late.length > 0) await publishLate(batch, [...new Set(late)]);
    await markEmitted([...folded.shares, ...folded.late.filter(wasCounted)], batch.lastOffset);
    await moveProgress(batch, folded.maxEventTime);
  };

  /** The records not yet processed. Progress is stored last, so what lies below it is done in every respect. */
  async function freshRecords(batch: Batch<In>): Promise<readonly Decoded<In>[]> {
    if (progress === undefined || batch.firstOffset >= progress.nextOffset) return batch.records;
    const done = progress;
    await edges.checkRedelivery(batch, done);
    return batch.records.filter(({ offset }) => offset >= done.nextOffset);
  }

  /** Adds a share to its partial, once; answers the records that turn out to be late, because another delivery has sealed the window. */
  async function addShare(whole: WindowShare, records: readonly Decoded<In>[]): Promise<readonly Decoded<In>[]> {
    const key = keyOf(whole);
    for (;;) {
      const present = partials.get(nameOf(key));
      const share = present === undefined ? whole : shareAfter(whole, present.lastOffset, records);
      if (share === undefined) return [];
      if (present?.lateFrom !== undefined) return recordsOf(share, records);
      const state = present?.state === undefined ? share.state : mergeStates(shape, present.state, share.state);
      if (await put(key, present, { state, lastOffset: share.lastOffset })) return [];
    }
  }

  function shareAfter(
    share: WindowShare,
    lastOffset: number,
    records: readonly Decoded<In>[],
  ): WindowShare | undefined {
    return share.firstOffset > lastOffset ? share : refold(window, records, share, lastOffset);
  }

  function recordsOf(share: WindowShare, records: readonly Decoded<In>[]): readonly Decoded<In>[] {
    return records.filter(
      (record) => refold(window, [record], share, -1) !== undefined && record.offset >= share.firstOffset,
    );
  }

  /**
   * Decides, once for every delivery of these records, that they are late: the window is sealed from the first of them on.
   * Those that an earlier delivery has counted are not late. A delivery that still holds an older frontier can't count them any more.
   */
  async function sealShare({ start, group, records }: LateShare<In>): Promise<readonly Decoded<In>[]> {
    const key = keyOf({ start, group });
    for (;;) {
      const present = partials.get(nameOf(key));
      const uncounted = records.filter(({ offset }) => offset > (present?.lastOffset ?? -1));
      const first = uncounted[0];
      if (first === undefined || present?.lateFrom !== undefined) return uncounted;
      if (await put(key, present, { lastOffset: -1, ...present, lateFrom: first.offset })) return uncounted;
    }
  }

  /** Whether an earlier delivery has counted some of what is late by now: it may have died before it marked their window. */
  function wasCounted({ records, ...window }: LateShare<In>): boolean {
    return (records[0]?.offset ?? 0) <= (partials.get(nameOf(window))?.lastOffset ?? -1);
  }

  async function put(key: PartialKey, expected: Partial | undefined, next: Partial): Promise<boolean> {
    const written = await store.putPartial(key, expected, next);
    const present = written.kind === "stored" ? next : written.present;
    if (present === undefined) partials.delete(nameOf(key));
    else partials.set(nameOf(key), present);
    return written.kind === "stored";
  }

  async function publishLate(batch: Batch<In>, records: readonly Decoded<In>[]): Promise<void> {
    const inOrder = [...records].sort((a, b) => a.offset - b.offset);
    await edges.late.publish(
      batch,
      inOrder.map((record) => ({
        record: record.wire,
        headers: {
          "late.topic": record.topic,
          "late.partition": String(record.partition),
          "late.offset": String(record.offset),
          "late.event-time": String(window.eventTime(record.value, record)),
        },
      })),
    );
    edges.onLate(batch, inOrder.length);
  }

  /**
   * Marks the windows whose end had been published when their partial changed: the emitter may have missed the change.
   * The frontier is read after the partials are stored, and the emitter publishes it before it reads them: one of the two sees the other.
   * A partition's first batch marks them all, for the emitter may not know of the partition yet.
   */
  async function markEmitted(windows: readonly WindowName[], lastOffset: number): Promise<void> {
    frontier = await edges.readFrontier();
    const due = progress === undefined ? windows : windows.filter(({ start }) => isDue(window, start, frontier));
    await inParallel(due, (one) => store.markDirty({ ...keyOf(one), token: `${edges.now()}-${lastOffset}` }));
    for (const [name, at] of starts())
      if (at + window.size + 2 * window.allowedLateness < (frontier ?? 0)) partials.delete(name);
  }

  function* starts(): Iterable<readonly [string, number]> {
    for (const name of partials.keys()) yield [name, Number(name.slice(0, name.indexOf("/")))];
  }

  async function moveProgress(batch: Batch<In>, maxEventTime: number | undefined): Promise<void> {
    for (;;) {
      const present: Progress | undefined = progress;
      if (present !== undefined && present.nextOffset > batch.lastOffset) return;
      const newest = greatest(present?.maxEventTime, maxEventTime);
      const next = {
        nextOffset: batch.lastOffset + 1,
        updatedAt: edges.now(),
        ...(present === undefined || maxEventTime !== undefined ? {} : { heardAt: heardAt(present) }),
        ...(newest === undefined ? {} : { maxEventTime: newest }),
        ...marksOf(batch, present),
      };
      const written = await store.putProgress(partition, present, next);
      progress = written.kind === "stored" ? next : written.present;
      if (written.kind === "stored") return;
    }
  }

  function keyOf({ start, group }: WindowName): PartialKey {
    return { partition, start, group };
  }
}

type WindowName = Pick<PartialKey, "start" | "group">;

function nameOf({ start, group }: WindowName): string {
  return `${start}/${group}`;
}

/** What is remembered of the records themselves, by which a redelivery is known. */
function marksOf({ wire }: Batch<unknown>, before: Progress | undefined): Pick<Progress, "newest" | "last"> {
  const last = wire.at(-1)?.timestamp;
  if (last === undefined) return {};
  let newest = before?.newest ?? last;
  for (const { timestamp } of wire) if (timestamp > newest) newest = timestamp;
  return { newest, last };
}

function greatest(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined ? b : b === undefined ? a : Math.max(a, b);
}

/** Refuses to go on where this version's state was stored by windows of another shape: adding to them would make both wrong. */
async function checkShape<In, A extends Aggregates<In>>(
  window: WindowDeclaration<In, A>,
  store: WindowStore,
  topic: string,
): Promise<void> {
  const { name, version } = window;
  const shape = shapeOf(window);
  const stored = await store.define({ name, version, topic, shape });
  const before = JSON.stringify(identityOf(stored.shape));
  const after = JSON.stringify(identityOf(shape));
  if (before === after) return;
  throw new ConfigError(
    `Window '${name}' has changed without a new version: version ${version} has stored state of ${before}, ` +
      `the code now says ${after}. Raise 'version' to ${version + 1} in its declaration; open windows of version ${version} are still emitted`,
  );
}

/** What stored state depends on; the rest of a shape may change between deploys. */
function identityOf({ size, advance, aggregate, runningTotals = false }: WindowShape) {
  return { size, advance, aggregate, runningTotals };
}
