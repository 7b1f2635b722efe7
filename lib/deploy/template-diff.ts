// What a change does to the compiled template: two templates in, one Markdown table out, a row a resource or property that differs. Pure.

/** A compiled CloudFormation template, as JSON. */
export type Template = Readonly<Record<string, unknown>>;

export type Difference =
  | { readonly kind: "added" | "removed"; readonly name: string; readonly type: string }
  | {
      readonly kind: "changed";
      readonly name: string;
      readonly type: string;
      /** Names and indexes from the resource's properties on; attributes such as DeletionPolicy by their own name. */
      readonly path: string;
      /** Undefined where there was or is none. */
      readonly before: unknown;
      readonly after: unknown;
    };

/** Those that hold data: without them it is gone, unless they are retained. */
const holdData = /^AWS::(DynamoDB::Table|S3::Bucket|SQS::Queue|RDS::.*|KMS::Key|Logs::LogGroup)$/;

/** A comment on GitHub has 65,536 characters at most. */
const MOST_CHARACTERS = 60_000;
const LONGEST_VALUE = 300;

/** Every difference, in the order of the alphabet. */
export function templateDifferences(before: Template, after: Template): readonly Difference[] {
  const [old, recent] = [partsOf(before), partsOf(after)];
  const names = [...new Set([...old.keys(), ...recent.keys()])].sort();
  return names.flatMap((name): Difference[] => {
    const [was, is] = [old.get(name), recent.get(name)];
    if (was === undefined) return [{ kind: "added", name, type: is?.type ?? "" }];
    if (is === undefined) return [{ kind: "removed", name, type: was.type }];
    return changes(was.body, is.body, "").map(
      (change): Difference => ({
        kind: "changed",
        name,
        type: is.type,
        ...change,
      }),
    );
  });
}

/** The differences as Markdown; rows that GitHub would not take any more are counted. */
export function templateDiffMarkdown(before: Template, after: Template): string {
  const differences = templateDifferences(before, after);
  if (differences.length === 0) return "The compiled template does not change.\n";
  const count = (kind: Difference["kind"]) =>
    new Set(differences.filter((one) => one.kind === kind).map(({ name }) => name)).size;
  const head = [
    `The compiled template: ${count("added")} added, ${count("changed")} changed, ${count("removed")} removed.`,
    "",
    "| | Resource | Property | Before | After |",
    "|---|---|---|---|---|",
  ];
  const rows = differences.map(row);
  const kept = fitting(rows, MOST_CHARACTERS);
  const rest = rows.length - kept.length;
  const more = rest === 0 ? [] : ["", `${rest} more rows have no room here: compare the templates themselves.`];
  return `${[...head, ...kept, ...more].join("\n")}\n`;
}

interface Part {
  readonly type: string;
  readonly body: unknown;
}

/** Resources by their logical id, what else a template holds by its section and name. */
function partsOf(template: Template): ReadonlyMap<string, Part> {
  const parts = new Map<string, Part>();
  for (const [section, content] of Object.entries(template)) {
    if (!isObject(content)) parts.set(section, { type: "", body: content });
    else {
      for (const [name, body] of Object.entries(content)) {
        const isResource = section === "Resources" && isObject(body);
        parts.set(isResource ? name : `${section}.${name}`, { type: isResource ? String(body.Type) : "", body });
      }
    }
  }
  return parts;
}

type ValueChange = Pick<Extract<Difference, { kind: "changed" }>, "path" | "before" | "after">;

function changes(before: unknown, after: unknown, path: string): readonly ValueChange[] {
  if (isObject(before) && isObject(after)) {
    const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
    return keys.flatMap((key) => changes(before[key], after[key], join(path, key)));
  }
  if (Array.isArray(before) && Array.isArray(after)) return listChanges(before, after, path);
  return same(before, after) ? [] : [{ path, before, after }];
}

/** Lists of one length differ entry by entry; of others only what left and what came is said, wherever it stood. */
function listChanges(before: readonly unknown[], after: readonly unknown[], path: string): readonly ValueChange[] {
  if (before.length === after.length) {
    return before.flatMap((entry, index) => changes(entry, after[index], `${path}[${index}]`));
  }
  const missingIn = (others: readonly unknown[]) => (entry: unknown) => !others.some((other) => same(entry, other));
  const [left, came] = [before.filter(missingIn(after)), after.filter(missingIn(before))];
  if (left.length + came.length === 0) return [{ path, before, after }];
  return [{ path, before: left.length === 0 ? undefined : left, after: came.length === 0 ? undefined : came }];
}

/** The time of packaging, which says nothing. */
const packagedAt = /\/\d{13}-\d{4}-\d\d-\d\dT[\d:.]+Z\//;

function same(before: unknown, after: unknown): boolean {
  return text(before) === text(after);
}

function text(value: unknown): string {
  return (JSON.stringify(value) ?? "").replace(packagedAt, "/<time>/");
}

function row(difference: Difference): string {
  const { kind, name, type } = difference;
  const resource = `${code(name)} ${type}`.trim();
  if (kind !== "changed") {
    const warning = kind === "removed" && holdData.test(type) ? "**its data goes with it, unless it is retained**" : "";
    return cells(kind === "removed" ? "**removed**" : kind, resource, warning, "", "");
  }
  const { path, before, after } = difference;
  const property = path.replace(/^Properties\./, "");
  return cells(kind, resource, property === "" ? "" : code(property), value(before), value(after));
}

function cells(...texts: readonly string[]): string {
  return `| ${texts.join(" | ")} |`;
}

function value(given: unknown): string {
  if (given === undefined) return "";
  const written = text(given);
  return code(written.length > LONGEST_VALUE ? `${written.slice(0, LONGEST_VALUE)}…` : written);
}

/** Code in a table's cell: fenced by more backticks than it holds, and with its pipes escaped. */
function code(content: string): string {
  const fence = "`".repeat(1 + Math.max(0, ...[...content.matchAll(/`+/g)].map(([run]) => run.length)));
  const padding = fence.length > 1 ? " " : "";
  return `${fence}${padding}${content.replaceAll("|", "\\|")}${padding}${fence}`;
}

function fitting(rows: readonly string[], characters: number): readonly string[] {
  let used = 0;
  return rows.filter((line) => {
    used += line.length + 1;
    return used <= characters;
  });
}

function join(path: string, key: string): string {
  return path === "" ? key : `${path}.${key}`;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
