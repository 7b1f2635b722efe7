// What AWS leaves open, as switches with names: a question, its answers, and which one holds when nothing is said. Pure.

interface Switch {
  /** What AWS's pages do not say. */
  readonly question: string;
  /** The first is the default: what fits AWS's other words best, or where that helps nobody, what shows a function the worst. */
  readonly values: readonly [string, string, ...string[]];
  /** Why the default is the default. */
  readonly why: string;
}

export const switches = {
  "string-identifiers": {
    question:
      "does a plain string topic-partition-offset in a partial batch response name its record? AWS documents an object, and older batch helpers answer strings",
    values: ["fail", "understand"],
    why: "AWS retries the whole batch so for its other sources, and a function that answers strings should hear of it here; `understand` takes the record that was meant, and says so",
  },
  "splits-count-as-attempts": {
    question: "does splitting a batch (bisect) use up one of its MaximumRetryAttempts?",
    values: ["no", "yes"],
    why: "AWS documents it so for Kinesis",
  },
  "record-age-from": {
    question: "from when on does a record grow older than MaximumRecordAgeInSeconds?",
    values: ["timestamp", "batch"],
    why: "the record's own timestamp is what failure records show; `batch` counts from when its batch was closed, so that nothing is too old before its first attempt",
  },
  "tombstones-under-filters": {
    question: "does a record without a value pass a filter on the value?",
    values: ["pass", "drop"],
    why: "a value of another format than the rule's passes too",
  },
  "null-headers": {
    question: "what stands in an event for a header without a value?",
    values: ["null", "[]"],
    why: "JSON's word for it; readers that take bytes alone, such as Powertools', fail on it, and better here",
  },
  "exhausted-condition": {
    question:
      "how is the end of the retries spelled in a `kafka://` failure record? Two of AWS's pages spell it differently",
    values: ["RetriesExhausted", "RetryAttemptsExhausted"],
    why: "the page on Kafka destinations has it; SQS, SNS and S3 have RetryAttemptsExhausted on theirs",
  },
  "on-demand-invocations": {
    question: "how many invocations at once has a mapping in on-demand mode?",
    values: ["5", "1"],
    why: "as many as a provisioned poller, which shows a function the concurrency it may meet",
  },
} as const satisfies Readonly<Record<string, Switch>>;

export type SwitchName = keyof typeof switches;

/** One answer to every question. */
export type Switches = { readonly [Name in SwitchName]: (typeof switches)[Name]["values"][number] };

const NAMES = Object.keys(switches) as readonly SwitchName[];

/** The defaults. */
export const AS_AWS_MAY: Switches = switchesOf([]);

/** Reads `name=value` texts over the defaults; throws with a sentence for one that can't be. */
export function switchesOf(texts: readonly string[]): Switches {
  const chosen = new Map<string, string>(NAMES.map((name) => [name, switches[name].values[0]]));
  for (const text of texts) {
    const [name = "", value = "", ...rest] = text.split("=");
    const known = NAMES.find((one) => one === name);
    if (known === undefined)
      throw new Error(`--switch takes NAME=VALUE with one of ${NAMES.join(", ")}: got '${text}'`);
    const values: readonly string[] = switches[known].values;
    if (rest.length > 0 || !values.includes(value)) {
      throw new Error(`--switch ${known} is ${values.join(" or ")}: got '${text}'`);
    }
    chosen.set(known, value);
  }
  return Object.fromEntries(chosen) as Switches;
}

/** Those that are not at their default. */
export function changed(
  chosen: Switches,
): { readonly name: SwitchName; readonly value: string; readonly usual: string }[] {
  const all = NAMES.map((name) => ({ name, value: chosen[name], usual: AS_AWS_MAY[name] }));
  return all.filter(({ value, usual }) => value !== usual);
}
