// EventBridge's pattern language: validates a pattern once and gives functions that test values.
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
import { BlockList } from "node:net";

/** A pattern that AWS refuses when the mapping is created; the message starts with AWS's text. */
export class InvalidPatternError extends Error {
  constructor(reason: string, options?: ErrorOptions) {
    super(`Invalid filter pattern definition. (${reason})`, options);
  }
}

/** Tests an object's fields. */
export type FieldsTest = (object: Record<string, unknown>) => boolean;
/** Tests one field's value; `undefined` is a missing field. */
export type ValueTest = (value: unknown) => boolean;

/** An object of a pattern: fields are ANDed, `$or` is a list of alternatives, a dot in a name is a nested path. */
export function compileFields(pattern: Record<string, unknown>): FieldsTest {
  return compileEntries(entriesOf(pattern));
}

type Entry = readonly [name: string, rule: unknown];

function entriesOf(pattern: Record<string, unknown>): Entry[] {
  const entries = Object.entries(pattern);
  if (entries.length === 0) throw new InvalidPatternError("an object in a pattern has at least one field");
  return entries;
}

// What is said of one object stands together, by whatever names: an object of a list has to match it whole.
function compileEntries(entries: readonly Entry[]): FieldsTest {
  const tests: FieldsTest[] = [];
  const nested = new Map<string, Entry[]>();
  const within = (name: string, more: readonly Entry[]) => nested.set(name, [...(nested.get(name) ?? []), ...more]);
  for (const [name, rule] of entries) {
    const dot = name.indexOf(".");
    if (name === "$or") tests.push(compileOr(rule));
    else if (dot > 0) within(name.slice(0, dot), [[name.slice(dot + 1), rule]]);
    else if (Array.isArray(rule)) tests.push(compileLeaf(name, rule));
    else if (isObject(rule)) within(name, entriesOf(rule));
    else throw new InvalidPatternError(`'${name}' takes a list of rules or an object of fields`);
  }
  for (const [name, inner] of nested) {
    const test = compileEntries(inner);
    const objectsOf = nestedObjects(name);
    tests.push((object) => objectsOf(object).some(test));
  }
  return (object) => tests.every((test) => test(object));
}

function compileLeaf(name: string, rules: readonly unknown[]): FieldsTest {
  const test = compileRules(rules);
  return (object) => test(Object.hasOwn(object, name) ? object[name] : undefined);
}

/** A leaf of a pattern: a non-empty list of rules, ORed. */
export function compileRules(rules: readonly unknown[]): ValueTest {
  if (rules.length === 0) throw new InvalidPatternError("a list of rules is not empty");
  const tests = rules.map(compileRule);
  return (value) => {
    const leaves = leavesOf(value);
    return tests.some(({ test, acceptsMissing }) => (leaves.length === 0 ? acceptsMissing : leaves.some(test)));
  };
}

interface Rule {
  readonly test: (leaf: unknown) => boolean;
  /** True for `exists: false` only: every other rule needs a value. */
  readonly acceptsMissing: boolean;
}

function compileOr(rule: unknown): FieldsTest {
  if (!Array.isArray(rule) || rule.length === 0 || !rule.every(isObject)) {
    throw new InvalidPatternError("$or takes a list of patterns");
  }
  const tests = rule.map(compileFields);
  return (object) => tests.some((test) => test(object));
}

function compileRule(rule: unknown): Rule {
  if (isObject(rule)) return compileOperator(rule);
  if (Array.isArray(rule)) throw new InvalidPatternError("a rule is a value or an operator, not a list");
  return needsValue((leaf) => leaf === rule);
}

function compileOperator(rule: Record<string, unknown>): Rule {
  const [operator, ...others] = Object.keys(rule);
  if (operator === undefined || others.length > 0) throw new InvalidPatternError("a rule has exactly one operator");
  const operand = rule[operator];
  switch (operator) {
    case "exists": {
      if (typeof operand !== "boolean") throw new InvalidPatternError("exists takes true or false");
      return operand ? needsValue(() => true) : { test: () => false, acceptsMissing: true };
    }
    case "anything-but":
      return needsValue(compileAnythingBut(operand));
    case "numeric":
      return needsValue(compileNumeric(operand));
    case "cidr":
      return needsValue(compileCidr(operand));
    default:
      return needsValue(compileText(operator, operand));
  }
}

function compileText(operator: string, operand: unknown): (leaf: unknown) => boolean {
  if ((operator === "prefix" || operator === "suffix") && isObject(operand)) {
    const wanted = textOf(`${operator} equals-ignore-case`, operand["equals-ignore-case"]).toLowerCase();
    if (Object.keys(operand).length !== 1) throw new InvalidPatternError("a rule has exactly one operator");
    return onText((text) =>
      operator === "prefix" ? text.toLowerCase().startsWith(wanted) : text.toLowerCase().endsWith(wanted),
    );
  }
  switch (operator) {
    case "prefix": {
      const wanted = textOf(operator, operand);
      return onText((text) => text.startsWith(wanted));
    }
    case "suffix": {
      const wanted = textOf(operator, operand);
      return onText((text) => text.endsWith(wanted));
    }
    case "equals-ignore-case": {
      const wanted = textOf(operator, operand).toLowerCase();
      return onText((text) => text.toLowerCase() === wanted);
    }
    case "wildcard":
      return compileWildcard(textOf(operator, operand));
    default:
      throw new InvalidPatternError(`'${operator}' is not an operator (operators are lower case)`);
  }
}

function compileAnythingBut(operand: unknown): (leaf: unknown) => boolean {
  if (isObject(operand)) {
    const [operator, ...others] = Object.keys(operand);
    if (operator === undefined || others.length > 0) throw new InvalidPatternError("a rule has exactly one operator");
    if (operator === "numeric" || operator === "cidr" || operator === "anything-but" || operator === "exists") {
      throw new InvalidPatternError(`anything-but does not take '${operator}'`);
    }
    const inner = operand[operator];
    const operands: readonly unknown[] = Array.isArray(inner) ? inner : [inner];
    if (operands.length === 0) throw new InvalidPatternError("a list of rules is not empty");
    const tests = operands.map((item) => compileText(operator, item));
    return (leaf) => !tests.some((test) => test(leaf));
  }
  const values = new Set<unknown>(Array.isArray(operand) ? operand : [operand]);
  if (values.size === 0 || ![...values].every((value) => typeof value === "string" || isNumber(value))) {
    throw new InvalidPatternError("anything-but takes strings or numbers");
  }
  return (leaf) => !values.has(leaf);
}

const COMPARISONS: Readonly<Record<string, (value: number | bigint, bound: number | bigint) => boolean>> = {
  "=": (value, bound) => value === bound,
  "<": (value, bound) => value < bound,
  "<=": (value, bound) => value <= bound,
  ">": (value, bound) => value > bound,
  ">=": (value, bound) => value >= bound,
};

function compileNumeric(operand: unknown): (leaf: unknown) => boolean {
  if (!Array.isArray(operand) || (operand.length !== 2 && operand.length !== 4)) {
    throw new InvalidPatternError("numeric takes an operator and a number, once or as a range");
  }
  const [operator, bound, upperOperator, upperBound] = operand as unknown[];
  const compare = comparison(operator, bound);
  if (operand.length === 2) return (leaf) => isNumber(leaf) && compare(leaf);
  const isRange =
    isNumber(bound) &&
    isNumber(upperBound) &&
    (operator === ">" || operator === ">=") &&
    (upperOperator === "<" || upperOperator === "<=") &&
    upperBound > bound;
  if (!isRange)
    throw new InvalidPatternError("a numeric range is a lower bound (> or >=), then a larger upper bound (< or <=)");
  const compareUpper = comparison(upperOperator, upperBound);
  return (leaf) => isNumber(leaf) && compare(leaf) && compareUpper(leaf);
}

function comparison(operator: unknown, bound: unknown): (value: number | bigint) => boolean {
  const compare =
    typeof operator === "string" && Object.hasOwn(COMPARISONS, operator) ? COMPARISONS[operator] : undefined;
  if (compare === undefined || !isNumber(bound)) {
    throw new InvalidPatternError("numeric takes =, <, <=, > or >= and a number");
  }
  return (value) => compare(value, bound);
}

function compileCidr(operand: unknown): (leaf: unknown) => boolean {
  const [address = "", bits = ""] = textOf("cidr", operand).split("/");
  const family = address.includes(":") ? "ipv6" : "ipv4";
  const list = new BlockList();
  try {
    list.addSubnet(address, Number(bits), family);
  } catch (cause) {
    throw new InvalidPatternError("cidr takes an address block such as 10.0.0.0/24", { cause });
  }
  return onText((text) => text.includes(":") === (family === "ipv6") && list.check(text, family));
}

function compileWildcard(pattern: string): (leaf: unknown) => boolean {
  if (pattern.includes("**")) throw new InvalidPatternError("wildcard takes no two * in a row");
  const parts = pattern.split("*").map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  const expression = new RegExp(`^${parts.join("[^]*")}$`);
  return onText((text) => expression.test(text));
}

function needsValue(test: (leaf: unknown) => boolean): Rule {
  return { test, acceptsMissing: false };
}

function onText(test: (text: string) => boolean): (leaf: unknown) => boolean {
  return (leaf) => typeof leaf === "string" && test(leaf);
}

function textOf(operator: string, operand: unknown): string {
  if (typeof operand !== "string") throw new InvalidPatternError(`${operator} takes a string`);
  return operand;
}

// The objects under a name. A missing one still has to be looked into: { a: { b: [{ exists: false }] } } matches {}. What keys
// with a dot say belongs to each of them: { a: { b: 1 }, "a.c": 2 } equals { a: { b: 1, c: 2 } }.
function nestedObjects(name: string): (object: Record<string, unknown>) => Record<string, unknown>[] {
  const prefix = `${name}.`;
  return (object) => {
    const value = Object.hasOwn(object, name) ? object[name] : undefined;
    const objects = isObject(value) ? [value] : Array.isArray(value) ? flat(value).filter(isObject) : [];
    const dotted = fieldsBehind(prefix, object);
    if (dotted === undefined) return objects.length === 0 ? [{}] : objects;
    return objects.length === 0 ? [dotted] : objects.map((own) => merged(own, dotted));
  };
}

// For every record and nested rule, so without a list of entries where no key has a dot, as in most data.
function fieldsBehind(prefix: string, object: Record<string, unknown>): Record<string, unknown> | undefined {
  let found: Record<string, unknown> | undefined;
  for (const key in object) {
    if (key.startsWith(prefix)) found = merged(found ?? {}, { [key.slice(prefix.length)]: object[key] });
  }
  return found;
}

// A path that is said twice has both values, as a list would.
function merged(one: Record<string, unknown>, other: Record<string, unknown>): Record<string, unknown> {
  const both = (name: string): unknown => {
    const [a, b] = [one[name], other[name]];
    if (!Object.hasOwn(one, name)) return b;
    if (!Object.hasOwn(other, name)) return a;
    return isObject(a) && isObject(b) ? merged(a, b) : [a, b];
  };
  return Object.fromEntries(Object.keys({ ...one, ...other }).map((name) => [name, both(name)]));
}

// Only leaves are tested: an object, or an empty list, is nothing a rule could look at.
function leavesOf(value: unknown): unknown[] {
  if (value === undefined || isObject(value)) return [];
  if (!Array.isArray(value)) return [value];
  return flat(value).filter((item) => !isObject(item));
}

function flat(list: readonly unknown[]): unknown[] {
  return list.flat(Number.POSITIVE_INFINITY);
}

// A bigint is a whole number beyond what a number tells from its neighbours: never equal to a number, but larger or smaller.
function isNumber(value: unknown): value is number | bigint {
  return typeof value === "number" || typeof value === "bigint";
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
