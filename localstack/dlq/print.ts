// How dead letters look on a screen.

import type { Parked, SentBack } from "../../functions/commerce/correct.ts";
import { type Case, type LetterRecord, lastOf, type Replay, timeOf } from "../../functions/commerce/dlq/cases.ts";
import { diffOf, shown } from "../../functions/commerce/dlq/diff.ts";
import { isJson } from "../../functions/commerce/mend.ts";
import { bytesOf } from "../../lib/kafka/record.ts";
import { figure } from "../console/figures.ts";
import { printHeading, type Screen } from "../console/screen.ts";
import { table } from "../console/table.ts";
import type { Prospect } from "./desk.ts";

export interface Listed {
  readonly all: readonly Case[];
  readonly wanted: readonly Case[];
  readonly rows: readonly { readonly one: Case; readonly prospect: Prospect | undefined }[];
}

/** One line an event, after a line of totals. */
export function printList(screen: Screen, { all, wanted, rows }: Listed): void {
  const counts = Map.groupBy(all, ({ state }) => state);
  const totals = (["parked", "waiting", "sent-back"] as const).map(
    (state) => `${figure(counts.get(state)?.length ?? 0)} ${state}`,
  );
  printHeading(screen, `Refused events: ${figure(all.length)} (${totals.join(", ")})`);
  if (rows.length === 0)
    return void screen.write("  none to show; '--state all' shows every one that was ever refused\n");
  const lines = rows.map(({ one, prospect }) => {
    const { letter } = lastOf(one);
    const parked = one.state === "parked" ? one.parked.at(-1) : undefined;
    return [
      one.id,
      one.state,
      String(letter.attempt),
      parked?.reason ?? letter.reason,
      cut(parked?.message ?? letter.message, 60),
      timeOf(one).slice(0, 19).replace("T", " "),
      prospect === undefined ? "" : wouldBe(screen, prospect.outcome),
    ];
  });
  const columns = [
    ...[{ title: "event" }, { title: "state" }, { title: "attempt", align: "right" as const }, { title: "why" }],
    ...[{ title: "what is wrong" }, { title: "when (UTC)" }, { title: "replay would" }],
  ];
  screen.write(table(columns, lines, screen));
  if (rows.length < wanted.length)
    screen.write(screen.paint("dim", `  the newest of ${figure(wanted.length)}: --limit shows more\n`));
}

/** What was refused when and why, and the content of the last letter. */
export function printShow(screen: Screen, one: Case, { content, outcome }: Prospect): void {
  printHeading(screen, `${one.id}: ${one.state}`);
  const history = [
    ...one.letters.map(({ letter }) => [
      letter.time ?? "",
      `attempt ${letter.attempt} refused`,
      letter.reason,
      letter.message,
    ]),
    ...one.parked.map((parked) => [parked.time, "parked", parked.reason, parked.message]),
    ...one.replays.map((replay) => [replay.at, `sent back for attempt ${replay.attempt}`, "", replay.why]),
  ].sort(([a = ""], [b = ""]) => a.localeCompare(b));
  const columns = [{ title: "when (UTC)" }, { title: "what" }, { title: "why" }, { title: "" }];
  screen.write(
    table(
      columns,
      history.map((row) => row.map((cell) => cut(cell, 100))),
      screen,
    ),
  );
  printHeading(screen, "What stands in it");
  screen.write(
    contentLines(lastOf(one), content)
      .map((line) => `  ${line}\n`)
      .join(""),
  );
  printDiff(screen, one, outcome);
}

/** What would change, line by line, or what is still wrong. */
export function printDiff(screen: Screen, one: Case, outcome: SentBack | Parked): void {
  printHeading(screen, `What correction would do with ${one.id}`);
  if (outcome.kind === "parked") {
    return void screen.write(`  ${screen.paint("red", "nothing")}: ${outcome.message}\n`);
  }
  if (outcome.changes.length === 0) return void screen.write("  it is valid as it is: sent back unchanged\n");
  for (const { sign, path, value, note } of diffOf(outcome.changes)) {
    const line = `${sign} ${path}: ${value}`;
    const comment = note === undefined ? "" : screen.paint("dim", `   (${note})`);
    screen.write(`  ${screen.paint(sign === "+" ? "green" : "red", line)}${comment}\n`);
  }
}

/** One line as each event is dealt with. */
export function printOutcome(screen: Screen, one: Case, outcome: SentBack | Parked): void {
  if (outcome.kind === "parked") {
    return void screen.write(
      `  ${screen.paint("dim", "stays")}      ${one.id}  ${outcome.reason}: ${cut(outcome.message, 90)}\n`,
    );
  }
  screen.write(`  ${screen.paint("green", "sent back")}  ${one.id}  ${changesIn(outcome)}\n`);
}

/** The totals of a replay. */
export function printReplayed(screen: Screen, { sent, left }: { sent: number; left: number }, isDryRun: boolean): void {
  const done = isDryRun
    ? "would be sent back, nothing was"
    : `sent back${sent > 0 ? ", each with its entry in the log" : ""}`;
  const stay = isDryRun ? "would stay" : left === 1 ? "stays" : "stay";
  screen.write(`\n  ${figure(sent)} ${done}; ${figure(left)} ${stay} parked\n`);
}

/** The log, the newest last. */
export function printLog(screen: Screen, entries: readonly Replay[]): void {
  printHeading(screen, `Sent back by hand: ${figure(entries.length)}`);
  const columns = [
    { title: "when (UTC)" },
    { title: "event" },
    { title: "attempt", align: "right" as const },
    { title: "changed" },
    { title: "why" },
  ];
  const lines = entries.map(({ at, origin, attempt, changes, why }) => [
    at.slice(0, 19).replace("T", " "),
    origin,
    String(attempt),
    changes.map(({ path, rule }) => `${path} (${rule})`).join(", ") || "nothing",
    why,
  ]);
  if (entries.length > 0) screen.write(table(columns, lines, screen));
}

function wouldBe(screen: Screen, outcome: SentBack | Parked): string {
  return outcome.kind === "parked" ? screen.paint("dim", "leave it") : screen.paint("green", changesIn(outcome));
}

function changesIn({ changes }: SentBack): string {
  if (changes.length === 0) return "as it is";
  return `mended: ${changes.map(({ path, rule }) => `${path} (${rule})`).join(", ")}`;
}

function contentLines({ record }: LetterRecord, content: Prospect["content"]): readonly string[] {
  if (content.kind === "read" && isJson(content.value)) {
    return Object.entries(content.value).map(([name, value]) => `${name}: ${shown(value)}`);
  }
  if (content.kind === "read") return [shown(content.value)];
  const bytes = bytesOf(record.value);
  return [content.message, ...(bytes === null ? [] : hexLines(bytes))];
}

const SHOWN_BYTES = 64;

/** The first bytes, sixteen a line, as hexadecimal and as text. */
function hexLines(bytes: Buffer): readonly string[] {
  const lines: string[] = [];
  for (let at = 0; at < Math.min(bytes.length, SHOWN_BYTES); at += 16) {
    const part = bytes.subarray(at, at + 16);
    const text = part.toString("latin1").replace(/[^\x20-\x7e]/g, ".");
    lines.push(
      `${at.toString(16).padStart(4, "0")}  ${(part.toString("hex").match(/../g) ?? []).join(" ").padEnd(47)}  ${text}`,
    );
  }
  return bytes.length > SHOWN_BYTES ? [...lines, `… ${figure(bytes.length)} bytes`] : lines;
}

function cut(text: string, length: number): string {
  return text.length > length ? `${text.slice(0, length - 1)}…` : text;
}
