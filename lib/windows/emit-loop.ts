// The scheduled emitter of every windowed pipeline: ticks until its successor takes over or its time is up.
// EventBridge starts one a minute at most; a successor fences its predecessor, so results never wait for the next start.
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html

import { FencedError } from "../errors.ts";
import type { OutputFormat } from "./emission.ts";
import { type EmissionReport, type EmitEdges, openEmitter } from "./emit.ts";
import type { Ledger } from "./ledger.ts";
import type { SourceTopic } from "./source.ts";
import type { Definition, PipelineKey, WindowStore } from "./store.ts";
import type { WindowShape } from "./tumbling.ts";

/** Where a windowed pipeline's results go. */
export interface EmitRoute {
  /** The declaration. What it says of time is in force for its version, whatever was said when the version's state was first stored. */
  readonly window: PipelineKey & Pick<WindowShape, "maxOutOfOrderness" | "allowedLateness">;
  /** The output topic. */
  readonly topic: string;
  /** The output record of a window; `windowRecord` where absent. */
  readonly format?: OutputFormat;
}

/** What the loop makes for each pipeline version it serves. */
export interface LoopEdges {
  readonly store: (pipeline: PipelineKey) => WindowStore;
  readonly ledger: (definition: Definition, topic: string) => Ledger;
  readonly source: (definition: Definition) => SourceTopic;
  readonly now: () => number;
  readonly pause: (ms: number) => Promise<void>;
  readonly owner: string;
  readonly idleTime: number;
  readonly tickMs: number;
  readonly onEmission: (definition: Definition, emission: EmissionReport) => void;
  readonly onWatermark?: (definition: Definition, lag: number) => void;
  readonly onTrouble: (definition: PipelineKey, thrown: unknown) => void;
}

/** How long after a failed tick the emitter opens again, ms. */
const REOPEN_AFTER = 500;

/** How often a pipeline without stored state is looked for, and an older version looked after, in ticks. */
const SELDOM = 10;

/** Serves every route until the deadline (epoch ms) or, pipeline by pipeline, until a successor takes over. */
export async function emitUntil(deadline: number, routes: readonly EmitRoute[], edges: LoopEdges): Promise<void> {
  await Promise.all(routes.map((route) => serveRoute(deadline, route, edges)));
}

/** Serves the versions of one pipeline as their state appears: the newest by its own watermark, older ones by the newest's. */
async function serveRoute(deadline: number, route: EmitRoute, edges: LoopEdges): Promise<void> {
  const store = edges.store(route.window);
  const serving = new Map<number, Promise<void>>();
  let replaced = false;
  while (!replaced && edges.now() < deadline) {
    const definitions = await store.definitions().catch((thrown: unknown) => {
      edges.onTrouble(route.window, thrown);
      return [];
    });
    for (const stored of definitions) {
      if (serving.has(stored.version)) continue;
      const definition = stored.version === route.window.version ? inForce(stored, route) : stored;
      const served = serveVersion(deadline, definition, route, edges).then((end) => {
        if (end === "replaced") replaced = true;
      });
      serving.set(stored.version, served);
    }
    await edges.pause(Math.min(edges.tickMs * SELDOM, Math.max(0, deadline - edges.now())));
  }
  await Promise.all(serving.values());
}

function inForce(stored: Definition, { window: { maxOutOfOrderness, allowedLateness } }: EmitRoute): Definition {
  return { ...stored, shape: { ...stored.shape, maxOutOfOrderness, allowedLateness } };
}

async function serveVersion(
  deadline: number,
  definition: Definition,
  route: EmitRoute,
  edges: LoopEdges,
): Promise<"deadline" | "replaced"> {
  const isOld = definition.version < route.window.version;
  while (edges.now() < deadline) {
    const ledger = edges.ledger(definition, route.topic);
    const source = edges.source(definition);
    try {
      const emitter = await openEmitter(definition, emitEdges(definition, route, edges, ledger, source));
      while (edges.now() < deadline) {
        await emitter.tick();
        await edges.pause(isOld ? edges.tickMs * SELDOM : edges.tickMs);
      }
    } catch (thrown) {
      if (thrown instanceof FencedError && (await isReplaced(definition, edges))) return "replaced";
      edges.onTrouble(definition, thrown);
      await edges.pause(REOPEN_AFTER);
    } finally {
      await Promise.allSettled([ledger.close(), source.close()]);
    }
  }
  return "deadline";
}

/** Who is fenced and yet the head's owner has no successor: a transaction took too long, or one that has been replaced itself came late. */
async function isReplaced(definition: Definition, { store, owner }: LoopEdges): Promise<boolean> {
  const control = await store(definition)
    .control()
    .catch(() => undefined);
  return control?.head?.owner !== owner;
}

function emitEdges(
  definition: Definition,
  route: EmitRoute,
  edges: LoopEdges,
  ledger: Ledger,
  source: SourceTopic,
): EmitEdges {
  const newest = edges.store(route.window);
  return {
    store: edges.store(definition),
    ledger,
    source,
    now: edges.now,
    idleTime: edges.idleTime,
    owner: edges.owner,
    onEmission: (emission) => edges.onEmission(definition, emission),
    onWatermark: (lag) => edges.onWatermark?.(definition, lag),
    ...(definition.version < route.window.version ? { newerFrontier: () => newest.readFrontier() } : {}),
    ...(route.format === undefined ? {} : { format: route.format }),
  };
}
