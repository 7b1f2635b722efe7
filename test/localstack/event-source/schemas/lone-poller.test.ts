// A poller of a mapping with a schema registry: what waits while a schema is fetched, and what a rebalance meanwhile does.
import { describe, expect, test } from "vitest";
import type { Discard } from "../../../../localstack/event-source/deliver.ts";
import { Deserializer } from "../../../../localstack/event-source/schemas/deserializer.ts";
import { SchemaCache } from "../../../../localstack/event-source/schemas/schema-cache.ts";
import { TIME } from "../kafka/record-batches.ts";
import { pollerOf } from "../lone-poller.ts";
import { ManualClock, settled } from "../manual-clock.ts";
import { HeldRegistry, NUMBER, numberUnder } from "./registered.ts";

const atOnce = { MaximumBatchingWindowInSeconds: 0, ProvisionedPollerConfig: {} };
const numbers = (first: number, count: number, id = 7) =>
  Array.from({ length: count }, (_, i) => ({ offset: first + i, value: numberUnder(id, first + i) }));

function readingPoller(deliver: (discard: Discard) => Promise<void> = async () => {}) {
  const registry = new HeldRegistry();
  registry.schemas.set("7", NUMBER);
  const messages: string[] = [];
  const clock = new ManualClock(TIME);
  const cache = new SchemaCache({ registry, clock, log: (message) => messages.push(message), failed: () => {} });
  const config = { attributes: ["VALUE"], format: "JSON" } as const;
  const deserializer = new Deserializer({ config, kind: "confluent", cache });
  const destination = { deliver, whyNot: async () => undefined, stop: async () => {} };
  return { ...pollerOf(atOnce, { deserializer, destination }), registry, messages, registryClock: clock };
}

describe("while a schema is fetched", () => {
  test("its records wait, and are sent in order once it is there; those after them need no request", async () => {
    const { poller, calls, arrive, registry } = readingPoller();
    const release = registry.hold();
    poller.assigned(new Map([[0, 0]]));
    const first = arrive(0, numbers(0, 2));
    await settled();
    expect(calls).toEqual([]);
    release();
    await first;
    await settled();
    await calls[0]!.answer("success");
    await arrive(0, numbers(2, 2));
    await settled();
    expect(calls.map(({ offsets }) => offsets)).toEqual([{ "tt-0": [0, 1] }, { "tt-0": [2, 3] }]);
    expect(registry.asked).toEqual(["7"]);
  });

  test("a partition that goes to another member is left alone", async () => {
    const { poller, calls, arrive, registry, doneTo } = readingPoller();
    const release = registry.hold();
    poller.assigned(
      new Map([
        [0, 0],
        [1, 0],
      ]),
    );
    const fetching = arrive(0, numbers(0, 2));
    poller.assigned(new Map([[1, 0]]));
    release();
    await fetching;
    await settled();
    expect([calls, doneTo()]).toEqual([[], { 1: 0 }]);
  });

  test("one that went and came back is read again, once", async () => {
    const { poller, calls, arrive, registry } = readingPoller();
    const release = registry.hold();
    poller.assigned(new Map([[0, 0]]));
    const stale = arrive(0, numbers(0, 2));
    poller.assigned(new Map());
    expect(poller.assigned(new Map([[0, 0]]))).toEqual(new Map([[0, 0]]));
    const again = arrive(0, numbers(0, 2));
    release();
    await Promise.all([stale, again]);
    await settled();
    expect(calls.map(({ offsets }) => offsets)).toEqual([{ "tt-0": [0, 1] }]);
  });

  test("one that is kept is read on from where it was: nothing that waits was taken", async () => {
    const { poller, calls, arrive, registry } = readingPoller();
    const release = registry.hold();
    poller.assigned(new Map([[0, 0]]));
    const before = arrive(0, numbers(0, 2));
    expect(poller.assigned(new Map([[0, 0]]))).toEqual(new Map([[0, 0]]));
    const after = arrive(0, numbers(0, 3));
    release();
    await Promise.all([before, after]);
    await settled();
    await calls[0]!.answer("success");
    expect(calls.flatMap(({ offsets }) => offsets["tt-0"])).toEqual([0, 1]);
    await arrive(0, numbers(2, 1));
    await settled();
    expect(calls.flatMap(({ offsets }) => offsets["tt-0"])).toEqual([0, 1, 2]);
  });

  test("stopping ends the waiting, with nothing taken", async () => {
    const { poller, arrive, registry, doneTo } = readingPoller();
    registry.hold();
    poller.assigned(new Map([[0, 0]]));
    const fetching = arrive(0, numbers(0, 2));
    await settled();
    await poller.stop(0);
    await fetching;
    expect(doneTo()).toEqual({ 0: 0 });
  });
});

describe("a registry that is away", () => {
  test("is asked again until it answers, and that is said once", async () => {
    const { poller, calls, arrive, registry, messages, registryClock } = readingPoller();
    registry.fail();
    poller.assigned(new Map([[0, 0]]));
    const fetching = arrive(0, numbers(0, 1));
    await registryClock.advance(60_000);
    expect(messages).toEqual(["the schema registry can't say what a schema id means: its records wait, trying again"]);
    expect(registry.asked.length).toBeGreaterThan(5);
    registry.answer();
    await registryClock.advance(10_000);
    await fetching;
    await settled();
    expect(calls.map(({ offsets }) => offsets)).toEqual([{ "tt-0": [0] }]);
    expect(messages.at(-1)).toBe("the schema registry answers again");
  });
});

describe("records that can't be read", () => {
  test("are set aside in runs of neighbours, and offsets move past them when they are stored", async () => {
    const discards: Discard[] = [];
    const stored = Promise.withResolvers<void>();
    const { poller, calls, arrive, doneTo } = readingPoller(async (discard) => {
      discards.push(discard);
      await stored.promise;
    });
    poller.assigned(new Map([[0, 0]]));
    const fetching = arrive(0, [
      ...numbers(0, 1),
      ...numbers(1, 2, 8),
      { offset: 3, value: Buffer.from("no prefix") },
      { offset: 4, value: numberUnder(7, 1).subarray(0, 5) },
      ...numbers(5, 1),
      ...numbers(6, 1, 8),
    ]);
    await settled();
    expect([calls, doneTo()]).toEqual([[], { 0: 0 }]);
    stored.resolve();
    await fetching;
    await settled();
    expect(discards.map(({ condition, portions }) => [condition, portions[0]!.records.map((r) => r.offset)])).toEqual([
      ["SCHEMA_NOT_FOUND", [1, 2]],
      ["DESERIALIZATION_ERROR", [3, 4]],
      ["SCHEMA_NOT_FOUND", [6]],
    ]);
    expect(calls.map(({ offsets }) => offsets)).toEqual([{ "tt-0": [0, 5] }]);
    await calls[0]!.answer("success");
    expect(doneTo()).toEqual({ 0: 7 });
  });

  test("an unknown id is asked for again after a while: its schema may have come later than its first record", async () => {
    const { poller, calls, arrive, registry, registryClock } = readingPoller();
    poller.assigned(new Map([[0, 0]]));
    await arrive(0, numbers(0, 1, 8));
    await arrive(0, numbers(1, 1, 8));
    expect(registry.asked).toEqual(["8"]);
    registry.schemas.set("8", NUMBER);
    await registryClock.advance(5_000);
    await arrive(0, numbers(2, 1, 8));
    await settled();
    expect(calls.map(({ offsets }) => offsets)).toEqual([{ "tt-0": [2] }]);
  });
});
