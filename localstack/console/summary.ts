// What was sent, as two tables: how many of each kind, and the ground truth in the pipeline's own words.
import type { GeneratedRecord, Kind, Tally } from "../../events/generate/generator.ts";
import { figure } from "./figures.ts";
import type { Screen } from "./screen.ts";
import { table } from "./table.ts";

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
      if (truth.length === 0) return;
      screen.write("\n");
      screen.write(
        table(
          [{ title: "ground truth" }, { title: "", align: right }],
          truth.map(([label, value]) => [label, figure(value)]),
          screen,
        ),
      );
    },
  };
}
