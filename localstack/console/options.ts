// Command line options, declared as data: the same declaration reads them, explains them, and names the right ones after a wrong one.
import { parseArgs } from "node:util";

/** One `--name VALUE`; `read` throws what would be right. */
export interface Option<Value> {
  /** What stands for the value in the help, absent for a switch. */
  readonly value?: string;
  readonly about: string;
  read(text: string | undefined): Value;
}

type Options = Readonly<Record<string, Option<unknown>>>;
type Values<Declared extends Options> = { readonly [Name in keyof Declared]: ReturnType<Declared[Name]["read"]> };

/** A command that was typed wrong: its message is for the person who typed it, and needs no stack. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** Reads `args` as declared. What isn't an option is in `words`. */
export function readOptions<Declared extends Options>(
  args: readonly string[],
  declared: Declared,
): { readonly options: Values<Declared>; readonly words: readonly string[] } {
  const { values, positionals } = parse(args, declared);
  const read = Object.entries(declared).map(([name, option]) => {
    try {
      return [name, option.read(values[name] === undefined ? undefined : String(values[name]))];
    } catch (cause) {
      throw new UsageError(`--${name} ${values[name]}: ${cause instanceof Error ? cause.message : cause}`, { cause });
    }
  });
  return { options: Object.fromEntries(read), words: positionals };
}

/** The same for a command that takes nothing but options: words are refused, for they may be an option's value that lost its name. */
export function onlyOptions<Declared extends Options>(args: readonly string[], declared: Declared): Values<Declared> {
  const { options, words } = readOptions(args, declared);
  if (words.length === 0) return options;
  throw new UsageError(`'${words.join(" ")}' is no option. ${rightOnes(declared)}`);
}

/** One line an option, for `--help`. */
export function explainOptions(declared: Options): string {
  const rows = Object.entries(declared).map(([name, { value, about }]) => [spell(name, value), about] as const);
  const width = Math.max(...rows.map(([spelled]) => spelled.length));
  return rows.map(([spelled, about]) => `  ${spelled.padEnd(width)}  ${about}\n`).join("");
}

/** A whole number from `least` on; `fallback` when the option is absent. */
export function wholeNumber<Fallback>(
  value: string,
  about: string,
  fallback: Fallback,
  least = 0,
): Option<number | Fallback> {
  return numberOption(
    value,
    about,
    fallback,
    `a whole number from ${least} on`,
    (n) => Number.isSafeInteger(n) && n >= least,
  );
}

/** A number above zero; `fallback` when the option is absent. */
export function positiveNumber<Fallback>(value: string, about: string, fallback: Fallback): Option<number | Fallback> {
  return numberOption(value, about, fallback, "a number above 0", (n) => Number.isFinite(n) && n > 0);
}

/** A percentage; 0 when the option is absent. */
export function percentage(about: string, fallback = 0): Option<number> {
  return numberOption("PERCENT", about, fallback, "a percentage from 0 to 100", (n) => n >= 0 && n <= 100);
}

/** A time such as 2026-01-31T12:00:00Z, as milliseconds since the epoch. */
export function time(about: string): Option<number | undefined> {
  return {
    value: "ISO",
    about,
    read(text) {
      if (text === undefined) return undefined;
      const hasZone = /(Z|[+-]\d\d:?\d\d)$/.test(text) || /^\d{4}-\d\d-\d\d$/.test(text);
      const read = Date.parse(hasZone ? text : `${text}Z`);
      if (Number.isNaN(read)) throw new Error("not a time; write it as 2026-01-31T12:00:00Z.");
      return read;
    },
  };
}

/** Any text. */
export function text(value: string, about: string): Option<string | undefined> {
  return { value, about, read: (given) => given };
}

/** A switch without a value. */
export function toggle(about: string): Option<boolean> {
  return { about, read: (given) => given !== undefined };
}

function numberOption<Fallback>(
  value: string,
  about: string,
  fallback: Fallback,
  right: string,
  isRight: (read: number) => boolean,
): Option<number | Fallback> {
  return {
    value,
    about,
    read(given) {
      if (given === undefined) return fallback;
      const read = Number(given.replaceAll("_", ""));
      if (given.trim() === "" || !isRight(read)) throw new Error(`not ${right}.`);
      return read;
    },
  };
}

function parse(args: readonly string[], declared: Options) {
  const options = Object.fromEntries(
    Object.entries(declared).map(([name, { value }]) => [
      name,
      { type: value ? ("string" as const) : ("boolean" as const) },
    ]),
  );
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true });
  } catch (cause) {
    const what = cause instanceof Error ? cause.message.split(/\. /)[0]?.replace(/\.$/, "") : String(cause);
    throw new UsageError(`${what}. ${rightOnes(declared)}`, { cause });
  }
}

function rightOnes(declared: Options): string {
  const names = Object.entries(declared).map(([name, { value }]) => spell(name, value));
  return `The options are: ${names.join(", ")}.`;
}

function spell(name: string, value: string | undefined): string {
  return value ? `--${name} ${value}` : `--${name}`;
}
