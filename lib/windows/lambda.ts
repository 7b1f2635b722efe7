// A windowed declaration on AWS: the edges of its two functions, made from the environment's Kafka connection and the windows' table.

import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { optional } from "../config.ts";
import { messageOf } from "../errors.ts";
import { environmentConnection, functionOwner } from "../kafka/client.ts";
import type { Consumer } from "../kafka/consume.ts";
import { assertSameTopic } from "../kafka/shadow.ts";
import type { SideOutput } from "../kafka/side-output.ts";
import { begin, log, measure } from "../telemetry.ts";
import { aggregate } from "./aggregate.ts";
import { dynamoDbStore } from "./dynamodb-store.ts";
import { type EmitRoute, emitUntil, type LoopEdges } from "./emit-loop.ts";
import { kafkaLedger } from "./ledger.ts";
import { kafkaSource } from "./source.ts";
import type { Definition, PipelineKey, WindowStore } from "./store.ts";
import type { Aggregates, WindowDeclaration } from "./tumbling.ts";

export interface AggregationSettings {
  /** The windows' DynamoDB table. */
  readonly table: string;
  /** Where records go that come after their window has been closed for good. */
  readonly late: SideOutput;
  /** State never expires. */
  readonly isKept?: boolean;
}

/** The consuming function of a windowed aggregation: `consume({ ...aggregation(window, settings), poison })`. */
export function aggregation<In, A extends Aggregates<In>>(
  window: WindowDeclaration<In, A>,
  { table, late, isKept = false }: AggregationSettings,
): Pick<Consumer<In>, "input" | "accept" | "process"> {
  return aggregate(window, {
    store: tableStore(table, window, { isKept }),
    late,
    checkRedelivery: (batch, { nextOffset, newest, last }) =>
      assertSameTopic(environmentConnection(), batch, {
        shadow: { nextOffset, newest, last },
        records: batch.wire,
        remedy: remedyFor(window),
      }),
    onLate: ({ topic, partition }, count) => measure("late records", { records_late: count }, { topic, partition }),
    now: Date.now,
  });
}

/** How often an emitter says how far its watermark is behind, ms: CloudWatch keeps a value a minute. */
const WATERMARK_EVERY_MS = 20_000;

export interface EmissionSettings {
  readonly table: string;
  /** From one look to the next, ms. */
  readonly tickMs?: number;
  /** How long a drained partition still holds the others back, ms. */
  readonly idleTime?: number;
}

/** The part of Lambda's context that an emitter needs. */
export interface RemainingTime {
  getRemainingTimeInMillis(): number;
}

/**
 * The scheduled function that emits every route's windows. It works until its successor takes over, at the latest until
 * two seconds before its time limit; EMIT_SECONDS cuts that short.
 */
export function emission(
  routes: readonly EmitRoute[],
  { table, tickMs = 100, idleTime = 1_000 }: EmissionSettings,
): (event: unknown, context: RemainingTime) => Promise<void> {
  return async (_event, context) => {
    begin(context);
    const { kafka } = environmentConnection();
    const owner = crypto.randomUUID();
    const limit = Number(optional("EMIT_SECONDS", "840")) * 1000;
    const deadline = Date.now() + Math.min(limit, context.getRemainingTimeInMillis() - 2_000);
    const nameOf = ({ name, version }: PipelineKey) => `${functionOwner()}-${name}-${version}`;
    const edges: LoopEdges = {
      store: (pipeline) => tableStore(table, pipeline),
      ledger: (definition, topic) => kafkaLedger({ kafka, topic, name: nameOf(definition) }),
      source: (definition) => kafkaSource(kafka, definition.topic, nameOf(definition)),
      now: Date.now,
      pause: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
      owner,
      idleTime,
      tickMs,
      onEmission: ({ name, version }, { number, results, revisions, delay }) =>
        measure("emission", { emission_delay_ms: delay, results, revisions }, { window: name, version, number }),
      onWatermark: seldom(WATERMARK_EVERY_MS, ({ name, version }: Definition, lag: number) =>
        measure("watermark", { watermark_lag_ms: lag }, { window: name, version }),
      ),
      onTrouble: ({ name, version }, thrown) => {
        log.error("emission failed, trying again", { window: name, version, error: messageOf(thrown) });
        measure("failures", { emissions_failed: 1 }); // the function itself fails at nothing, and Lambda's Errors are silent
      },
    };
    await emitUntil(deadline, routes, edges);
  };
}

/** Passes on the first call for a pipeline, and then one every so often. */
function seldom(everyMs: number, run: (of: Definition, value: number) => void) {
  const lastAt = new Map<string, number>();
  return (of: Definition, value: number): void => {
    const key = `${of.name}/${of.version}`;
    if (Date.now() - (lastAt.get(key) ?? Number.NEGATIVE_INFINITY) < everyMs) return;
    lastAt.set(key, Date.now());
    run(of, value);
  };
}

function remedyFor({ name, version }: PipelineKey): string {
  return `raise 'version' of window '${name}' to ${version + 1} in its declaration and deploy`;
}

let client: DynamoDBClient | undefined;

/** The state of a pipeline in the windows' table, under this environment's namespace. */
export function tableStore(table: string, pipeline: PipelineKey, { isKept = false } = {}): WindowStore {
  return dynamoDbStore({ ...tableOf(table), pipeline, isKept });
}

/** The windows' table as stores take it. */
export function tableOf(table: string) {
  client ??= new DynamoDBClient({ maxAttempts: 5 });
  return { client, table, namespace: optional("NAMESPACE", "") };
}
