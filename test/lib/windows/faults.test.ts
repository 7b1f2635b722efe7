// Promises of windows under crashes and under functions that outlive their timeout, on the in-memory runner:
// the adversary stops a delivery or an emitter between any two operations on the store, or lets several of them take turns.

import fc from "fast-check";
import { expect, it } from "vitest";
import { z } from "zod";
import { FencedError } from "../../../lib/errors.ts";
import type { Batch } from "../../../lib/kafka/source.ts";
import { eventTime, seconds } from "../../../lib/time.ts";
import { count } from "../../../lib/windows/aggregators.ts";
import type { OutputFormat } from "../../../lib/windows/emission.ts";
import { memoryStore } from "../../../lib/windows/memory-store.ts";
import { runWindow, type WindowRunner } from "../../../lib/windows/runner.ts";
import type { WindowStore } from "../../../lib/windows/store.ts";
import { windowed } from "../../../lib/windows/tumbling.ts";

const Visit = z.object({ at: z.number() });
type Visit = z.output<typeof Visit>;

const visits = windowed(Visit).tumbling({
  name: "visits",
  runningTotals: true,
  version: 1,
  eventTime: ({ at }) => eventTime(at),
  size: seconds(3),
  maxOutOfOrderness: seconds(1),
  allowedLateness: seconds(3),
  aggregate: { visits: count<Visit>() },
});

/** The window's record with its running total. */
const withTotal: OutputFormat = ({ start, result, total }) => ({
  key: String(start),
  value: { visits: result.visits, total: total?.visits },
});

class Crash extends Error {}

/** A store on which every operation first passes a gate, and passes another once it has taken effect. */
function gated(store: WindowStore, gate: (operation: string) => Promise<void>): WindowStore {
  return new Proxy(store, {
    get(target, name) {
      const operation = Reflect.get(target, name) as (...args: unknown[]) => Promise<unknown>;
      return async (...args: unknown[]) => {
        await gate(`before ${String(name)}`);
        const answer = await operation.apply(target, args);
        await gate(`after ${String(name)}`);
        return answer;
      };
    },
  });
}

/** Whether work came to its end; what a crash or a takeover ends ends there, anything else is thrown. */
async function untilCrash(work: Promise<unknown>): Promise<boolean> {
  try {
    await work;
    return true;
  } catch (thrown) {
    if (thrown instanceof Crash || thrown instanceof FencedError) return false;
    throw thrown;
  }
}

const times = fc.array(fc.integer({ min: 0, max: 14_000 }), { minLength: 1, maxLength: 4 });
const batches = fc.array(fc.record({ partition: fc.integer({ min: 0, max: 1 }), times }), {
  minLength: 1,
  maxLength: 8,
});

it("a crash between any two operations changes no count", async () => {
  const crashes = fc.array(fc.integer({ min: 1, max: 12 }), { maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(batches, crashes, async (script, crashAfter) => {
      let left = Number.POSITIVE_INFINITY;
      const store = gated(memoryStore(), async () => {
        if (--left <= 0) throw new Crash();
      });
      const runner = runWindow(visits, { partitions: 2, startAt: 14_000, store, format: withTotal });
      const planned = [...crashAfter];
      const attempt = async (work: () => Promise<unknown>) => {
        left = planned.shift() ?? Number.POSITIVE_INFINITY;
        const finished = await untilCrash(work());
        left = Number.POSITIVE_INFINITY;
        return finished;
      };
      for (const { partition, times } of script) {
        const batch = runner.append(partition, ...times.map((at) => ({ at })));
        while (!(await attempt(() => runner.deliver(batch, "new"))));
        while (!(await attempt(() => runner.tick("new"))));
      }
      await runner.tick("new");
      await runner.advance(60_000);
      expectConserved(runner, script);
    }),
    { numRuns: 3000 },
  );
});

it("a late record that a crashed delivery has counted is in a revision, though its window has closed for good meanwhile", async () => {
  let crashAt: string | undefined;
  const store = gated(memoryStore(), async (operation) => {
    if (operation === crashAt) throw new Crash();
  });
  const runner = runWindow(visits, { partitions: 2, startAt: 14_000, store, format: withTotal });
  await runner.feed(0, { at: 0 }, { at: 14_000 });
  await runner.feed(1, { at: 4000 });
  await runner.tick();
  const batch = runner.append(0, { at: 1 });
  crashAt = "before markDirty";
  expect(await untilCrash(runner.deliver(batch, "new"))).toBe(false);
  crashAt = undefined;
  await runner.feed(1, { at: 14_000 });
  await runner.tick();
  await runner.deliver(batch, "new");
  await runner.advance(60_000);
  expectConserved(runner, [{ times: [0, 14_000] }, { times: [4000] }, { times: [1] }, { times: [14_000] }]);
});

it("deliveries and emitters that run at once, the dead and the living, change no count", async () => {
  const turns = fc.array(fc.record({ again: fc.integer({ min: 1, max: 3 }), tick: fc.boolean() }), {
    minLength: 8,
    maxLength: 8,
  });
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), batches, turns, async (scheduler, script, turn) => {
      const store = gated(memoryStore(), (operation) => scheduler.schedule(Promise.resolve(), operation));
      const runner = runWindow(visits, { partitions: 2, startAt: 14_000, store, format: withTotal });
      const zombies: Promise<boolean>[] = [];
      const run = async () => {
        for (const [index, { partition, times }] of script.entries()) {
          const batch = runner.append(partition, ...times.map((at) => ({ at })));
          // All but the last delivery may go on long after the event source gave them up.
          for (let copy = 1; copy < (turn[index]?.again ?? 1); copy++)
            zombies.push(untilCrash(tailOf(runner, batch, copy)));
          if (turn[index]?.tick) zombies.push(untilCrash(runner.tick("new")));
          await runner.deliver(batch, "new");
        }
        await Promise.all(zombies);
      };
      await scheduler.waitFor(run());
      const settle = async () => {
        await runner.tick("new");
        await runner.advance(60_000);
      };
      await scheduler.waitFor(settle());
      expectConserved(runner, script);
    }),
    { numRuns: 1500 },
  );
});

/** The whole batch again, or what another cut of the partition would hold of it. */
function tailOf(runner: WindowRunner<Visit>, batch: Batch<Visit>, copy: number): Promise<void> {
  if (copy === 1) return runner.deliver(batch, "new");
  const records = batch.records.slice(0, Math.max(1, batch.records.length - 1));
  const wire = records.map((record) => record.wire);
  return runner.deliver({ ...batch, records, wire, lastOffset: batch.firstOffset + records.length - 1 }, "new");
}

function expectConserved(runner: WindowRunner<Visit>, script: readonly { readonly times: readonly number[] }[]): void {
  const sent = countBy(script.flatMap(({ times }) => times));
  const late = runner.late.map(({ value }) => Number(JSON.parse(Buffer.from(value ?? "", "base64").toString()).at));
  const accounted = countBy(late);
  const revisions = new Map<string, number>();
  const last = new Map<number, number>();
  const totals = new Map<number, number>();
  for (const { key, value, revision } of runner.results) {
    expect(revision, `revision of window ${key}`).toBe((revisions.get(key) ?? 0) + 1);
    revisions.set(key, revision);
    last.set(Number(key), Number(value.visits));
    totals.set(Number(key), Number(value.total));
  }
  let running = 0;
  for (const start of [...last.keys()].sort((a, b) => a - b)) {
    running += last.get(start) ?? 0;
    expect(totals.get(start), `running total of window ${start}`).toBe(running);
  }
  for (const [start, visits] of last) accounted.set(start, (accounted.get(start) ?? 0) + visits);
  expect(Object.fromEntries(accounted)).toEqual(Object.fromEntries(sent));
}

function countBy(times: readonly number[]): Map<number, number> {
  const counts = new Map<number, number>();
  for (const at of times) {
    const start = Math.floor(at / 3000) * 3000;
    counts.set(start, (counts.get(start) ?? 0) + 1);
  }
  return counts;
}
