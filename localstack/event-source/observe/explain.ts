// `explain TOPIC-PARTITION@OFFSET`: reads journals and prints what happened to a record.
import { existsSync, readFileSync } from "node:fs";
import { parseArgs, styleText } from "node:util";
import type { JournalLine } from "./journal-line.ts";
import { storyOf, type Target } from "./story.ts";
import { type Paragraph, tell } from "./tell.ts";

export const DEFAULT_JOURNAL = ".local/event-source.journal.jsonl";

const USAGE = `Usage: node localstack/event-source/main.ts explain TOPIC-PARTITION@OFFSET [--journal FILE] [--all]
  what happened to a record, from the journal that an event source with --journal FILE writes, also while it runs
  --journal FILE         default ${DEFAULT_JOURNAL}; may be given again, for several event sources of a group
  --all                  every line, however often the record was tried`;

/** Lines shown at either end of a long story. */
const EDGE_LINES = 10;

/** Answers the exit code: 1 when the record was not seen. */
export function runExplain(args: readonly string[]): number {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      journal: { type: "string", multiple: true },
      all: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    console.log(USAGE);
    return 0;
  }
  const target = targetOf(positionals);
  const lines = (values.journal ?? [DEFAULT_JOURNAL]).flatMap(linesOf);
  // Several event sources' lines in the order of time; those of one moment stay as they were written.
  const story = storyOf(
    target,
    lines.sort((a, b) => a.at - b.at),
  );
  console.log(
    tell(story)
      .map((paragraph) => print(paragraph, values.all))
      .join("\n\n"),
  );
  return story.readings.length > 0 ? 0 : 1;
}

export function targetOf([text = "", ...more]: readonly string[]): Target {
  const [, topic, partition, offset] = /^(.+)-(\d+)@(\d+)$/.exec(text) ?? [];
  if (topic === undefined || more.length > 0) {
    throw new Error(
      `Which record? Name one as TOPIC-PARTITION@OFFSET, such as orders-3@1027: got '${[text, ...more].join(" ")}'.`,
    );
  }
  return { topic, partition: Number(partition), offset: Number(offset) };
}

/** A journal's lines, those of its earlier file first. One that a kill cut off is left out. */
export function linesOf(file: string): JournalLine[] {
  if (!existsSync(file)) {
    throw new Error(
      `There is no journal at ${file}: start the event source with --journal ${file}, or say with --journal where it is.`,
    );
  }
  return [`${file}.1`, file]
    .filter((path) => existsSync(path))
    .flatMap((path) => readFileSync(path, "utf8").split("\n").flatMap(parse));
}

function parse(line: string): JournalLine[] {
  if (line === "") return [];
  try {
    return [JSON.parse(line) as JournalLine];
  } catch {
    return [];
  }
}

function print({ heading, lines, verdict }: Paragraph, isWhole: boolean): string {
  const rows = lines.map(({ at, text }) => `  ${styleText("dim", at)}  ${text}`);
  const leftOut = rows.length - 2 * EDGE_LINES;
  if (!isWhole && leftOut > 1) rows.splice(EDGE_LINES, leftOut, `  … ${leftOut} more lines: --all prints them`);
  return [styleText("bold", heading), ...rows, `  ${styleText("bold", verdict)}`].join("\n");
}
