// Promises of windows, on the in-memory runner: whatever is redelivered, re-batched or run twice, every record counts once or is late once.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import type { Batch } from "../../../lib/kafka/source.ts";
import { eventTime, seconds } from "../../../lib/time.ts";
import { count, sum } from "../../../lib/windows/aggregators.ts";
import { memoryStore } from "../../../lib/windows/memory-store.ts";
import { runWindow, type WindowRunner } from "../../../lib/windows/runner.ts";
import { windowed } from "../../../lib/windows/tumbling.ts";

const Payment = z.object({ at: z.number(), amount: z.number(), paid: z.boolean() });
type Payment = z.output<typeof Payment>;

const options = {
  name: "payments",
  version: 1,
  eventTime: (payment: Payment) => eventTime(payment.at),
  where: (payment: Payment) => payment.paid,
  size: seconds(3),
  maxOutOfOrderness: seconds(1),
  allowedLateness: seconds(6),
  aggregate: { total: sum<Payment>((payment) => payment.amount), payments: count<Payment>() },
} as const;
const payments = windowed(Payment).tumbling(options);

const paid = (at: number, amount = 1): Payment => ({ at, amount, paid: true });
const refused = (at: number): Payment => ({ at, amount: 1, paid: false });

describe("a window", () => {
  it("comes out when the watermark passes its end, and not before", async () => {
    const runner = runWindow(payments);
    await runner.feed(0, paid(0, 10), paid(2999, 5), paid(3999));
    await runner.tick();
    expect(runner.results).toEqual([]);
    await runner.feed(0, paid(4000));
    await runner.tick();
    expect(runner.results).toEqual([
      { key: "0", value: { window_start: 0, window_end: 3000, total: 15, payments: 2 }, revision: 1, emission: 1 },
    ]);
  });

  it("moves with records that do not count", async () => {
    const runner = runWindow(payments);
    await runner.feed(0, paid(0, 10), refused(4000));
    await runner.tick();
    expect(runner.results.map(({ value }) => value)).toEqual([
      { window_start: 0, window_end: 3000, total: 10, payments: 1 },
    ]);
  });

  it("that nothing was counted in is not sent", async () => {
    const runner = runWindow(payments);
    await runner.feed(0, refused(0), refused(10_000));
    await runner.tick();
    expect(runner.results).toEqual([]);
  });

  it("waits for a partition that lags", async () => {
    const runner = runWindow(payments, { partitions: 2 });
    const waiting = runner.append(1, paid(100, 7));
    await runner.feed(0, paid(0, 10), paid(9000));
    await runner.advance(60_000);
    expect(runner.results).toEqual([]);
    await runner.deliver(waiting);
    await runner.feed(1, paid(9000));
    await runner.tick();
    expect(runner.results.map(({ value }) => value.total)).toEqual([17]);
  });

  it("closes by the clock once every partition is drained", async () => {
    const runner = runWindow(payments, { partitions: 2 });
    await runner.feed(0, paid(0, 10));
    await runner.advance(3999);
    expect(runner.results).toEqual([]);
    await runner.advance(1);
    expect(runner.results.map(({ value }) => value.total)).toEqual([10]);
  });

  it("is revised by a record within the allowed lateness", async () => {
    const runner = runWindow(payments);
    await runner.feed(0, paid(0, 10), paid(4000));
    await runner.tick();
    await runner.feed(0, paid(1, 5));
    await runner.tick();
    expect(runner.results.map(({ value, revision }) => [value.total, revision])).toEqual([
      [10, 1],
      [15, 2],
    ]);
    expect(runner.late).toEqual([]);
  });

  it("is revised by a partition that had been left out as idle", async () => {
    const runner = runWindow(payments, { partitions: 2 });
    await runner.feed(0, paid(0, 10), paid(1000));
    await runner.advance(2000);
    await runner.feed(0, paid(4000));
    await runner.tick();
    await runner.feed(1, paid(2, 7));
    await runner.tick();
    expect(runner.results.map(({ value, revision }) => [value.total, revision])).toEqual([
      [11, 1],
      [18, 2],
    ]);
  });

  it("sends later records to the late topic, once, however often they come", async () => {
    const runner = runWindow(payments);
    await runner.feed(0, paid(0, 10), paid(20_000));
    await runner.tick();
    await runner.feed(0, refused(20_001));
    const lateBatch = await runner.feed(0, paid(1, 5), paid(20_002));
    await runner.deliver(lateBatch, "new");
    await runner.tick();
    expect(runner.late.map(({ offset }) => offset)).toEqual([3]);
    expect(runner.results.map(({ value }) => value.total)).toEqual([10]);
  });

  it("refuses a record from the far future before it moves the watermark", async () => {
    const runner = runWindow(payments);
    await runner.feed(0, paid(0), paid(3_600_001));
    await runner.tick();
    expect(runner.deadLetters.map(({ reason }) => reason)).toEqual(["far-future"]);
    expect(runner.results).toEqual([]);
  });

  it("of another size under the same version is refused, with what to do", async () => {
    const store = memoryStore();
    await runWindow(payments, { store }).feed(0, paid(0));
    const wider = windowed(Payment).tumbling({ ...options, size: seconds(5) });
    await expect(runWindow(wider, { store }).feed(0, paid(0))).rejects.toThrow("Raise 'version' to 2");
  });
});

describe("hopping windows", () => {
  it("count a record in every window it falls in", async () => {
    const hopping = windowed(Payment).hopping({ ...options, name: "hops", size: seconds(6), advance: seconds(3) });
    const runner = runWindow(hopping);
    await runner.feed(0, paid(1000, 1), paid(4000, 2), paid(20_000));
    await runner.tick();
    expect(runner.results.map(({ value }) => [value.window_start, value.total])).toEqual([
      [-3000, 1],
      [0, 3],
      [3000, 2],
    ]);
  });
});

describe("keyed windows", () => {
  it("give one result a group", async () => {
    const keyed = windowed(Payment).tumbling({
      ...options,
      name: "keyed",
      groupBy: (payment) => String(payment.amount),
    });
    const runner = runWindow(keyed);
    await runner.feed(0, paid(0, 1), paid(1, 2), paid(2, 1), paid(4000));
    await runner.tick();
    expect(runner.results.map(({ key, value }) => [key, value.group, value.payments])).toEqual([
      ["0/1", "1", 2],
      ["0/2", "2", 1],
    ]);
  });
});

/** One step of a run: the adversary chooses batches, redeliveries, crashes and takeovers. */
type Step =
  | { readonly kind: "feed"; readonly partition: number; readonly times: readonly number[] }
  | { readonly kind: "again"; readonly pick: number; readonly from: number; readonly environment: "same" | "new" }
  | { readonly kind: "advance"; readonly ms: number }
  | { readonly kind: "tick"; readonly emitter: "same" | "new" };

const steps = fc.array(
  fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({
        kind: fc.constant("feed" as const),
        partition: fc.integer({ min: 0, max: 1 }),
        times: fc.array(fc.integer({ min: 0, max: 20_000 }), { minLength: 1, maxLength: 6 }),
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        kind: fc.constant("again" as const),
        pick: fc.nat(),
        from: fc.nat({ max: 5 }),
        environment: fc.constantFrom("same" as const, "new" as const),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ kind: fc.constant("advance" as const), ms: fc.integer({ min: 0, max: 4000 }) }),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        kind: fc.constant("tick" as const),
        emitter: fc.constantFrom("same" as const, "new" as const),
      }),
    },
  ),
  { maxLength: 40 },
);

async function play(runner: WindowRunner<Payment>, script: readonly Step[]): Promise<readonly Batch<Payment>[]> {
  const batches: Batch<Payment>[] = [];
  for (const step of script) {
    if (step.kind === "feed") batches.push(await runner.feed(step.partition, ...step.times.map((at) => paid(at))));
    else if (step.kind === "advance") await runner.advance(step.ms);
    else if (step.kind === "tick") await runner.tick(step.emitter);
    else await redeliver(runner, batches, step);
  }
  return batches;
}

/** Hands a batch in again, or the tail of it, as after a partial failure or a re-batch. */
async function redeliver(
  runner: WindowRunner<Payment>,
  batches: readonly Batch<Payment>[],
  step: Step & { kind: "again" },
) {
  const batch = batches[step.pick % Math.max(1, batches.length)];
  const records = batch?.records.slice(step.from % batch.records.length);
  const first = records?.[0];
  if (batch === undefined || records === undefined || first === undefined) return;
  await runner.deliver({ ...batch, firstOffset: first.offset, records }, step.environment);
}

it("counts every record once or sends it to the late topic once, whatever is delivered again", async () => {
  await fc.assert(
    fc.asyncProperty(steps, async (script) => {
      const runner = runWindow(payments, { partitions: 2, startAt: 20_000 });
      const batches = await play(runner, script);
      await runner.advance(60_000);

      const sent = new Map<number, number>();
      for (const { records } of batches) for (const { value } of records) bump(sent, windowOf(value.at));
      const accounted = new Map<number, number>();
      for (const record of runner.late)
        bump(accounted, windowOf(JSON.parse(Buffer.from(record.value ?? "", "base64").toString()).at));
      for (const [start, payments] of lastRevisions(runner)) bump(accounted, start, payments);
      expect(Object.fromEntries(accounted)).toEqual(Object.fromEntries(sent));
      expectGaplessRevisions(runner);
    }),
    { numRuns: 1500 },
  );
});

it("no result depends on how records are spread over batches and partitions", async () => {
  const inOrder = fc.array(fc.tuple(fc.integer({ min: 0, max: 900 }), fc.integer({ min: 0, max: 1 }), fc.boolean()), {
    maxLength: 40,
  });
  await fc.assert(
    fc.asyncProperty(inOrder, async (stream) => {
      const spread = runWindow(payments, { partitions: 2 });
      const whole = runWindow(payments);
      let at = 0;
      for (const [step, partition, tick] of stream) {
        at += step;
        await spread.feed(partition, paid(at, at % 7));
        await whole.feed(0, paid(at, at % 7));
        if (tick) await spread.tick();
      }
      for (const runner of [spread, whole]) await runner.advance(60_000);
      const values = (runner: WindowRunner<Payment>) => new Map(runner.results.map(({ key, value }) => [key, value]));
      expect(values(spread)).toEqual(values(whole));
    }),
    { numRuns: 500 },
  );
});

function windowOf(at: number): number {
  return Math.floor(at / 3000) * 3000;
}

function bump(counts: Map<number, number>, start: number, by = 1): void {
  counts.set(start, (counts.get(start) ?? 0) + by);
}

function lastRevisions(runner: WindowRunner<Payment>): Map<number, number> {
  return new Map(runner.results.map(({ value }) => [Number(value.window_start), Number(value.payments)]));
}

function expectGaplessRevisions(runner: WindowRunner<Payment>): void {
  const revisions = new Map<string, number>();
  for (const { key, revision } of runner.results) {
    expect(revision).toBe((revisions.get(key) ?? 0) + 1);
    revisions.set(key, revision);
  }
}
