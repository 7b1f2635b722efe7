// Filter criteria: which records reach the function. EventBridge's pattern syntax over a record's value; a value whose
// format differs from the pattern's passes, unlike for SQS and Kinesis.
// https://docs.aws.amazon.com/lambda/latest/dg/kafka-filtering.html  https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html
import { hasUnsafeInteger, parseExactly } from "./exact-json.ts";
import { compileFields, compileRules, type FieldsTest, InvalidPatternError, type ValueTest } from "./filter-pattern.ts";

/** One filter's pattern, ready to run. */
export interface Filter {
  readonly pattern: string;
  /** Whether it looks at the value; `{}` does not. */
  readonly readsValue: boolean;
  matches(value: Buffer | null): boolean;
}

const MAX_PATTERN_CHARS = 4096;
const utf8 = new TextDecoder("utf-8", { fatal: true });

/** Compiles a pattern; throws `InvalidPatternError` with AWS's text when it is not valid. */
export function parseFilter(pattern: string): Filter {
  if (pattern.length > MAX_PATTERN_CHARS) {
    throw new InvalidPatternError(`a pattern has at most ${MAX_PATTERN_CHARS} characters, got ${pattern.length}`);
  }
  const parsed = parsePattern(pattern);
  const test = compileRecord(parsed);
  // Rounding goes up and down alike, so that values need all their digits only where the pattern has more than a number holds.
  const parse = hasUnsafeInteger(parsed) ? parseExactly : JSON.parse;
  return { pattern, readsValue: Object.keys(parsed).length > 0, matches: (value) => test(classify(value, parse)) };
}

/** The filter as it is where a record without a value passes no rule on values. */
export function withoutTombstones(filter: Filter): Filter {
  return { ...filter, matches: (value) => (value !== null || !filter.readsValue) && filter.matches(value) };
}

/** The filter that lets a record pass, or -1: filters are ORed. */
export function firstMatch(filters: readonly Filter[], value: Buffer | null): number {
  return filters.findIndex((filter) => filter.matches(value));
}

type Classified =
  | { readonly kind: "json"; readonly object: Record<string, unknown> }
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "opaque" };

type RecordTest = (value: Classified) => boolean;

function parsePattern(pattern: string): Record<string, unknown> {
  let parsed: unknown;
  try {
    parsed = parseExactly(pattern);
  } catch (cause) {
    throw new InvalidPatternError("a pattern is a JSON object", { cause });
  }
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) {
    throw new InvalidPatternError("a pattern is a JSON object");
  }
  return parsed as Record<string, unknown>;
}

function compileRecord(pattern: Record<string, unknown>): RecordTest {
  const tests = Object.entries(pattern).map(([field, rule]): RecordTest => {
    if (field === "$or") return compileAlternatives(rule);
    if (field.startsWith("value.")) return compileValue({ [field.slice("value.".length)]: rule });
    if (field !== "value") {
      throw new InvalidPatternError(`only 'value' can be filtered for Kafka, got '${field}'`);
    }
    return compileValue(rule);
  });
  return (value) => tests.every((test) => test(value));
}

function compileAlternatives(rule: unknown): RecordTest {
  if (!Array.isArray(rule) || rule.length === 0) throw new InvalidPatternError("$or takes a list of patterns");
  const tests = rule.map((alternative: unknown) => {
    if (typeof alternative !== "object" || alternative === null || Array.isArray(alternative)) {
      throw new InvalidPatternError("$or takes a list of patterns");
    }
    return compileRecord(alternative as Record<string, unknown>);
  });
  return (value) => tests.some((test) => test(value));
}

function compileValue(rule: unknown): RecordTest {
  if (Array.isArray(rule)) {
    const test: ValueTest = compileRules(rule);
    return (value) => value.kind !== "text" || test(value.text);
  }
  if (typeof rule === "object" && rule !== null) {
    const test: FieldsTest = compileFields(rule as Record<string, unknown>);
    return (value) => value.kind !== "json" || test(value.object);
  }
  throw new InvalidPatternError("'value' takes a list of rules or an object of fields");
}

// JSON means an object here: AWS leaves arrays and scalars open, they count as plain text.
function classify(value: Buffer | null, parse: (text: string) => unknown): Classified {
  if (value === null) return { kind: "opaque" };
  let text: string;
  try {
    text = utf8.decode(value);
  } catch {
    return { kind: "opaque" };
  }
  try {
    const parsed = parse(text);
    if (typeof parsed === "object" && parsed !== null && !Array.isArray(parsed)) {
      return { kind: "json", object: parsed as Record<string, unknown> };
    }
  } catch {
    // plain text
  }
  return { kind: "text", text };
}
