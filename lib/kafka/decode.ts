// From the wire to a validated value, or the reason why it can never be one: base64, the format (UTF-8 and JSON, unless it is another)
// and schema, each passed over once.
// Reasons are safe to log: they name paths and rules, never what stood there.

import { isUtf8 } from "node:buffer";
import { compile, type ZodError, type ZodType } from "zod";
import type { WireRecord } from "./event.ts";
import type { PoisonReason } from "./side-output.ts";

/** Why a record's value is refused. */
export class Refusal {
  readonly reason: PoisonReason;
  readonly message: string;

  constructor(reason: PoisonReason, message: string) {
    this.reason = reason;
    this.message = message;
  }
}

/** How the bytes of values are read. */
export interface Format {
  /** Fetches what `read` will need for these records, once before they are read. When it fails the records come again. */
  readonly prepare?: (records: readonly WireRecord[]) => Promise<void>;
  /** What the bytes say, yet to be validated, or a Refusal. The bytes are there during the call only. */
  readonly read: (bytes: Buffer) => unknown;
}

/** Values in JSON. */
export const json: Format = { read: parsedJson };

/** Makes the decoder of a schema. It is compiled: validation takes a sixth of parsing the JSON. */
export function decoder<V>(input: ZodType<V>, { read }: Format = json): (record: WireRecord) => V | Refusal {
  const schema = compile(input);
  return ({ value }) => {
    if (value == null) return new Refusal("tombstone", "the record has no value");
    const content = read(bytesOf(value));
    if (content instanceof Refusal) return content;
    const result = schema.safeParse(content);
    return result.success ? result.data : new Refusal("schema", issuesOf(result.error));
  };
}

/** One buffer for every record: what it holds is read out before the next one comes. Grown to the largest value seen. */
let scratch = Buffer.allocUnsafeSlow(64 * 1024);

/** The bytes of a base64 value, in the shared buffer. */
function bytesOf(base64: string): Buffer {
  if (base64.length > scratch.length) scratch = Buffer.allocUnsafeSlow(base64.length * 2);
  return scratch.subarray(0, scratch.write(base64, "base64"));
}

function parsedJson(bytes: Buffer): unknown {
  // Replacing what is not UTF-8 would change what was sent.
  if (!isUtf8(bytes)) return new Refusal("not-json", "the value is not UTF-8");
  try {
    return JSON.parse(bytes.toString("utf8"));
  } catch {
    return new Refusal("not-json", "the value is not JSON"); // V8's own message quotes the text
  }
}

const issuesShown = 5;

function issuesOf({ issues }: ZodError): string {
  const shown = issues.slice(0, issuesShown).map((issue) => `${pathOf(issue.path)}: ${ruleOf(issue)}`);
  if (issues.length > issuesShown) shown.push(`and ${issues.length - issuesShown} more`);
  return shown.join("; ");
}

type Issue = ZodError["issues"][number];

function ruleOf(issue: Issue): string {
  if (issue.code === "invalid_type") return `expected ${issue.expected}`;
  if (issue.code === "invalid_format") return `not a valid ${issue.format}`;
  // The message of a check of our own is a constant of the schema, not something that was sent.
  return issue.code === "custom" ? issue.message : issue.code;
}

/** A path may hold keys that were sent (of a record type): anything but plain field names is left out. */
function pathOf(path: readonly PropertyKey[]): string {
  if (path.length === 0) return "value";
  return path.map((step) => (/^(\d+|[a-z_][a-z0-9_]{0,39})$/i.test(String(step)) ? String(step) : "*")).join(".");
}
