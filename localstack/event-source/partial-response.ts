// Which records a function's answer reports as failed. Pure: the answer and what was sent in, what it names out.
// https://docs.aws.amazon.com/lambda/latest/dg/kafka-retry-configurations.html
import type { Switches } from "./switches.ts";

/** One partition's records as far as an answer can name them. */
interface Sent {
  /** The key in the event's `records`: `topic-partition`. */
  readonly key: string;
  readonly records: readonly { readonly offset: number }[];
}

export type Reported =
  | { readonly kind: "nothing" }
  /** Fails the whole batch; `why` says what is wrong with the answer. */
  | { readonly kind: "invalid"; readonly why: string }
  | {
      readonly kind: "failures";
      readonly isFailed: (key: string, offset: number) => boolean;
      readonly remark?: string;
    };

const OBJECT_FORM = 'AWS documents { "itemIdentifier": { "partition": "<topic>-<partition>", "offset": <number> } }';
const UNDERSTOOD = `the answer names records by strings, which is understood here: ${OBJECT_FORM}`;
const LONGEST_SHOWN = 100;

// null, {}, [], a missing or null list, and JSON that is no object mean that everything succeeded.
export function reportedFailures(
  response: unknown,
  sent: readonly Sent[],
  strings: Switches["string-identifiers"],
): Reported {
  if (typeof response !== "object" || response === null) return { kind: "nothing" };
  const list = "batchItemFailures" in response ? response.batchItemFailures : undefined;
  if (list === undefined || list === null) return { kind: "nothing" };
  if (!Array.isArray(list)) return { kind: "invalid", why: "batchItemFailures is no list" };
  if (list.length === 0) return { kind: "nothing" };
  const held = new Set(sent.flatMap(({ key, records }) => records.map(({ offset }) => idOf(key, offset))));
  const failed = new Set<string>();
  let areStrings = false;
  for (const item of list as readonly unknown[]) {
    const identifier = identifierOf(item);
    const isUnderstood = typeof identifier === "string" && strings === "understand";
    const id = isUnderstood ? identifier : objectId(identifier);
    if (id === undefined) return { kind: "invalid", why: `an itemIdentifier is ${shown(identifier)}: ${OBJECT_FORM}` };
    if (!held.has(id)) {
      return { kind: "invalid", why: `an itemIdentifier names ${shown(id)}, which the event did not hold` };
    }
    areStrings ||= isUnderstood;
    failed.add(id);
  }
  const isFailed = (key: string, offset: number) => failed.has(idOf(key, offset));
  return { kind: "failures", isFailed, ...(areStrings ? { remark: UNDERSTOOD } : {}) };
}

function identifierOf(item: unknown): unknown {
  return typeof item === "object" && item !== null && "itemIdentifier" in item ? item.itemIdentifier : undefined;
}

function objectId(identifier: unknown): string | undefined {
  if (typeof identifier !== "object" || identifier === null) return undefined;
  if (!("partition" in identifier) || !("offset" in identifier)) return undefined;
  const { partition, offset } = identifier;
  return typeof partition === "string" && Number.isInteger(offset) ? idOf(partition, Number(offset)) : undefined;
}

// As the flat form has it; offsets have no sign or leading zero, so no two records share one.
function idOf(key: string, offset: number): string {
  return `${key}-${offset}`;
}

/** As JSON, and no more of it than tells what it is: a function may answer with anything. */
function shown(identifier: unknown): string {
  const text = JSON.stringify(identifier) ?? "missing";
  return text.length > LONGEST_SHOWN ? `${text.slice(0, LONGEST_SHOWN)}…` : text;
}
