// DynamoDB items ↔ values of the window store. Numbers are compared as numbers: DynamoDB Local writes 3.0 where DynamoDB writes 3.

import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import type {
  Control,
  Definition,
  DirtyWindow,
  FrozenResult,
  Head,
  Partial,
  PartialKey,
  RunningTotal,
  StoredPartial,
} from "./store.ts";
import type { WindowState } from "./tumbling.ts";
import type { Progress } from "./watermark.ts";

export type Item = Record<string, AttributeValue>;

/** A window's start as text that sorts as the number does, also before 1970. */
export function startKey(start: number): string {
  return String(start + START_OFFSET).padStart(16, "0");
}

export function windowKey({ start, group }: Pick<PartialKey, "start" | "group">): string {
  return `${startKey(start)}#${group}`;
}

const START_OFFSET = 1e15;

export const stored = {
  definition: (item: Item): Definition => JSON.parse(text(item, "definition")) as Definition,

  partialItem: (pk: string, key: PartialKey, partial: Partial, expiry: Item): Item => ({
    pk: { S: pk },
    sk: { S: windowKey(key) },
    lastOffset: { N: String(partial.lastOffset) },
    ...(partial.state === undefined ? {} : { state: { S: JSON.stringify(partial.state) } }),
    ...optionalItem("lateFrom", partial.lateFrom),
    ...expiry,
  }),
  partial: (item: Item): Partial => ({
    lastOffset: number(item, "lastOffset"),
    ...(item.state?.S === undefined ? {} : { state: JSON.parse(item.state.S) as WindowState }),
    ...optionalField(item, "lateFrom"),
  }),
  storedPartial: (partition: number, item: Item): StoredPartial => ({
    partition,
    ...windowOf(text(item, "sk")),
    ...stored.partial(item),
  }),
  partitionOf: (item: Item): number => Number(text(item, "pk").split("#p").at(-1)),

  progressKey: (partition: number): string => `progress#${String(partition).padStart(5, "0")}`,
  progressItem: (pk: string, partition: number, progress: Progress): Item => ({
    pk: { S: pk },
    sk: { S: stored.progressKey(partition) },
    nextOffset: { N: String(progress.nextOffset) },
    updatedAt: { N: String(progress.updatedAt) },
    ...optionalItem("heardAt", progress.heardAt),
    ...optionalItem("maxEventTime", progress.maxEventTime),
    ...optionalItem("newest", progress.newest),
    ...optionalItem("last", progress.last),
  }),
  progress: (item: Item): Progress => ({
    nextOffset: number(item, "nextOffset"),
    updatedAt: number(item, "updatedAt"),
    ...optionalField(item, "heardAt"),
    ...optionalField(item, "maxEventTime"),
    ...optionalField(item, "newest"),
    ...optionalField(item, "last"),
  }),

  dirtyKey: ({ partition, ...window }: PartialKey): string => `dirty#${windowKey(window)}#${partition}`,

  headItem: (pk: string, head: Head): Item => ({
    pk: { S: pk },
    sk: { S: "head" },
    emission: { N: String(head.number) },
    stage: { S: head.status },
    emitter: { S: head.owner },
    ledgerAt: { N: String(head.ledgerAt) },
    ...(head.payload === undefined ? {} : { payload: { S: head.payload } }),
    ...optionalItem("emittedThrough", head.emittedThrough),
    ...(head.total === undefined ? {} : { total: { S: JSON.stringify(head.total) } }),
  }),
  head: (item: Item): Head => ({
    number: number(item, "emission"),
    status: text(item, "stage") === "frozen" ? "frozen" : "done",
    owner: text(item, "emitter"),
    ledgerAt: number(item, "ledgerAt"),
    ...(item.payload?.S === undefined ? {} : { payload: item.payload.S }),
    ...optionalField(item, "emittedThrough"),
    ...(item.total?.S === undefined ? {} : { total: JSON.parse(item.total.S) as RunningTotal }),
  }),

  control: (items: readonly Item[]): Control => {
    const progress = new Map<number, Progress>();
    const dirty: DirtyWindow[] = [];
    let frontier: number | undefined;
    let head: Head | undefined;
    for (const item of items) {
      const [kind, rest] = text(item, "sk").split("#");
      if (kind === "progress") progress.set(Number(rest), stored.progress(item));
      else if (kind === "dirty") dirty.push(JSON.parse(text(item, "dirty")) as DirtyWindow);
      else if (kind === "frontier") frontier = number(item, "frontier");
      else if (kind === "head") head = stored.head(item);
    }
    return {
      progress,
      dirty,
      ...(frontier === undefined ? {} : { frontier }),
      ...(head === undefined ? {} : { head }),
    };
  },

  emittedItem: (pk: string, result: FrozenResult, rest: Item): Item => ({
    pk: { S: pk },
    sk: { S: windowKey(result) },
    emitted: { S: JSON.stringify(result) },
    ...rest,
  }),
  emitted: (item: Item): FrozenResult => JSON.parse(text(item, "emitted")) as FrozenResult,
};

function windowOf(sk: string): Pick<PartialKey, "start" | "group"> {
  return { start: Number(sk.slice(0, 16)) - START_OFFSET, group: sk.slice(17) };
}

function text(item: Item, name: string): string {
  const value = item[name]?.S;
  if (value === undefined) throw new Error(`An item of the windows table lacks '${name}': ${item.pk?.S} ${item.sk?.S}`);
  return value;
}

function number(item: Item, name: string): number {
  const value = optionalNumber(item, name);
  if (value === undefined) throw new Error(`An item of the windows table lacks '${name}': ${item.pk?.S} ${item.sk?.S}`);
  return value;
}

function optionalItem(name: string, value: number | undefined): Item {
  return value === undefined ? {} : { [name]: { N: String(value) } };
}

function optionalField<N extends string>(item: Item, name: N): { readonly [name in N]?: number } {
  const value = optionalNumber(item, name);
  return value === undefined ? {} : ({ [name]: value } as { readonly [name in N]: number });
}

function optionalNumber(item: Item, name: string): number | undefined {
  const value = item[name]?.N;
  return value === undefined ? undefined : Number(value);
}
