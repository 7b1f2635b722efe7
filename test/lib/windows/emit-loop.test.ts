// The emitter's loop: versions of a pipeline side by side, a successor that takes over, and trouble that is not the end. The clock is the test's.

import { expect, it } from "vitest";
import { z } from "zod";
import { FencedError } from "../../../lib/errors.ts";
import type { Decoded } from "../../../lib/kafka/source.ts";
import { eventTime, seconds } from "../../../lib/time.ts";
import { aggregate } from "../../../lib/windows/aggregate.ts";
import { count } from "../../../lib/windows/aggregators.ts";
import { emitUntil, type LoopEdges } from "../../../lib/windows/emit-loop.ts";
import type { Ledger } from "../../../lib/windows/ledger.ts";
import { memoryStore } from "../../../lib/windows/memory-store.ts";
import type { WindowStore } from "../../../lib/windows/store.ts";
import { shapeOf, windowed } from "../../../lib/windows/tumbling.ts";

const Visit = z.object({ at: z.number() });
type Visit = z.output<typeof Visit>;

const visitsOf = (version: number, size = 3) =>
  windowed(Visit).tumbling({
    name: "visits",
    version,
    eventTime: ({ at }) => eventTime(at),
    size: seconds(size),
    maxOutOfOrderness: seconds(0),
    allowedLateness: seconds(60),
    aggregate: { visits: count<Visit>() },
  });

/** What was sent, by version: window start → visits. */
type Sent = Map<number, Map<number, number>>;

/** How often sending fails, and with what. */
interface Failing {
  times: number;
  readonly error?: Error;
}

function world(ends: readonly number[]) {
  let now = 0;
  const stores = new Map([1, 2].map((version) => [version, memoryStore()]));
  const sent: Sent = new Map();
  const troubles: unknown[] = [];
  const ledgers: { version: number; fence(): void }[] = [];
  const store = (version: number) => stores.get(version) as WindowStore;
  const edges = (owner: string, failing: Failing = { times: 0 }): LoopEdges => ({
    store: ({ version }) => store(version),
    ledger: ({ version }) => memoryLedger(version, failing),
    source: () => ({
      offsets: async () => ends.map((endOffset, partition) => ({ partition, lowOffset: 0, endOffset })),
      onlyMarkers: async () => false,
      close: async () => {},
    }),
    now: () => now,
    pause: async (ms) => {
      now += ms;
      await new Promise((resolve) => setImmediate(resolve));
    },
    owner,
    idleTime: 500,
    tickMs: 100,
    onEmission: () => {},
    onTrouble: (_definition, thrown) => troubles.push(thrown),
  });
  function memoryLedger(version: number, failing: Failing): Ledger {
    let isFenced = false;
    return {
      async open() {
        for (const other of ledgers) if (other.version === version) other.fence();
        ledgers.push({ version, fence: () => (isFenced = true) });
      },
      lastSent: async () => undefined,
      async send(_number, messages) {
        if (isFenced) throw new FencedError("fenced");
        if (failing.times-- > 0) throw failing.error ?? new Error("broker down");
        const results = sent.get(version) ?? new Map<number, number>();
        for (const { key, value } of messages) results.set(Number(key), Number(JSON.parse(String(value)).visits));
        sent.set(version, results);
      },
      close: async () => {},
    };
  }
  return { store, sent, troubles, edges };
}

/** Consumes values at offsets from `first` on, as version `version` of the code. */
async function consume(
  store: WindowStore,
  version: number,
  first: number,
  times: readonly number[],
  size?: number,
): Promise<void> {
  const records = times.map((at, index): Decoded<Visit> => {
    const place = { topic: "in", partition: 0, offset: first + index, timestamp: 0 };
    return {
      ...place,
      key: null,
      headers: [],
      value: { at },
      wire: { ...place, timestampType: "CREATE_TIME", headers: [] },
    };
  });
  const nothing = async () => {};
  await aggregate(visitsOf(version, size), {
    store,
    late: { topic: "late", publish: nothing, refresh: nothing },
    checkRedelivery: nothing,
    onLate: () => {},
    now: () => 0,
  }).process({
    topic: "in",
    partition: 0,
    firstOffset: first,
    lastOffset: first + times.length - 1,
    records,
    wire: records.map(({ wire }) => wire),
  });
}

const route = (version: number) => ({ window: visitsOf(version), topic: "out" });

it("an older version's open windows are emitted when the newer one's watermark passes them", async () => {
  const { store, sent, edges } = world([5]);
  await consume(store(1), 1, 0, [0, 1, 4000]);
  // The deploy: version 2 has windows of another size and reads on from there. Both versions are known to the pipeline's family.
  await store(2).define({ name: "visits", version: 1, topic: "in", shape: shapeOf(visitsOf(1)) });
  await consume(store(2), 2, 3, [5000, 12_000], 6);
  await emitUntil(5_000, [route(2)], edges("new"));
  expect(sent.get(1)).toEqual(
    new Map([
      [0, 2],
      [3000, 1],
    ]),
  );
  expect(sent.get(2)?.get(0)).toBe(1);
});

it("an older version's open windows close by the clock where nothing comes after the deploy", async () => {
  const { store, sent, edges } = world([3]);
  await consume(store(1), 1, 0, [0, 1, 4000]);
  await store(2).define({ name: "visits", version: 1, topic: "in", shape: shapeOf(visitsOf(1)) });
  await emitUntil(20_000, [route(2)], edges("new"));
  expect(sent.get(1)).toEqual(
    new Map([
      [0, 2],
      [3000, 1],
    ]),
  );
});

it("how long records out of order are waited for follows the code, without a new version", async () => {
  const { store, sent, edges } = world([9]);
  await consume(store(1), 1, 0, [0, 6000]);
  const patient = { ...route(1), window: { ...visitsOf(1), maxOutOfOrderness: seconds(5) } };
  await emitUntil(8_000, [patient], edges("patient"));
  expect(sent.get(1)).toBeUndefined();
  await emitUntil(16_000, [route(1)], edges("impatient"));
  expect(sent.get(1)?.get(0)).toBe(1);
});

it("a pipeline whose first record comes while the emitter works is served", async () => {
  const { store, sent, edges } = world([2]);
  const loop = emitUntil(8_000, [route(1)], edges("only"));
  await consume(store(1), 1, 0, [0, 3000]);
  await loop;
  expect(sent.get(1)?.get(0)).toBe(1);
});

it("trouble is told and tried again, and nothing is sent twice or left out", async () => {
  const { store, sent, troubles, edges } = world([2]);
  await consume(store(1), 1, 0, [0, 3000]);
  await emitUntil(8_000, [route(1)], edges("only", { times: 2 }));
  expect(troubles.map(String)).toEqual(["Error: broker down", "Error: broker down"]);
  expect(sent.get(1)?.get(0)).toBe(1);
});

it("an emitter that was fenced and not replaced goes on: its transaction took too long, or who fenced it is replaced itself", async () => {
  const { store, sent, edges } = world([2]);
  await consume(store(1), 1, 0, [0, 3000]);
  await emitUntil(8_000, [route(1)], edges("only", { times: 1, error: new FencedError("fenced") }));
  expect(sent.get(1)?.get(0)).toBe(1);
});

it("an emitter that is replaced stops quietly, before its time", async () => {
  const { store, sent, troubles, edges } = world([2]);
  await consume(store(1), 1, 0, [0, 3000]);
  const replaced = emitUntil(1e9, [route(1)], edges("old"));
  await emitUntil(5_000, [route(1)], edges("new"));
  await replaced;
  expect(troubles).toEqual([]);
  expect(sent.get(1)?.get(0)).toBe(1);
});
