import fc from "fast-check";
import type { QueryResult, QueryResultRow } from "pg";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { DecodedRecord } from "../../../lib/kafka/record.ts";
import type { SideOutput, SideRecord } from "../../../lib/kafka/side-output.ts";
import type { Batch } from "../../../lib/kafka/source.ts";
import { sink } from "../../../lib/postgres/sink.ts";
import { wireRecord } from "../../support/kafka-event.ts";
import { quiet } from "../../support/quiet.ts";

interface Item {
  readonly id: number;
  /** The SQLSTATE with which a statement fails that has this item. */
  readonly fails?: string;
}

/** A table in memory; a statement is one array a column, as the sink sends it. */
function warehouse() {
  const statements: { readonly text: string; readonly ids: readonly number[] }[] = [];
  const stored = new Set<number>();
  const aside: SideRecord[] = [];
  const database = {
    async query<R extends QueryResultRow>(
      text: string,
      [ids = [], failures = []]: readonly unknown[] = [],
    ): Promise<QueryResult<R>> {
      const listed = ids as number[];
      statements.push({ text, ids: listed });
      const code = (failures as (string | null)[]).find((failure) => failure !== null);
      if (code !== undefined) throw Object.assign(new Error("refused"), { code });
      const added = listed.filter((id) => !stored.has(id));
      for (const id of added) stored.add(id);
      return { rowCount: added.length, rows: [], command: "INSERT", oid: 0, fields: [] };
    },
  };
  const refused: SideOutput = {
    topic: "items_dlq",
    async publish(_source, items) {
      aside.push(...items);
    },
    async refresh() {},
  };
  const { store } = sink<Item, { item_id: "bigint"; note: "text" }>({
    database,
    table: "items",
    columns: { item_id: "bigint", note: "text" },
    identity: ["item_id"],
    row: ({ value }) => ({ item_id: value.id, note: value.fails ?? null }),
    refused,
  });
  return { store, stored, statements, aside };
}

function batchOf(items: readonly Item[]): Batch<Item> {
  const records = items.map(
    (value, offset) => new DecodedRecord(wireRecord({ topic: "items", partition: 0 }, { offset, value }), value),
  );
  return {
    topic: "items",
    partition: 0,
    firstOffset: 0,
    lastOffset: items.length - 1,
    records,
    wire: records.map(({ wire }) => wire),
  };
}

const items = (count: number) => Array.from({ length: count }, (_, id): Item => ({ id }));

beforeEach(() => {
  quiet();
});

afterEach(() => {
  vi.restoreAllMocks();
});

test("a batch of a hundred is one statement, an array a column", async () => {
  const { store, statements } = warehouse();
  await store(batchOf(items(100)));
  expect(statements).toHaveLength(1);
  expect(statements[0]?.text).toBe(
    'INSERT INTO "items" ("item_id", "note") SELECT * FROM unnest($1::bigint[], $2::text[]) ON CONFLICT ("item_id") DO NOTHING',
  );
});

test("a larger batch is statements of a hundred, all of the same text", async () => {
  const { store, statements } = warehouse();
  await store(batchOf(items(250)));
  expect(statements.map(({ ids }) => ids.length)).toEqual([100, 100, 50]);
  expect(new Set(statements.map(({ text }) => text)).size).toBe(1);
});

test("a batch without records is no statement", async () => {
  const { store, statements } = warehouse();
  await store(batchOf([]));
  expect(statements).toEqual([]);
});

test("refused rows leave in offset order with the rule they break, every other row is stored", async () => {
  const some = fc.array(fc.option(fc.constantFrom("22003", "23514", "54000"), { freq: 4 }), { maxLength: 240 });
  await fc.assert(
    fc.asyncProperty(some, async (failures) => {
      const { store, stored, aside } = warehouse();
      await store(batchOf(failures.map((fails, id) => (fails === null ? { id } : { id, fails }))));
      const bad = failures.flatMap((fails, offset) => (fails === null ? [] : { offset, fails }));
      expect(aside.map(({ record }) => record.offset)).toEqual(bad.map(({ offset }) => offset));
      expect(aside.map(({ headers }) => headers["dead-letter.message"])).toEqual(
        bad.map(({ fails }) => `the database refuses the row: SQLSTATE ${fails}`),
      );
      expect(aside.every(({ headers }) => headers["dead-letter.reason"] === "not-stored")).toBe(true);
      expect(stored.size).toBe(failures.length - bad.length);
    }),
    { numRuns: 300 },
  );
});

test("one refused row among a hundred costs a handful of statements", async () => {
  const { store, statements } = warehouse();
  await store(batchOf(items(100).map((item) => (item.id === 37 ? { ...item, fails: "22003" } : item))));
  expect(statements.length).toBeLessThanOrEqual(15);
});

test.each(["40001", "40P01", "57P01", "53300", "42501"])(
  "%s is no row's fault: the batch comes again",
  async (fails) => {
    const { store, aside } = warehouse();
    await expect(store(batchOf([{ id: 1 }, { id: 2, fails }]))).rejects.toThrow("refused");
    expect(aside).toEqual([]);
  },
);

test("a batch that is delivered again changes nothing", async () => {
  const { store, stored } = warehouse();
  await store(batchOf(items(120)));
  await store(batchOf(items(120)));
  expect(stored.size).toBe(120);
});
