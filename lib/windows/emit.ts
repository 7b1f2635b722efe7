// The emitting side of windows: in short ticks, publishes how far the watermark has come and sends the results it made due, each once.
//
//   publish the frontier → read the partials it made due → freeze their results under the next emission number (store)
//   → one Kafka transaction: results + number in the ledger → remember what was emitted, mark the emission done (store)
//
// A crash between any two leaves one question, "did the transaction happen?", and the ledger answers it. Another emitter that takes over
// fences this one first, so it asks when the answer can no longer change.

import { FencedError } from "../errors.ts";
import { inParts, type OutputFormat, resultsDue, windowRecord } from "./emission.ts";
import type { Ledger } from "./ledger.ts";
import { totalAfter, totalWith, withRunningTotals } from "./running-totals.ts";
import type { SourceTopic } from "./source.ts";
import type { Control, Definition, FrozenResult, Head, StoredPartial, WindowStore } from "./store.ts";
import { resultOf } from "./tumbling.ts";
import {
  frontierOf,
  heardAt,
  isDue,
  isIdle,
  type PartitionView,
  pipelineWatermark,
  type Watermark,
} from "./watermark.ts";

/** What an emitter of one pipeline version works on. */
export interface EmitEdges {
  readonly store: WindowStore;
  readonly ledger: Ledger;
  readonly source: SourceTopic;
  /** Where the newest version of this pipeline stands, when this is an older one; its watermark then closes this one's windows. */
  readonly newerFrontier?: () => Promise<number | undefined>;
  readonly format?: OutputFormat;
  readonly now: () => number;
  /** A drained partition holds the others back for this long, ms. */
  readonly idleTime: number;
  /** Tells emitters apart. */
  readonly owner: string;
  readonly onEmission?: (emission: EmissionReport) => void;
  /** At every look: how far the watermark is behind the clock, ms; 0 when there is nothing left to read. */
  readonly onWatermark?: (lag: number) => void;
}

export interface EmissionReport {
  readonly number: number;
  readonly results: number;
  readonly revisions: number;
  /** From the watermark that made the oldest of them due to the commit, ms. */
  readonly delay: number;
}

/** One pipeline's emitter, at work. */
export interface Emitter {
  /** Looks once and sends what is due. @throws FencedError when a successor has taken over. */
  tick(): Promise<void>;
}

/** How long a ledger's offset may go without being committed again, ms: a day, of the seven that brokers keep it by default. */
const LEDGER_REFRESH = 24 * 3600 * 1000;

/** How long new partitions of a topic may stay unknown while all known ones are busy, ms. */
const LOOK_ANYWAY = 10_000;

/** How long after a look at a lagging partition's tail found records before it is looked at again, ms. */
const PROBE_AGAIN = 5_000;

/** Takes over a pipeline's emissions: fences the emitter before, then finishes what it left. */
export async function openEmitter(definition: Definition, edges: EmitEdges): Promise<Emitter> {
  const { store, ledger, source } = edges;
  const { shape } = definition;
  const policy = { shape, idleTime: edges.idleTime };
  const probes = new Map<number, Probe>();
  let offsets = await source.offsets();
  let offsetsAt = edges.now();

  // First the store, then Kafka: an emitter that is replaced in between can freeze nothing more, and once fenced can send nothing more.
  const taken = await store.takeOver(edges.owner);
  await ledger.open();
  let head = (await store.control()).head ?? taken;
  await recover();
  let lookedThrough = head.emittedThrough ?? Number.NEGATIVE_INFINITY;

  return {
    async tick() {
      const control = await store.control();
      if (control.head?.owner !== edges.owner) throw takenOver();
      await refreshOffsets(control);
      const watermark = await watermarkNow(control);
      const frontier = greatest(control.frontier, watermark && frontierOf(watermark.time, shape));
      if (frontier === undefined) return;
      if (frontier > (control.frontier ?? Number.NEGATIVE_INFINITY)) await store.publishFrontier(frontier);
      if (frontier > lookedThrough || control.dirty.length > 0) await emitDue(control, frontier, watermark?.since);
      await refreshLedger();
    },
  };

  /** Sends what is due up to a frontier that has been published. */
  async function emitDue(control: Control, frontier: number, since: number | undefined): Promise<void> {
    const due = await partialsDue(control, frontier);
    if (due.length > 0) {
      const parts = inParts(await results(due, since));
      for (const part of parts) await emit(part, part === parts.at(-1) ? frontier : undefined);
    }
    lookedThrough = Math.max(lookedThrough, frontier);
    await store.clearDirty(control.dirty.filter(({ start }) => isDue(shape, start, frontier)));
  }

  async function results(due: readonly StoredPartial[], since: number | undefined): Promise<readonly FrozenResult[]> {
    const now = edges.now();
    const dueAt = (start: number) => (isDue(shape, start, lookedThrough) ? now : (since ?? now));
    // Not as arguments of one call: after a day without an emitter there are more of them than a call takes.
    const first = due.reduce((least, { start }) => Math.min(least, start), Number.POSITIVE_INFINITY);
    const last = due.reduce((most, { start }) => Math.max(most, start), Number.NEGATIVE_INFINITY);
    const emitted = await store.emittedBetween(first, shape.runningTotals === true ? ALL_LATER : last + 1);
    const changed = resultsDue(shape, due, emitted, dueAt);
    return shape.runningTotals === true ? withRunningTotals(shape, changed, { emitted, total: head.total }) : changed;
  }

  /** Every partition that may hold partials: one that is being read for the first time has no progress yet. */
  function partitionsOf(control: Control): readonly number[] {
    const named = [...offsets, ...control.dirty].map(({ partition }) => partition);
    return [...new Set([...control.progress.keys(), ...named])];
  }

  /** The partials of windows that the frontier has newly reached, and of those changed behind it. */
  async function partialsDue(control: Control, frontier: number): Promise<readonly StoredPartial[]> {
    const partitions = partitionsOf(control);
    const from = Math.max(lookedThrough - shape.size + 1, EARLIEST);
    const to = frontier - shape.size + 1;
    const fresh = await Promise.all(partitions.map((partition) => store.partialsBetween(partition, from, to)));
    const changed = new Map(control.dirty.map((window) => [`${window.start}/${window.group}`, window]));
    const behind = [...changed.values()].filter(({ start }) => start < from && isDue(shape, start, frontier));
    const again = await Promise.all(behind.map((window) => store.partialsOf(window, partitions)));
    return [...fresh, ...again].flat();
  }

  async function emit(results: readonly FrozenResult[], emittedThrough: number | undefined): Promise<void> {
    const frozen: Head = { ...head, number: head.number + 1, status: "frozen" };
    const written = await store.freeze(head, results);
    if (written.kind === "refused") throw takenOver();
    head = frozen;
    await sendAndFinish(results, emittedThrough);
  }

  async function sendAndFinish(results: readonly FrozenResult[], emittedThrough?: number): Promise<void> {
    await ledger.send(head.number, results.map(message));
    await finish(results, emittedThrough);
    const dueAt = Math.min(...results.map((result) => result.dueAt));
    const revisions = results.filter(({ revision }) => revision > 1).length;
    edges.onEmission?.({ number: head.number, results: results.length, revisions, delay: edges.now() - dueAt });
  }

  async function finish(results: readonly FrozenResult[], emittedThrough = head.emittedThrough): Promise<void> {
    const total = shape.runningTotals === true ? totalWith(shape, head.total, results) : undefined;
    const next = {
      ledgerAt: edges.now(),
      ...(emittedThrough === undefined ? {} : { emittedThrough }),
      ...(total === undefined ? {} : { total }),
    };
    const written = await store.finish(head, results, next);
    if (written.kind === "refused") throw takenOver();
    head = { ...head, ...next, status: "done" };
  }

  /** Finishes the emission that the emitter before left frozen: in Kafka already, or to be sent. */
  async function recover(): Promise<void> {
    if (head.status === "done") return;
    const results = await store.frozen(head);
    const sent = await ledger.lastSent();
    if (sent === head.number) await finish(results);
    else await sendAndFinish(results);
  }

  /** Commits the ledger's offset again before the broker forgets it. */
  async function refreshLedger(): Promise<void> {
    if (head.number === 0 || edges.now() - head.ledgerAt < LEDGER_REFRESH) return;
    await ledger.send(head.number, []);
    await finish([]);
  }

  function message(frozen: FrozenResult) {
    const { start, group, revision, result, dueAt } = frozen;
    const total = shape.runningTotals === true ? { total: resultOf(shape, totalAfter(shape, frozen)) } : {};
    const output = { start, end: start + shape.size, group, result, ...total };
    const { key, value } = (edges.format ?? windowRecord)(output);
    const headers = {
      revision: String(revision),
      emission: String(head.number),
      version: String(definition.version),
      due_at: String(dueAt),
    };
    return { key, value: JSON.stringify(value), headers };
  }

  async function watermarkNow(control: Control): Promise<Watermark | undefined> {
    const now = edges.now();
    // Until the newer version has a watermark, nothing may have come for it: then this version's own closes its windows.
    const newer = await edges.newerFrontier?.();
    if (newer !== undefined) return { time: newer, since: now };
    const views = offsets.map((at) => view(at, control, now));
    const watermark = pipelineWatermark(views, policy, now);
    const isQuiet = views.every((each) => isIdle(each, policy, now));
    if (isQuiet || watermark !== undefined) edges.onWatermark?.(isQuiet ? 0 : now - watermark!.time);
    return watermark;
  }

  function view(at: (typeof offsets)[number], control: Control, now: number): PartitionView {
    const progress = control.progress.get(at.partition);
    if (progress === undefined) return at;
    const lags = progress.nextOffset < at.endOffset && now - progress.updatedAt >= edges.idleTime;
    const onlyMarkers = lags && probe(at.partition, progress.nextOffset, at.endOffset, now);
    return { ...at, progress, onlyMarkers };
  }

  /** Whether a silent partition's tail is known to be markers only; looks in the background, once for each tail. */
  function probe(partition: number, from: number, end: number, now: number): boolean {
    const known = probes.get(partition);
    if (known !== undefined && known.from === from && known.end === end) {
      if (known.onlyMarkers === true || now < known.at + PROBE_AGAIN) return known.onlyMarkers === true;
    }
    const started: Probe = { from, end, at: now };
    probes.set(partition, started);
    source.onlyMarkers(partition, from, end).then(
      (onlyMarkers) => Object.assign(started, { onlyMarkers }),
      () => probes.delete(partition),
    );
    return false;
  }

  /** Asks the broker how far the topic reaches, where it matters: a partition that is being processed is not idle, wherever it ends. */
  async function refreshOffsets({ progress }: Control): Promise<void> {
    const now = edges.now();
    if (now - offsetsAt < Math.min(250, edges.idleTime / 2)) return;
    const isBusy = ({ partition }: (typeof offsets)[number]) => {
      const at = progress.get(partition);
      return at !== undefined && now - heardAt(at) < edges.idleTime;
    };
    if (now - offsetsAt < LOOK_ANYWAY && offsets.every(isBusy)) return;
    offsets = await source.offsets();
    offsetsAt = edges.now();
  }

  function takenOver(): FencedError {
    return new FencedError(`Another emitter has taken over window '${definition.name}' version ${definition.version}`);
  }
}

interface Probe {
  readonly from: number;
  readonly end: number;
  readonly at: number;
  readonly onlyMarkers?: boolean;
}

/** Before any event time that a store can name, and after. */
const EARLIEST = -9e14;
const ALL_LATER = 9e14;

function greatest(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined ? b : b === undefined ? a : Math.max(a, b);
}
