// What every window store must do, whatever it is made of: memory and DynamoDB both pass this.

import { beforeEach, describe, expect, it } from "vitest";
import type { FrozenResult, Head, WindowStore } from "../../../lib/windows/store.ts";

const key = { partition: 2, start: 3000, group: "" };
const shape = { size: 3000, advance: 3000, allowedLateness: 0, maxOutOfOrderness: 0, aggregate: { visits: "count" } };

function result(start: number, options: Partial<FrozenResult> = {}): FrozenResult {
  return {
    start,
    group: "",
    revision: 1,
    offsets: { 0: 5 },
    state: { visits: 1 },
    result: { visits: 1 },
    dueAt: 1,
    ...options,
  };
}

/** @param open A store of an empty pipeline; two calls with one name share its state. */
export function storeSuite(open: (name: string, version?: number) => WindowStore): void {
  let store: WindowStore;
  let name: string;
  beforeEach(() => {
    name = `suite-${crypto.randomUUID().slice(0, 8)}`;
    store = open(name);
  });

  describe("a partial", () => {
    it("is stored where none is, and comes back when it is not what was expected", async () => {
      const first = { state: { visits: 1 }, lastOffset: 4 };
      expect(await store.putPartial(key, undefined, first)).toEqual({ kind: "stored" });
      expect(await store.putPartial(key, undefined, { state: { visits: 9 }, lastOffset: 9 })).toEqual({
        kind: "refused",
        present: first,
      });
    });

    it("is replaced only by a writer that has seen it", async () => {
      const first = { state: { visits: 1 }, lastOffset: 4 };
      const second = { state: { visits: 2 }, lastOffset: 7 };
      await store.putPartial(key, undefined, first);
      expect(await store.putPartial(key, first, second)).toEqual({ kind: "stored" });
      expect(await store.putPartial(key, first, { lastOffset: 8 })).toEqual({ kind: "refused", present: second });
    });

    it("that is sealed refuses a writer that has not seen the seal", async () => {
      const counted = { state: { visits: 1 }, lastOffset: 4 };
      const sealed = { ...counted, lateFrom: 5 };
      await store.putPartial(key, undefined, counted);
      await store.putPartial(key, counted, sealed);
      expect(await store.putPartial(key, counted, { state: { visits: 2 }, lastOffset: 6 })).toEqual({
        kind: "refused",
        present: sealed,
      });
    });

    it("expected where none is, is refused with nothing to show", async () => {
      expect(await store.putPartial(key, { lastOffset: 4 }, { lastOffset: 5 })).toEqual({
        kind: "refused",
        present: undefined,
      });
    });

    it("is found by its window's start and by its window, of its own partition only", async () => {
      for (const start of [-3000, 0, 3000, 6000])
        await store.putPartial({ ...key, start }, undefined, { lastOffset: start + 9000 });
      await store.putPartial({ ...key, partition: 1 }, undefined, { lastOffset: 1 });
      const between = await store.partialsBetween(2, -3000, 3001);
      expect(between.map(({ start, partition }) => [start, partition])).toEqual([
        [-3000, 2],
        [0, 2],
        [3000, 2],
      ]);
      const window = await store.partialsOf({ start: 3000, group: "" }, [0, 1, 2]);
      expect(window.map(({ partition, lastOffset }) => [partition, lastOffset]).sort()).toEqual([
        [1, 1],
        [2, 12_000],
      ]);
    });

    it("keeps groups apart, whatever they are called", async () => {
      const names = ["a", "a#b", "ü", "\uffff\uffff", "🚕", ""];
      for (const group of names) await store.putPartial({ ...key, group }, undefined, { lastOffset: 1 });
      await store.putPartial({ ...key, start: key.start + 1 }, undefined, { lastOffset: 1 });
      const groups = (await store.partialsBetween(2, 3000, 3001)).map(({ group }) => group);
      expect(groups.toSorted()).toEqual(names.toSorted());
    });

    it("takes racing adders one after the other", async () => {
      const add = async () => {
        let present: { state?: Record<string, unknown>; lastOffset: number } | undefined;
        for (;;) {
          const next = {
            state: { visits: Number(present?.state?.visits ?? 0) + 1 },
            lastOffset: (present?.lastOffset ?? -1) + 1,
          };
          const written = await store.putPartial(key, present, next);
          if (written.kind === "stored") return;
          present = written.present;
        }
      };
      await Promise.all(
        Array.from({ length: 8 }, async () => {
          for (let turn = 0; turn < 10; turn++) await add();
        }),
      );
      expect((await store.partialsOf(key, [2]))[0]?.state).toEqual({ visits: 80 });
    });
  });

  it("progress moves only from where it is known to stand", async () => {
    const first = { nextOffset: 5, updatedAt: 1, heardAt: 0, maxEventTime: 77, newest: 3, last: 2 };
    expect(await store.readProgress(0)).toBeUndefined();
    expect(await store.putProgress(0, undefined, first)).toEqual({ kind: "stored" });
    expect(await store.putProgress(0, undefined, { nextOffset: 9, updatedAt: 1 })).toEqual({
      kind: "refused",
      present: first,
    });
    expect(await store.putProgress(0, first, { nextOffset: 9, updatedAt: 2 })).toEqual({ kind: "stored" });
    expect(await store.readProgress(0)).toEqual({ nextOffset: 9, updatedAt: 2 });
  });

  it("the frontier never goes back", async () => {
    expect(await store.readFrontier()).toBeUndefined();
    for (const frontier of [3000, 9000, 6000]) await store.publishFrontier(frontier);
    expect(await store.readFrontier()).toBe(9000);
  });

  it("a mark is wiped out only with the token it carries", async () => {
    await store.markDirty({ ...key, token: "first" });
    const [seen] = (await store.control()).dirty;
    await store.markDirty({ ...key, token: "second" });
    await store.clearDirty(seen === undefined ? [] : [seen]);
    expect((await store.control()).dirty).toEqual([{ ...key, token: "second" }]);
    await store.clearDirty((await store.control()).dirty);
    expect((await store.control()).dirty).toEqual([]);
  });

  it("the first definition of a version stays", async () => {
    const definition = { name, version: 1, topic: "in", shape };
    expect(await store.define(definition)).toEqual(definition);
    expect(await store.define({ ...definition, shape: { ...shape, size: 9 } })).toEqual(definition);
    expect(await store.definitions()).toEqual([definition]);
  });

  describe("the head", () => {
    it("starts done at 0, and belongs to who took it last", async () => {
      expect(await store.takeOver("a")).toEqual({ number: 0, status: "done", owner: "a", ledgerAt: 0 });
      expect((await store.takeOver("b")).owner).toBe("b");
    });

    it("freezes results, gives them back, and remembers them once done", async () => {
      const head = await store.takeOver("a");
      expect(await store.freeze(head, [result(0), result(3000)])).toEqual({ kind: "stored" });
      const frozen = (await store.control()).head as Head;
      expect([frozen.number, frozen.status]).toEqual([1, "frozen"]);
      expect(await store.frozen(frozen)).toEqual([result(0), result(3000)]);
      expect(await store.emittedBetween(0, 9000)).toEqual([]);
      expect(await store.finish(frozen, [result(0), result(3000)], { ledgerAt: 7, emittedThrough: 6000 })).toEqual({
        kind: "stored",
      });
      expect((await store.control()).head).toEqual({
        number: 1,
        status: "done",
        owner: "a",
        ledgerAt: 7,
        emittedThrough: 6000,
      });
      expect(await store.emittedBetween(0, 3000)).toEqual([result(0)]);
    });

    it("refuses an emitter that has been replaced, before and after it froze", async () => {
      const old = await store.takeOver("a");
      await store.takeOver("b");
      expect((await store.freeze(old, [result(0)])).kind).toBe("refused");
      const owned = await store.takeOver("c");
      await store.freeze(owned, [result(0)]);
      const frozen = (await store.control()).head as Head;
      await store.takeOver("d");
      expect((await store.finish(frozen, [result(0)], { ledgerAt: 1 })).kind).toBe("refused");
    });

    it("keeps what was emitted last, though an emitter that has been replaced finishes an older emission", async () => {
      await store.freeze(await store.takeOver("a"), [result(0)]);
      const old = (await store.control()).head as Head;
      await store.takeOver("b");
      const inherited = (await store.control()).head as Head;
      await store.finish(inherited, [result(0)], { ledgerAt: 1 });
      await store.freeze((await store.control()).head as Head, [result(0, { revision: 2 })]);
      await store.finish((await store.control()).head as Head, [result(0, { revision: 2 })], { ledgerAt: 2 });
      expect((await store.finish(old, [result(0)], { ledgerAt: 3 })).kind).toBe("refused");
      expect(await store.emittedBetween(0, 3000)).toEqual([result(0, { revision: 2 })]);
    });

    it("keeps what more than one write request holds", async () => {
      const results = Array.from({ length: 60 }, (_, index) => result(index * 3000));
      const head = await store.takeOver("a");
      await store.freeze(head, results);
      await store.finish((await store.control()).head as Head, results, { ledgerAt: 1 });
      expect(await store.emittedBetween(0, 60 * 3000)).toEqual(results);
    });
  });

  it("two pipelines, and two versions of one, share nothing", async () => {
    const other = open(name, 2);
    await store.putPartial(key, undefined, { lastOffset: 1 });
    await store.publishFrontier(3000);
    expect(await other.partialsOf(key, [2])).toEqual([]);
    expect(await other.readFrontier()).toBeUndefined();
  });
}
