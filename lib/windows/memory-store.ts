// A window store in memory, for the in-memory runner. It passes the same suite as the DynamoDB one; values are copied through JSON as a real store would.

import type {
  Definition,
  DirtyWindow,
  FrozenResult,
  Head,
  Partial,
  PartialKey,
  StoredPartial,
  WindowStore,
} from "./store.ts";
import { isSameHead, isSamePartial } from "./store.ts";
import type { Progress } from "./watermark.ts";

/** An empty store for one pipeline. */
export function memoryStore(): WindowStore {
  const definitions = new Map<number, Definition>();
  const partials = new Map<string, StoredPartial>();
  const progress = new Map<number, Progress>();
  const dirty = new Map<string, DirtyWindow>();
  const emitted = new Map<string, FrozenResult>();
  const payloads = new Map<string, readonly FrozenResult[]>();
  let frontier: number | undefined;
  let head: Head | undefined;

  return {
    async define(definition) {
      if (!definitions.has(definition.version)) definitions.set(definition.version, copy(definition));
      return copy(definitions.get(definition.version) as Definition);
    },
    async definitions() {
      return [...definitions.values()].map(copy);
    },
    async putPartial(key, expected, next) {
      const present = partials.get(nameOf(key));
      if (!isSamePartial(present, expected)) return { kind: "refused", present: present && contents(present) };
      partials.set(nameOf(key), copy({ ...next, partition: key.partition, start: key.start, group: key.group }));
      return { kind: "stored" };
    },
    async putProgress(partition, expected, next) {
      const present = progress.get(partition);
      if (present?.nextOffset !== expected?.nextOffset) return { kind: "refused", present: present && copy(present) };
      progress.set(partition, copy(next));
      return { kind: "stored" };
    },
    async readProgress(partition) {
      return progress.get(partition);
    },
    async markDirty(window) {
      dirty.set(nameOf(window), copy(window));
    },
    async readFrontier() {
      return frontier;
    },
    async control() {
      return {
        progress: new Map(progress),
        dirty: [...dirty.values()].map(copy),
        ...(frontier === undefined ? {} : { frontier }),
        ...(head === undefined ? {} : { head }),
      };
    },
    async publishFrontier(next) {
      frontier = Math.max(frontier ?? next, next);
    },
    async partialsBetween(partition, from, to) {
      return inOrder(
        [...partials.values()].filter((at) => at.partition === partition && at.start >= from && at.start < to),
      );
    },
    async partialsOf(window, partitions) {
      return inOrder(
        [...partials.values()].filter(
          (at) => at.start === window.start && at.group === window.group && partitions.includes(at.partition),
        ),
      );
    },
    async emittedBetween(from, to) {
      return inOrder([...emitted.values()].filter(({ start }) => start >= from && start < to));
    },
    async takeOver(owner) {
      head = head === undefined ? { number: 0, status: "done", owner, ledgerAt: 0 } : { ...head, owner };
      return head;
    },
    async freeze(expected, results) {
      if (!isSameHead(head, expected)) return { kind: "refused", present: head };
      const number = expected.number + 1;
      payloads.set(String(number), copy(results));
      head = { ...expected, number, status: "frozen", payload: String(number) };
      return { kind: "stored" };
    },
    async frozen({ payload }) {
      return copy(payloads.get(payload ?? "") ?? []);
    },
    async finish(expected, results, next) {
      if (!isSameHead(head, expected)) return { kind: "refused", present: head };
      for (const result of results) emitted.set(`${result.start}/${result.group}`, copy(result));
      const { payload: _, ...rest } = expected;
      head = { ...rest, ...next, status: "done" };
      return { kind: "stored" };
    },
    async clearDirty(windows) {
      for (const window of windows) {
        if (dirty.get(nameOf(window))?.token === window.token) dirty.delete(nameOf(window));
      }
    },
  };
}

function contents({ partition: _, start: _start, group: _group, ...partial }: StoredPartial): Partial {
  return copy(partial);
}

function nameOf({ partition, start, group }: PartialKey): string {
  return `${partition}/${start}/${group}`;
}

function inOrder<T extends Pick<StoredPartial, "start" | "group">>(found: readonly T[]): readonly T[] {
  return found.map(copy).sort((a, b) => a.start - b.start || (a.group < b.group ? -1 : 1));
}

function copy<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T;
}
