// The suite's report for the README of localstack/event-source: a table of every behaviour, made of what the cases declare, and one of
// what AWS leaves open, made of the switches.
import { switches } from "../../localstack/event-source/switches.ts";
import type { Behaviour, Emulated } from "./behaviour.ts";

export interface Group {
  /** Path of the group's file from the repository's root. */
  readonly file: string;
  readonly behaviours: readonly Behaviour[];
}

/** A part of the document that is made, between two marks. */
function replaced(document: string, name: string, made: string): string {
  const begin = `<!-- ${name}, made by \`npm run conformance:table\` -->`;
  const end = `<!-- end of ${name} -->`;
  const [before, rest] = document.split(begin);
  const after = rest?.split(end)[1];
  if (before === undefined || after === undefined) throw new Error(`The document has no place for ${begin} … ${end}`);
  return `${before}${begin}\n${made}\n${end}${after}`;
}

/** The document with its tables in place of those that stand there. */
export function withTables(document: string, groups: readonly Group[]): string {
  return replaced(replaced(document, "conformance", tableOf(groups)), "switches", switchesTable());
}

function switchesTable(): string {
  const rows = Object.entries(switches).map(([name, { question, values, why }]) => {
    const [usual, ...others] = values.map((value) => `\`${value}\``);
    return `| ${[question, `\`${name}\``, `${usual}: ${why}`, others.join(", ")].map(cell).join(" | ")} |`;
  });
  return ["| what AWS does not say | switch | default | or |", "|---|---|---|---|", ...rows].join("\n");
}

export function tableOf(groups: readonly Group[]): string {
  const rows = groups.flatMap(({ file, behaviours }) => behaviours.map((behaviour) => rowOf(behaviour, file)));
  const head = ["| behaviour | source, grade | emulated | test |", "|---|---|---|---|"];
  return [...head, ...rows, "", ...linksOf(groups)].join("\n");
}

function rowOf({ behaviour, source, grade, emulated }: Behaviour, file: string): string {
  const sources = [source].flat().map(sourceText).join(", ");
  const test = emulated !== undefined && "not" in emulated ? "" : `[${nameOf(file)}]`;
  return `| ${[behaviour, `${sources} ${grade}`, emulatedText(emulated), test].map(cell).join(" | ")} |`;
}

function emulatedText(emulated: Emulated | undefined): string {
  if (emulated === undefined) return "yes";
  if ("by" in emulated) return `by a switch: \`${emulated.by}\``;
  if ("refused" in emulated) return `refused: "${emulated.refused}"`;
  return `no: ${emulated.not}`;
}

function sourceText(source: string): string {
  const thread = /^[\w.-]+\/(?<repository>[\w.-]+)#(?<number>\d+)$/.exec(source)?.groups;
  if (thread !== undefined) {
    return `[${thread.repository}#${thread.number}](https://github.com/${source.replace("#", "/issues/")})`;
  }
  return isSlug(source) ? `[${source}]` : source;
}

/** Where each file stands that the table names, and each page that it names by its slug. */
function linksOf(groups: readonly Group[]): string[] {
  const tests = groups.map(({ file }) => `[${nameOf(file)}]: ../../${file}`);
  const sources = groups.flatMap(({ behaviours }) => behaviours.flatMap(({ source }) => source));
  const slugs = [...new Set(sources.filter(isSlug))].sort();
  const pages = slugs.map((slug) => `[${slug}]: https://docs.aws.amazon.com/lambda/latest/dg/${slug}.html`);
  return [...tests, ...pages];
}

function isSlug(source: string): boolean {
  return /^[a-z][a-z0-9-]+$/.test(source);
}

function nameOf(file: string): string {
  return (
    /(?<name>[^/]+?)(?:\.int)?\.test\.ts$/
      .exec(file)
      ?.groups?.name?.replace(/^(\d+)-/, "$1 ")
      .replaceAll("-", " ") ?? file
  );
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|");
}
