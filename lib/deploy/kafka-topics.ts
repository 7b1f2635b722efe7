// The Kafka topics that functions name, gathered from their declarations. Pure.
// The local stack and whoever creates topics for a stage read them from the template's `Metadata.KafkaTopics`.

/** How a topic has to be made, where what is absent is the cluster's default, and what the function does with it. */
export interface TopicSettings {
  /** What the function's own client does there, beside reading what its events bring; `none`: it only names it. Default `write`. */
  readonly access?: "write" | "read" | "read-write" | "none";
  readonly cleanupPolicy?: "compact" | "delete";
  readonly partitions?: number;
  /** The largest record, headers included. */
  readonly maxMessageBytes?: number;
}

/** One function's topics: those under `topics:`, and those its events read or send failures to. */
export interface TopicDeclaration {
  readonly functionName: string;
  readonly declared: Readonly<Record<string, TopicSettings>>;
  readonly implied: readonly string[];
}

/** The topics of all functions, by name, in the order of the alphabet: how each has to be made. */
export function topicsOf(
  declarations: readonly TopicDeclaration[],
): Readonly<Record<string, Omit<TopicSettings, "access">>> {
  const topics = new Map<string, Omit<TopicSettings, "access">>();
  for (const { declared, implied } of declarations) {
    for (const topic of implied) topics.set(topic, topics.get(topic) ?? {});
    for (const [topic, { access: _, ...settings }] of Object.entries(declared)) {
      topics.set(topic, { ...topics.get(topic), ...settings });
    }
  }
  return Object.fromEntries([...topics].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** What is wrong with the declared topics, a sentence each; empty when nothing is. */
export function topicFaults(declarations: readonly TopicDeclaration[]): readonly string[] {
  const all = declarations.flatMap(({ functionName, declared }) =>
    Object.entries(declared).map(([topic, settings]) => ({ functionName, topic, settings: settings ?? {} })),
  );
  const wrong = all.flatMap(({ functionName, topic, settings }) =>
    settingFaults(topic, settings).map((fault) => `Function '${functionName}', topics.${topic}: ${fault}`),
  );
  const contrary = all.flatMap((one, index) =>
    all
      .slice(index + 1)
      .filter((other) => other.topic === one.topic && contradicts(one.settings, other.settings))
      .map(
        (other) =>
          `Topic '${one.topic}' is ${JSON.stringify(one.settings)} for function '${one.functionName}' and ` +
          `${JSON.stringify(other.settings)} for '${other.functionName}': say the same in both, or say it once.`,
      ),
  );
  return [...wrong, ...contrary];
}

const accesses: readonly string[] = ["write", "read", "read-write", "none"];

function settingFaults(topic: string, settings: TopicSettings): readonly string[] {
  const { access, cleanupPolicy, partitions, maxMessageBytes, ...rest } = settings;
  const faults: string[] = [];
  if (!/^[^.][\w.-]{1,248}$/.test(topic))
    faults.push("a topic's name has 2 to 249 of the characters a-z, A-Z, 0-9, '.', '_' and '-'.");
  if (access != null && !accesses.includes(access)) {
    faults.push(`access must be one of ${accesses.join(", ")}: got ${JSON.stringify(access)}.`);
  }
  if (cleanupPolicy != null && cleanupPolicy !== "compact" && cleanupPolicy !== "delete") {
    faults.push(`cleanupPolicy must be compact or delete: got ${JSON.stringify(cleanupPolicy)}.`);
  }
  if (partitions != null && !(Number.isInteger(partitions) && partitions > 0)) {
    faults.push(`partitions must be a whole number of at least 1: got ${JSON.stringify(partitions)}.`);
  }
  if (maxMessageBytes != null && !(Number.isInteger(maxMessageBytes) && maxMessageBytes > 0)) {
    faults.push(`maxMessageBytes must be a whole number of at least 1: got ${JSON.stringify(maxMessageBytes)}.`);
  }
  for (const word of Object.keys(rest))
    faults.push(`${word} is not a setting of a topic: use access, cleanupPolicy, partitions and maxMessageBytes.`);
  return faults;
}

function contradicts(one: TopicSettings, other: TopicSettings): boolean {
  const differs = <T>(a: T | undefined, b: T | undefined) => a !== undefined && b !== undefined && a !== b;
  return (
    differs(one.cleanupPolicy, other.cleanupPolicy) ||
    differs(one.partitions, other.partitions) ||
    differs(one.maxMessageBytes, other.maxMessageBytes)
  );
}
