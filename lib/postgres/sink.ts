// Rows of a batch into a table, each once however often it is delivered: one statement for up to a hundred, which skips what is there already.
// A row that the database refuses goes to the dead letters, and the rest of its statement is stored. Anything else that fails is thrown, and
// the batch comes again.

import { setAside } from "../kafka/consume.ts";
import type { Poison, SideOutput } from "../kafka/side-output.ts";
import type { Batch, Decoded } from "../kafka/source.ts";
import type { Measures } from "../telemetry.ts";
import type { Database } from "./database.ts";
import { isDataError, refusalOf } from "./failures.ts";

export type ColumnType = "text" | "integer" | "bigint" | "numeric" | "boolean" | "timestamptz" | "jsonb";

/** A table's columns, as far as the sink writes them. */
export type Columns = Readonly<Record<string, ColumnType>>;

/** One row. Times are ISO text or epoch milliseconds' `Date`; jsonb is JSON text. */
export type Row<C extends Columns> = { readonly [Name in keyof C]: string | number | boolean | null };

export interface SinkOptions<V, C extends Columns> {
  readonly database: Pick<Database, "query">;
  readonly table: string;
  readonly columns: C;
  /** The columns of the unique index by which a row is known to be there. */
  readonly identity: readonly (keyof C & string)[];
  readonly row: (record: Decoded<V>) => Row<C>;
  /** Where refused rows' records go; `refusedTo`, for the batch's poison may have left above them. */
  readonly refused: SideOutput;
}

export interface Sink<V> {
  /** The `process` of a consumer: when it resolves, every record is in the table or among the dead letters. */
  store(batch: Batch<V>): Promise<Measures>;
}

export const ROWS_PER_STATEMENT = 100;

/** A table that takes a consumer's records. */
export function sink<V, C extends Columns>({ database, row, refused, ...shape }: SinkOptions<V, C>): Sink<V> {
  const names = Object.keys(shape.columns);
  const statement = insertion(shape);

  async function insert(records: readonly Decoded<V>[]): Promise<Outcome> {
    const rows = records.map(row);
    try {
      const { rowCount } = await database.query(
        statement,
        names.map((name) => rows.map((one) => one[name])),
      );
      return { added: rowCount ?? 0, poison: [] };
    } catch (error) {
      if (!isDataError(error)) throw error;
      if (records.length === 1) return { added: 0, poison: [poisonOf(records[0]!, error)] };
      return halves(records);
    }
  }

  /** Which of the rows it was is found by halving: a few statements more for a row that is refused, none for the others. */
  async function halves(records: readonly Decoded<V>[]): Promise<Outcome> {
    const middle = records.length >> 1;
    return joined([await insert(records.slice(0, middle)), await insert(records.slice(middle))]);
  }

  return {
    async store(batch) {
      const outcomes: Outcome[] = [];
      for (let i = 0; i < batch.records.length; i += ROWS_PER_STATEMENT) {
        outcomes.push(await insert(batch.records.slice(i, i + ROWS_PER_STATEMENT)));
      }
      const { added, poison } = joined(outcomes);
      if (poison.length > 0) await setAside(batch, poison, refused);
      return { rows: batch.records.length, rows_new: added, rows_refused: poison.length };
    },
  };
}

interface Outcome {
  /** Rows that were not there before. */
  readonly added: number;
  readonly poison: readonly Poison[];
}

function joined(outcomes: readonly Outcome[]): Outcome {
  return {
    added: outcomes.reduce((sum, { added }) => sum + added, 0),
    poison: outcomes.flatMap(({ poison }) => poison),
  };
}

function poisonOf({ wire }: Decoded<unknown>, error: unknown): Poison {
  return { record: wire, reason: "not-stored", message: refusalOf(error) };
}

/** One array a column, whatever the number of rows: the statement stays the same text. */
function insertion({
  table,
  columns,
  identity,
}: {
  table: string;
  columns: Columns;
  identity: readonly string[];
}): string {
  const arrays = Object.values(columns).map((type, i) => `$${i + 1}::${type}[]`);
  return (
    `INSERT INTO ${quoted(table)} (${Object.keys(columns).map(quoted).join(", ")}) ` +
    `SELECT * FROM unnest(${arrays.join(", ")}) ON CONFLICT (${identity.map(quoted).join(", ")}) DO NOTHING`
  );
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
