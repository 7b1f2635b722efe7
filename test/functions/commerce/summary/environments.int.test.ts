// Several execution environments of the summary on DynamoDB, some of which die between two writes or are delivered the same batch at once:
// the totals are exact, the pictures complete, and their latest is never an older one.

import { setTimeout as wait } from "node:timers/promises";
import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { CommerceEvent } from "../../../../functions/commerce/schema.ts";
import { afterBatch, onSchedule } from "../../../../functions/commerce/summary/summarize.ts";
import { type CommerceTotals, commerceTotals } from "../../../../functions/commerce/summary/totals.ts";
import type { Batch } from "../../../../lib/kafka/source.ts";
import { dynamoDbOrigins } from "../../../../lib/windows/dynamodb-origins.ts";
import { dynamoDbStore } from "../../../../lib/windows/dynamodb-store.ts";
import { dynamoDbViewStore } from "../../../../lib/windows/dynamodb-view-store.ts";
import { readTotals, shareKey, shareOf } from "../../../../lib/windows/global-window.ts";
import { memoryStore } from "../../../../lib/windows/memory-store.ts";
import { onceByOrigin } from "../../../../lib/windows/origins.ts";
import { runWindow } from "../../../../lib/windows/runner.ts";
import { refresh } from "../../../../lib/windows/view.ts";
import { crashAt, type Gate, gated, untilCrash } from "../../../support/gated.ts";
import { windowsTable } from "../../../support/windows-table.ts";
import { anyEvent } from "../events.ts";
import { AnyEvent } from "./summary-events.ts";

let client: DynamoDBClient;
let table: string;

beforeAll(async () => {
  ({ client, table } = await windowsTable());
});
afterAll(() => client.destroy());

const topics = ["event_order", "event_purchase", "event_delivery"];
const PARTITIONS = 2;

/** One pipeline in the table, apart from all others, and what its environments have in common: the clock and the place for pictures. */
function pipeline() {
  const namespace = `${crypto.randomUUID()}-`;
  const place = { client, table, namespace };
  const clock = { now: Date.UTC(2026, 10, 21) };
  const drawn: CommerceTotals[] = [];
  let latest: { readonly at: number; readonly totals: CommerceTotals } | undefined;

  function environment(gate: Gate = async () => {}) {
    const stores = topics.map((topic) =>
      gated(dynamoDbStore({ ...place, pipeline: shareKey(commerceTotals, topic), isKept: true }), gate),
    );
    const origins = gated(dynamoDbOrigins({ ...place, totals: commerceTotals }), gate);
    const views = gated(dynamoDbViewStore({ ...place, totals: commerceTotals }), gate);
    const runners = topics.map((topic, at) =>
      runWindow(shareOf(commerceTotals, topic, AnyEvent), { partitions: PARTITIONS, store: stores[at]! }),
    );
    async function make(totals: CommerceTotals, at: number): Promise<void> {
      await gate("before drawing");
      drawn.push(totals);
      if (at > (latest?.at ?? 0)) latest = { at, totals };
      await gate("after drawing");
    }
    const look = (policy: typeof afterBatch) =>
      refresh(policy, {
        store: views,
        totals: () => readTotals(commerceTotals, stores),
        recordsIn: ({ events }) => events,
        make,
        now: () => clock.now,
        maker: crypto.randomUUID(),
        deadline: clock.now + 60_000,
      });
    return {
      look,
      async process(topic: number, batch: Batch<CommerceEvent>) {
        await onceByOrigin((one: Batch<CommerceEvent>) => runners[topic]!.deliver(one), origins)(batch);
        await look(afterBatch);
      },
      totals: () => readTotals(commerceTotals, stores),
    };
  }

  /** The topics' logs, from which batches are delivered. */
  const logs = topics.map((topic) => runWindow(shareOf(commerceTotals, topic, AnyEvent), { partitions: PARTITIONS }));
  const append = (topic: number, partition: number, events: readonly CommerceEvent[]) =>
    logs[topic]!.append(partition, ...events);
  return { environment, append, clock, drawn, latest: () => latest };
}

/** What the totals have to be: all events through one environment, once, in memory. */
async function expected(events: readonly CommerceEvent[]): Promise<CommerceTotals> {
  const store = memoryStore();
  await runWindow(shareOf(commerceTotals, "all", AnyEvent), { store }).feed(0, ...events);
  return readTotals(commerceTotals, [store]);
}

/** Batches of some hundred events, so that a few of them make pictures due. */
function scriptOf(seed: number, batches: number) {
  const events = fc.sample(anyEvent, { seed, numRuns: 40 });
  return Array.from({ length: batches }, (_, at) => ({
    topic: at % topics.length,
    partition: at % PARTITIONS,
    events: Array.from({ length: 150 + 50 * (at % 5) }, (_, index) => events[(at * 7 + index) % events.length]!),
  }));
}

it.each([1, 2, 3])("environments that die at any write change no total (seed %i)", async (seed) => {
  const { environment, append, clock, drawn, latest } = pipeline();
  const script = scriptOf(seed, 12);
  let deaths = 0;
  for (const [at, { topic, partition, events }] of script.entries()) {
    const batch = append(topic, partition, events);
    for (let crash = 1 + ((seed * 3 + at * 5) % 17); ; crash += 6) {
      const isDone = await untilCrash(environment(crashAt(crash)).process(topic, batch));
      clock.now += 1_000;
      if (isDone) break;
      deaths++;
    }
  }
  expect(deaths).toBeGreaterThan(5);
  clock.now += 60_000;
  await environment().look(onSchedule);
  const all = await expected(script.flatMap(({ events }) => events));
  expect(await environment().totals()).toEqual(all);
  expect(latest()?.totals).toEqual(all);
  const shown = drawn.map(({ events }) => events);
  expect(shown).toEqual([...shown].sort((a, b) => a - b));
});

it("environments that run at once, the dead beside the living, count each event once and leave fewer than 1,000 undrawn", async () => {
  const { environment, append, drawn, latest } = pipeline();
  const script = scriptOf(7, 24).map((step) => ({ ...step, batch: append(step.topic, step.partition, step.events) }));
  const lanes = Map.groupBy(script, ({ topic, partition }) => `${topic}/${partition}`);
  const environments = Array.from({ length: 4 }, () => environment());
  const slow = Array.from({ length: 3 }, (_, at) => environment(() => wait(5 + 7 * at)));
  const zombies: Promise<void>[] = [];
  await Promise.all(
    [...lanes.values()].map(async (lane, number) => {
      for (const [at, { topic, batch }] of lane.entries()) {
        // Given up by the event source, and still at it while the next ones get this batch and those after it.
        zombies.push(slow[(at + number) % 3]!.process(topic, batch));
        await environments[(at + number) % 4]!.process(topic, batch);
      }
    }),
  );
  await Promise.all(zombies);
  const all = await expected(script.flatMap(({ events }) => events));
  expect(await environment().totals()).toEqual(all);
  expect(all.events - (latest()?.totals.events ?? 0)).toBeLessThan(1_000);
  expect(drawn.length).toBeLessThanOrEqual(1 + Math.floor(all.events / 1_000));
  await environment().look(onSchedule);
  expect(latest()?.totals).toEqual(all);
});

it("a redelivered backlog, cut into other batches, changes nothing and draws nothing", async () => {
  const { environment, append, drawn } = pipeline();
  const events = fc.sample(anyEvent, { seed: 11, numRuns: 60 });
  const [first, second] = [append(0, 0, events.slice(0, 40)), append(0, 0, events.slice(40))];
  const one = environment();
  await one.process(0, first);
  await one.process(0, second);
  await one.look(onSchedule);
  const before = { totals: await one.totals(), drawings: drawn.length };
  const whole = {
    ...first,
    lastOffset: second.lastOffset,
    records: [...first.records, ...second.records],
    wire: [...first.wire, ...second.wire],
  };
  const tail = { ...whole, firstOffset: 20, records: whole.records.slice(20), wire: whole.wire.slice(20) };
  for (const batch of [whole, tail, second]) await environment().process(0, batch);
  await environment().look(onSchedule);
  expect({ totals: await environment().totals(), drawings: drawn.length }).toEqual(before);
});
