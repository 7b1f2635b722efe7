// Settings come from the environment, by name; a missing or unreadable one stops the cold start with a sentence that says which.

import { ConfigError } from "./errors.ts";
import { plainNumber } from "./plain-number.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** The setting `name`; an empty one counts as missing. */
export function required(name: string, environment: Environment = process.env): string {
  const value = optional(name, undefined, environment);
  if (value === undefined) {
    throw new ConfigError(
      `Environment variable ${name} is not set. Set it in the function's \`environment\` (its functions.yml or serverless.yml).`,
    );
  }
  return value;
}

/** The setting `name` as a finite number, written in plain decimal notation (`5.42`, `-1`, `1e3`). */
export function requiredNumber(name: string, environment: Environment = process.env): number {
  const text = required(name, environment);
  const value = plainNumber(text);
  if (Number.isNaN(value)) {
    throw new ConfigError(`Environment variable ${name} must be a number such as 5.42: got ${JSON.stringify(text)}.`);
  }
  return value;
}

/** The setting `name` as one of the given words. */
export function requiredOneOf<T extends string>(
  name: string,
  words: readonly T[],
  environment: Environment = process.env,
): T {
  return oneOf(name, words, required(name, environment));
}

/** The setting `name` as one of the given words, or `otherwise` where it is missing or empty. */
export function optionalOneOf<T extends string>(
  name: string,
  words: readonly T[],
  otherwise: T,
  environment: Environment = process.env,
): T {
  return oneOf(name, words, optional(name, otherwise, environment));
}

function oneOf<T extends string>(name: string, words: readonly T[], text: string): T {
  const word = words.find((one) => one === text);
  if (word !== undefined) return word;
  throw new ConfigError(
    `Environment variable ${name} must be one of ${words.join(", ")}: got ${JSON.stringify(text)}.`,
  );
}

/** The setting `name`, or `otherwise` where it is missing or empty. */
export function optional(name: string, otherwise: string, environment?: Environment): string;
export function optional(name: string, otherwise?: undefined, environment?: Environment): string | undefined;
export function optional(name: string, otherwise?: string, environment: Environment = process.env): string | undefined {
  const value = environment[name];
  return value === undefined || value === "" ? otherwise : value;
}

/** The setting `name` as a list separated by commas: at least one entry. */
export function requiredList(name: string, environment: Environment = process.env): readonly string[] {
  const entries = required(name, environment)
    .split(",")
    .map((entry) => entry.trim())
    .filter((entry) => entry !== "");
  if (entries.length === 0) {
    throw new ConfigError(`Environment variable ${name} must list at least one entry, such as host:9092.`);
  }
  return entries;
}
