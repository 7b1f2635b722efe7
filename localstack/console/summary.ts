// What was sent, as two tables: how many of each kind, and the ground truth in the pipeline's own words.
import type { GeneratedRecord, Kind, Tally } from "../../events/generate/generator.ts";
import { figure } from "./figures.ts";
import type { Screen } from "./screen.ts";
import { type Column, table } from "./table.ts";

const meaning: Record<Kind, string> = {
  good: "valid and in time",
  late: "valid, behind its window's end, within the allowed lateness",
  "too-late": "valid, beyond the allowed lateness",
  "not-json": "bad: bytes that are no JSON",
  "random-bytes": "bad: bytes that are nothing",
  "unknown-schema": "bad: a schema id that the registry doesn't know",
  "other-schema": "bad: written with a schema of other types",
  truncated: "bad: cut short",
  "wrong-type": "bad: a field of another type",
  "missing-field": "bad: a field is missing",
  "not-a-number": "bad: a price that is no number",
  "huge-number": "bad: a number with hundreds of digits",
  sql: "bad: SQL where a name belongs",
  "huge-text": "bad: a name of a megabyte",
  tombstone: "bad: no value at all",
  "far-future": "bad: its time lies a month and more ahead",
  flattened: "mended: details stand a level too high",
  "missing-user": "mended: the user is missing, the record's key says it",
  "numbers-as-text": "mended: numbers are text",
  "wrong-case": "mended: type and name in another case",
  "epoch-time": "mended: the time is an epoch number",
  "spaced-time": "mended: date and time apart, without a zone",
  aliases: "mended: fields under other names",
  "bare-json": "mended: JSON without the registry's wire format",
  "json-schema": "good: JSON under a JSON Schema",
  "sql-text": "good: SQL in a text, stored as it is",
  "long-text": "good: a text of a megabyte, stored as it is",
  "not-an-id": "bad: a word where an id belongs",
  "missing-details": "bad: its details are missing",
  "nul-text": "bad: NUL in a text",
  "other-topic": "bad: on another type's topic",
  "long-and-broken": "bad: a megabyte, and a field that is null",
};

export interface Summary {
  add(records: readonly GeneratedRecord[]): void;
  print(screen: Screen): void;
}

/** Counts what is sent. */
export function summary(tally: Tally<unknown> | undefined): Summary {
  const counts = new Map<Kind, number>();
  let total = 0;
  return {
    add(records) {
      total += records.length;
      for (const record of records) {
        counts.set(record.kind, (counts.get(record.kind) ?? 0) + 1);
        tally?.add(record);
      }
    },
    print(screen) {
      const kinds = (Object.keys(meaning) as Kind[]).filter((kind) => counts.has(kind));
      const rows = kinds.map((kind) => [kind, figure(counts.get(kind) ?? 0), meaning[kind]]);
      const right = "right";
      screen.write("\n");
      screen.write(
        table(
          [{ title: "kind" }, { title: "records", align: right }, { title: "" }],
          [...rows, ["all", figure(total), ""]],
          screen,
        ),
      );
      const truth = tally?.rows() ?? [];
      if (truth.length > 0) printTruth(screen, truth);
      if (tally?.table !== undefined) printTable(screen, tally.table());
    },
  };
}

function printTruth(screen: Screen, truth: readonly (readonly [label: string, value: number])[]): void {
  const rows = truth.map(([label, value]) => [label, figure(value)]);
  screen.write(`\n${table([{ title: "ground truth" }, { title: "", align: "right" }], rows, screen)}`);
}

function printTable(screen: Screen, { columns, rows }: ReturnType<NonNullable<Tally<unknown>["table"]>>): void {
  const isFigures = (at: number) => rows.some((row) => typeof row[at] === "number" || /^[\d.]+$/.test(row[at] ?? ""));
  const headed = columns.map((title, at): Column => ({ title, align: isFigures(at) ? "right" : "left" }));
  const shown = rows.map((row) => row.map((cell) => (typeof cell === "number" ? figure(cell) : cell)));
  screen.write(`\n${table(headed, shown, screen)}`);
}
