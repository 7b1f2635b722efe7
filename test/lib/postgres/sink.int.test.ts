// The sink on a real PostgreSQL: every record ends in the table or among the dead letters, once, whatever was sent and however often.
import fc from "fast-check";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { DecodedRecord } from "../../../lib/kafka/record.ts";
import type { SideOutput, SideRecord } from "../../../lib/kafka/side-output.ts";
import type { Batch } from "../../../lib/kafka/source.ts";
import type { Database } from "../../../lib/postgres/database.ts";
import type { Migration } from "../../../lib/postgres/migrate.ts";
import { type Row, sink } from "../../../lib/postgres/sink.ts";
import { wireRecord } from "../../support/kafka-event.ts";
import { ownPostgres } from "../../support/postgres.ts";
import { quiet } from "../../support/quiet.ts";
import { until } from "../../support/until.ts";

const server = ownPostgres();

const columns = {
  id: "bigint",
  name: "text",
  small: "integer",
  price: "numeric",
  yes: "boolean",
  at: "timestamptz",
  details: "jsonb",
} as const;
type Item = Row<typeof columns>;

const migrations: readonly Migration[] = [
  {
    name: "items-1",
    sql: `CREATE TABLE items (id bigint PRIMARY KEY, name text NOT NULL, small integer, price numeric CHECK (price >= 0), yes boolean,
          at timestamptz, details jsonb)`,
  },
];

const item: Item = {
  id: 1,
  name: "a",
  small: 1,
  price: "1.5",
  yes: true,
  at: "2026-11-21T12:00:00.123Z",
  details: '{"a":1}',
};

beforeEach(() => {
  quiet();
});

afterEach(() => {
  vi.restoreAllMocks();
});

function itemSink(database: Database) {
  const aside: SideRecord[] = [];
  const refused: SideOutput = {
    topic: "items_dlq",
    async publish(_source, records) {
      aside.push(...records);
    },
    async refresh() {},
  };
  const { store } = sink<Item, typeof columns>({
    database,
    table: "items",
    columns,
    identity: ["id"],
    row: ({ value }) => value,
    refused,
  });
  return { store: (items: readonly Item[]) => store(batchOf(items)), aside };
}

function batchOf(items: readonly Item[]): Batch<Item> {
  const at = { topic: "items", partition: 0 };
  const records = items.map((value, offset) => new DecodedRecord(wireRecord(at, { offset, value: "{}" }), value));
  return { ...at, firstOffset: 0, lastOffset: items.length - 1, records, wire: records.map(({ wire }) => wire) };
}

async function stored(database: Database): Promise<Record<string, unknown>[]> {
  const text = `SELECT id::text, name, small, price::text, yes, details, to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS at
                FROM items ORDER BY items.id`;
  return (await database.query(text)).rows;
}

test("values come out as they went in, types and digits kept", async () => {
  const database = server.open({ migrations });
  const exact = { ...item, id: Number.MAX_SAFE_INTEGER, price: "12345678901234567890.12345678901234567890" };
  const empty = { id: 2, name: "", small: null, price: null, yes: null, at: null, details: null };
  await itemSink(database).store([item, exact, empty]);
  expect(await stored(database)).toEqual([
    { ...item, id: "1", details: { a: 1 } },
    { ...empty, id: "2" },
    { ...exact, id: "9007199254740991", details: { a: 1 } },
  ]);
});

const hostile = fc.oneof(
  fc.constantFrom(
    "'; DROP TABLE items; --",
    "{",
    "}",
    '{"a":1}',
    "NULL",
    "null",
    '"',
    "\\",
    "a,b",
    "$1",
    "\\x00",
    "\n\t",
    "\u0000",
    "é漢😀",
  ),
  fc.string({ unit: "binary" }).filter((text) => text.isWellFormed()),
);

test("any text is stored as it is, or refused for a zero byte; the table stays", async () => {
  const database = server.open({ migrations });
  const { store, aside } = itemSink(database);
  let id = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(hostile, { maxLength: 20 }), async (names) => {
      await database.query("TRUNCATE items");
      aside.length = 0;
      const items = names.map((name) => ({ ...item, id: ++id, name, details: JSON.stringify({ name }) }));
      await store(items);
      const fits = items.filter(({ name }) => !name.includes("\u0000"));
      expect((await stored(database)).map(({ name, details }) => [name, details])).toEqual(
        fits.map(({ name }) => [name, { name }]),
      );
      expect(aside).toHaveLength(items.length - fits.length);
    }),
    { numRuns: 150 },
  );
});

test.each([
  { change: { price: "abc" }, code: "22P02", why: "no number" },
  { change: { price: "-1" }, code: "23514, constraint items_price_check", why: "against a rule of the table" },
  { change: { small: 2 ** 31 }, code: "22003", why: "out of range" },
  { change: { at: "2026-13-01T00:00:00Z" }, code: "22008", why: "a time that doesn't exist" },
  { change: { details: "{" }, code: "22P02", why: "no JSON" },
  { change: { price: `1e${"9".repeat(9)}` }, code: "22003", why: "more digits than a numeric has" },
])("a row is refused and its neighbours stored: $why", async ({ change, code }) => {
  const database = server.open({ migrations });
  const { store, aside } = itemSink(database);
  await store([1, 2, 3, 4, 5].map((id) => (id === 3 ? { ...item, id, ...change } : { ...item, id })));
  expect((await stored(database)).map(({ id }) => id)).toEqual(["1", "2", "4", "5"]);
  expect(aside.map(({ headers }) => headers["dead-letter.message"])).toEqual([
    `the database refuses the row: SQLSTATE ${code}`,
  ]);
});

test("strings of a megabyte are stored", async () => {
  const database = server.open({ migrations });
  const name = "x".repeat(1_000_000);
  await itemSink(database).store([1, 2, 3].map((id) => ({ ...item, id, name, details: JSON.stringify({ name }) })));
  expect((await stored(database)).map((row) => String(row.name).length)).toEqual([1_000_000, 1_000_000, 1_000_000]);
});

test("the first one stays, within a batch and between deliveries", async () => {
  const database = server.open({ migrations });
  const { store } = itemSink(database);
  await store([item, { ...item, name: "again" }]);
  await store([
    { ...item, name: "later" },
    { ...item, id: 2 },
  ]);
  expect((await stored(database)).map(({ id, name }) => [id, name])).toEqual([
    ["1", "a"],
    ["2", "a"],
  ]);
});

test("the same records delivered at once by several environments, in any order, end as one row each", async () => {
  const name = await server.open({ migrations }).name();
  const ids = Array.from({ length: 300 }, (_, id) => id);
  const environments = Array.from({ length: 6 }, (_, n) => ({
    n,
    database: server.open({ database: name, migrations }),
  }));
  await Promise.all(
    environments.map(async ({ n, database }) => {
      const ordered = n % 2 === 0 ? ids : ids.toReversed();
      const { store } = itemSink(database);
      // A deadlock is thrown, and the batch comes again.
      await until(() => store(ordered.map((id) => ({ ...item, id }))).then(() => true), "every row");
    }),
  );
  expect(await stored(environments[0]!.database)).toHaveLength(300);
});

test("the server goes down while batches are stored: after it is back, all that was sent is there once", async () => {
  const database = server.open({ migrations });
  const { store, aside } = itemSink(database);
  const batches = Array.from({ length: 30 }, (_, n) =>
    Array.from({ length: 100 }, (_, i) => ({ ...item, id: n * 100 + i })),
  );
  let done = 0;
  const down = (async () => {
    await until(() => done > 5, "six batches");
    await server.kill();
    await server.restart();
  })();
  for (const batch of batches) {
    await until(() => store(batch).then(() => true), "the batch");
    done += 1;
    if (done === 10) await down;
  }
  await down;
  expect(await stored(database)).toHaveLength(3_000);
  expect(aside).toEqual([]);
});
